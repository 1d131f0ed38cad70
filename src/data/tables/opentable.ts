/** Opens what the user named (files, a pattern, a query, rows in memory) as a table that can be read. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import { TABLE_FORMATS } from '../arrays/arrayfiles.js';
import { fileError } from '../files.js';
import type { TableSource } from '../source.js';
import { openCsv } from './csv.js';
import { type Connection, duckError, fileLiteral, identifier, literal, QUERY, queryText } from './duckdb.js';
import { readCells } from './duckread.js';
import { type DuckColumn, storedAs } from './fetchedcolumns.js';
import type { SourceColumn, TableReader } from './reader.js';
import { openRecords } from './records.js';

/** Opens a table. `header` says whether the first line of a CSV file names the columns. Throws DataError. */
export async function openTable(
  connection: Connection,
  source: TableSource,
  header: 'auto' | 'yes' | 'no' = 'auto',
): Promise<TableReader> {
  if (source.form === 'rows') return openRecords(source.text, source.rows);
  if (source.form === 'query') {
    // with several threads, the order of an aggregate's rows would vary
    await connection.run('SET threads = 1');
    const query = source.text.trim().replace(/;$/, '');
    return openTyped(connection, QUERY, `(${query}\n)`); // on a line of its own: a query may end in a comment
  }
  const files = await filesOf(connection, source.text);
  for (const file of files) checkReadable(file);
  const ending = /\.(\w+?)(\.gz|\.zst)?$/i.exec(files[0])![1].toLowerCase();
  const format = TABLE_FORMATS[ending as keyof typeof TABLE_FORMATS];
  if (format === 'csv') return openCsv(connection, source.text, files, header);
  if (format === 'parquet') return openParquet(connection, source.text, files);
  return openJson(connection, source.text, files);
}

function checkReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
    if (statSync(file).size > 0) return;
  } catch (error) {
    throw fileError(file, error);
  }
  throw new DataError(`${file}: the file is empty; write it again`);
}

/** Returns the files that text names: the file itself if it exists, else all that match it as a pattern. */
async function filesOf(connection: Connection, pattern: string): Promise<string[]> {
  if (existsSync(pattern)) return [pattern];
  const found = await queryText(connection, `SELECT file FROM glob(${literal(pattern)}) ORDER BY file`);
  if (found.length === 0) throw new DataError(`${pattern}: no file matches this pattern; check the path`);
  return found.map(([file]) => file!.replace(/^\.\//, ''));
}

/**
 * Opens Parquet files with the same columns. If they store a column in different types, it is widened to a
 * type that holds them all.
 */
async function openParquet(connection: Connection, source: string, files: string[]): Promise<TableReader> {
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
  return openTyped(connection, source, `read_parquet(${list}, union_by_name = true)`);
}

/** Opens JSON files, every value as the text it is written as; a number in quotes is text like any other. */
async function openJson(connection: Connection, source: string, files: string[]): Promise<TableReader> {
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
  return readerOf(connection, source, table, found);
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
async function openTyped(connection: Connection, source: string, table: string): Promise<TableReader> {
  const types = await withSourceErrors(source, () => typesOf(connection, table));
  const found = Array.from(types, ([name, type]): [SourceColumn, DuckColumn | null] => {
    const stored = storedAs(name, type);
    return [{ name, nested: stored === null ? type : null }, stored === null ? null : { name, stored }];
  });
  return readerOf(connection, source, table, found);
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
): TableReader {
  const byName = new Map(found.map(([{ name }, column]) => [name, column]));
  return {
    source,
    columns: found.map(([column]) => column),
    header: null,
    read: (names, modes, classColumn) => {
      const wanted = names.map((name) => byName.get(name)!);
      return withSourceErrors(source, () =>
        readCells(connection, () => table, wanted, { modes, classColumn }),
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
