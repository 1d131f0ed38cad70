/** Opens what the user named (files, a pattern, a query, rows in memory) as a table that can be read. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import { checkRegular } from '../../regular.js';
import { TABLE_FORMATS } from '../arrays/arrayfiles.js';
import { fileError } from '../files.js';
import type { TableSource } from '../source.js';
import { examples, shorten } from '../words.js';
import type { ColumnStore } from './builders.js';
import { openCsv } from './csv.js';
import {
  type Connection,
  duckError,
  fileLiteral,
  filePattern,
  identifier,
  literal,
  lock,
  plainly,
  QUERY,
  queryText,
  withDuckDB,
  withinTime,
} from './duckdb.js';
import { readCells } from './duckread.js';
import { type DuckColumn, storedAs } from './fetchedcolumns.js';
import { copiesFolder } from './newlines.js';
import { checkContents } from './packed.js';
import type { SourceColumn, TableReader } from './reader.js';
import { openRecords } from './records.js';
import { filesInQuery } from './sql.js';

/**
 * Opens a table for `use`, and closes it afterwards. What is read of it is read by a database that reaches
 * nothing but the table's files. Throws DataError.
 * @param header whether the first line of a CSV file names the columns
 */
export function withTable<T>(
  source: TableSource,
  header: 'auto' | 'yes' | 'no' | undefined,
  use: (reader: TableReader) => Promise<T>,
  { store, mebibytes }: { readonly store?: ColumnStore; readonly mebibytes?: number | undefined } = {},
): Promise<T> {
  return withDuckDB(async (connection) => {
    const reader = await openTable(connection, source, header, store);
    try {
      checkColumns(reader);
      if (source.form === 'file') await plainly(connection, reader.columns.length);
      return await use(reader);
    } finally {
      reader.close();
    }
  }, mebibytes);
}

/** Returns the files that a source reads; none for rows in memory. Throws DataError. */
export async function tableFiles(source: TableSource): Promise<string[]> {
  if (source.form === 'rows') return [];
  if (source.form === 'file' && existsSync(source.text)) return [source.text];
  return withDuckDB(async (connection) => {
    if (source.form === 'file') return filesOf(connection, source.text);
    const found: string[] = [];
    for (const name of await filesInQuery(connection, source.text))
      found.push(...(existsSync(name) ? [name] : await matching(connection, name)));
    return found;
  });
}

async function openTable(
  connection: Connection,
  source: TableSource,
  header: 'auto' | 'yes' | 'no' = 'auto',
  store?: ColumnStore,
): Promise<TableReader> {
  if (source.form === 'rows') return openRecords(source.text, source.rows);
  if (source.form === 'query') return openQuery(connection, source.text, store);
  const files = await filesOf(connection, source.text);
  for (const file of files) checkReadable(file);
  const ending = /\.(\w+?)(\.gz|\.zst)?$/i.exec(files[0])![1].toLowerCase();
  const format = TABLE_FORMATS[ending as keyof typeof TABLE_FORMATS];
  const folder = copiesFolder();
  await lock(connection, { files: files.flatMap((file) => [file, filePattern(file)]), folder });
  for (const file of files) await checkContents(connection, file, format);
  if (format === 'csv') return openCsv(connection, source.text, files, { header, folder, store });
  if (format === 'parquet') return openParquet(connection, source.text, files, store);
  return openJson(connection, source.text, files, store);
}

/** Most columns of a table. The time that a table takes grows with their square. */
const MOST_COLUMNS = 10_000;

/** Throws DataError for a table of too many columns, or of none that hold single values. */
function checkColumns({ source, columns }: TableReader): void {
  if (columns.length > 0 && columns.every(({ nested }) => nested !== null)) {
    throw new DataError(
      `${source}: no column holds single values: "${columns[0].name}" holds ${shorten(columns[0].nested!)}; write them out as columns`,
    );
  }
  if (columns.length <= MOST_COLUMNS) return;
  throw new DataError(
    `${source}: ${columns.length} columns, and a table may have ${MOST_COLUMNS}; save so many numbers as an array (X.npy and y.npy), or leave columns out`,
  );
}

function checkReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
    checkRegular(file);
    if (statSync(file).size > 0) return;
  } catch (error) {
    throw fileError(file, error);
  }
  throw new DataError(`${file}: the file is empty; write it again`);
}

/** Returns the files that text names: the file itself if it exists, else all that match it as a pattern. */
async function filesOf(connection: Connection, pattern: string): Promise<string[]> {
  if (existsSync(pattern)) return [pattern];
  const found = await matching(connection, pattern);
  if (found.length === 0) throw new DataError(`${pattern}: no file matches this pattern; check the path`);
  return found;
}

async function matching(connection: Connection, pattern: string): Promise<string[]> {
  if (/^\w[\w+.-]*:\/\//.test(pattern)) {
    throw new DataError(`${pattern}: files of other machines are not read; download it first`);
  }
  const found = await queryText(connection, `SELECT file FROM glob(${literal(pattern)}) ORDER BY file`);
  return found.map(([file]) => file!.replace(/^\.\//, ''));
}

/** Endings of the files that a query may read: those of tables, and others that hold text in columns. */
const QUERIED = new RegExp(
  `\\.(${[...Object.keys(TABLE_FORMATS), 'data', 'dat', 'psv', 'tab'].join('|')})(\\.gz|\\.zst)?$`,
  'i',
);

/**
 * Opens a query. It reads the table files that it names and nothing else, for it may stand in the
 * configuration of a run that comes from anybody.
 */
async function openQuery(connection: Connection, text: string, store?: ColumnStore): Promise<TableReader> {
  const named = await filesInQuery(connection, text);
  const files: string[] = [];
  const patterns: string[] = [];
  for (const name of named) {
    const found = existsSync(name) ? [name] : await matching(connection, name);
    for (const file of found) {
      if (!QUERIED.test(file)) throw notQueried(file);
      checkReadable(file);
    }
    if (found.length === 0 && QUERIED.test(name)) {
      throw new DataError(`${QUERY}: no file is called ${name} or matches it; check the path`);
    }
    if (found.length > 0) patterns.push(name);
    files.push(...found);
  }
  await lock(connection, {
    files: [...files.flatMap((file) => [file, filePattern(file)]), ...patterns],
    foreign: true,
  });
  for (const file of files) await checkContents(connection, file, /json/i.test(text) ? 'json' : 'csv');
  const view = identifier('the query');
  const reader = await withinTime(connection, async () => {
    await withSourceErrors(QUERY, () => connection.run(`CREATE TEMP VIEW ${view} AS ${text}`));
    return openTyped(connection, QUERY, view, store);
  });
  return {
    ...reader,
    notes: files.length === 0 ? [] : [`${QUERY}: it reads ${examples(files)}`],
    read: (...wanted) => withinTime(connection, () => reader.read(...wanted)),
  };
}

const notQueried = (file: string) =>
  new DataError(
    `${QUERY}: ${file} is not a table file by its name, and a query reads no others; expected .csv, .tsv, .txt, .json, .jsonl, .parquet, .data or .dat (also .gz, .zst)`,
  );

/**
 * Opens Parquet files with the same columns. If they store a column in different types, it is widened to a
 * type that holds them all.
 */
async function openParquet(
  connection: Connection,
  source: string,
  files: string[],
  store?: ColumnStore,
): Promise<TableReader> {
  const list = `[${files.map(fileLiteral)}]`;
  await withSourceErrors(source, async () => {
    const rows = await queryText(
      connection,
      `SELECT file_name, list(name ORDER BY name)::VARCHAR, list(name ORDER BY name) FROM parquet_schema(${list}) WHERE name NOT IN ('schema', 'duckdb_schema') GROUP BY file_name ORDER BY file_name`,
    );
    const different = rows.find(([, names]) => names !== rows[0][1]);
    if (different !== undefined) {
      throw new DataError(
        `${different[0]}: its columns are not those of ${rows[0][0]}; give files with the same columns`,
      );
    }
  });
  return openTyped(connection, source, `read_parquet(${list}, union_by_name = true)`, store);
}

/** Opens JSON files, every value as the text it is written as; a number in quotes is text like any other. */
async function openJson(
  connection: Connection,
  source: string,
  files: string[],
  store?: ColumnStore,
): Promise<TableReader> {
  const list = `[${files.map(fileLiteral)}]`;
  const types = await withSourceErrors(source, () =>
    typesOf(connection, `read_json(${list}, sample_size = -1, union_by_name = true)`),
  );
  await checkCapitals(connection, source, list, [...types.keys()]);
  const columns = Array.from(types, ([name]) => `${literal(name)}: 'JSON'`);
  const table = `read_json(${list}, columns = {${columns}})`;
  const found = Array.from(types, ([name, type]): [SourceColumn, DuckColumn | null] => {
    const nested = /\[|STRUCT|MAP/.test(type) ? type : null;
    const text = `(${identifier(name)} ->> '$')`;
    const isNumber = `json_type(${identifier(name)}) IN ('UBIGINT', 'BIGINT', 'HUGEINT', 'DOUBLE')`;
    return [{ name, nested }, nested === null ? { name, stored: { kind: 'text', text, isNumber } } : null];
  });
  return readerOf(connection, source, table, found, store);
}

/**
 * Throws DataError for keys that differ only in capitals. DuckDB does not tell them apart: it calls the
 * second one `name_1` and finds no values for it.
 */
async function checkCapitals(connection: Connection, source: string, list: string, names: readonly string[]) {
  const known = new Set(names.map((name) => name.toLowerCase()));
  const isNumbered = (name: string) =>
    /_\d+$/.test(name) && known.has(name.toLowerCase().replace(/_\d+$/, ''));
  if (!names.some(isNumbered)) return;
  const keys = `SELECT unnest(json_keys(json)) AS key FROM read_json_objects(${list})`;
  const alike = await withSourceErrors(source, () =>
    queryText(
      connection,
      `SELECT min(key), max(key) FROM (${keys}) GROUP BY lower(key) HAVING count(DISTINCT key) > 1 ORDER BY 1`,
    ),
  );
  if (alike.length === 0) return;
  throw new DataError(
    `${source}: the keys "${alike[0][0]}" and "${alike[0][1]}" differ only in capitals, which cannot be read from JSON; rename one, or write the table as CSV`,
  );
}

/** Opens a Parquet table or a query, whose columns have declared types. */
async function openTyped(
  connection: Connection,
  source: string,
  table: string,
  store?: ColumnStore,
): Promise<TableReader> {
  const types = await withSourceErrors(source, () => typesOf(connection, table));
  const found = Array.from(types, ([name, type]): [SourceColumn, DuckColumn | null] => {
    const stored = storedAs(name, type);
    return [{ name, nested: stored === null ? type : null }, stored === null ? null : { name, stored }];
  });
  return readerOf(connection, source, table, found, store);
}

async function typesOf(connection: Connection, table: string): Promise<Map<string, string>> {
  const rows = await queryText(connection, `SELECT column_name, column_type FROM (DESCRIBE FROM ${table})`);
  return new Map(rows.map(([name, type]) => [name!, type!]));
}

/** Returns a reader of a DuckDB table; columns without a DuckColumn do not hold single values. */
function readerOf(
  connection: Connection,
  source: string,
  table: string,
  found: readonly [SourceColumn, DuckColumn | null][],
  store?: ColumnStore,
): TableReader {
  const byName = new Map(found.map(([{ name }, column]) => [name, column]));
  return {
    source,
    columns: found.map(([column]) => column),
    header: null,
    notes: [],
    read: (names, modes, classColumn) => {
      const wanted = names.map((name) => byName.get(name)!);
      return withSourceErrors(source, () =>
        readCells(connection, () => table, wanted, { modes, classColumn, store }),
      );
    },
    locate: async (row) => `${source}: row ${row + 1}`,
    close: () => {},
  };
}

/** Runs `read` and turns the errors of DuckDB and the file system into DataErrors about the source. */
async function withSourceErrors<T>(source: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined
      ? duckError(source, error)
      : fileError(source, error);
  }
}
