/**
 * Reads CSV and TSV through DuckDB, every cell as text. Encoding, delimiter and header are found out here
 * rather than by DuckDB's sniffer, which looks at a sample, and a malformed row is reported with its place.
 */
import { statSync } from 'node:fs';
import { DataError } from '../../errors.js';
import type { ColumnStore } from './builders.js';
import { rowsOf } from './cells.js';
import {
  bytesOfRow,
  type CsvFile,
  delimiterOf,
  type FirstRecord,
  readHead,
  splitFirst,
  splitRecord,
  textEncodingOf,
} from './csvfile.js';
import { locate, rowError } from './csvrows.js';
import { fetchBlocks, planBlocks } from './duckblocks.js';
import { type Connection, fileLiteral, literal, queryText } from './duckdb.js';
import { NO_NUMBERS, plainColumns, readCells, type TableExpression } from './duckread.js';
import type { DuckColumn } from './fetchedcolumns.js';
import { oneKindOfNewline } from './newlines.js';
import { isPlainNumber } from './numbers.js';
import { readPlain } from './plainread.js';
import { placed, type TableReader } from './reader.js';

/** Longest line in bytes; some cells hold whole texts or drawings. */
export const LONGEST_LINE = 2 ** 24;

/**
 * Opens CSV files with the same columns as one table. `header` says whether the first line names the columns.
 * With 'auto' it is assumed to, and `header.ts` checks that against the cells once they are read. `folder` is
 * where copies of files may lie.
 */
export async function openCsv(
  connection: Connection,
  source: string,
  paths: readonly string[],
  {
    header,
    folder,
    store,
  }: {
    readonly header: 'auto' | 'yes' | 'no';
    readonly folder: string;
    readonly store?: ColumnStore | undefined;
  },
): Promise<TableReader> {
  const cleanups: (() => void)[] = [];
  const hasHeader = header !== 'no';
  let files: CsvFile[] = [];
  for (const path of paths) files.push(await openFile(connection, path, hasHeader, files[0]));
  for (const file of files.slice(1)) checkSameColumns(files[0], file);
  const columns: DuckColumn[] = files[0].names.map((name, index) => ({
    name,
    stored: { kind: 'text', text: columnId(index) },
  }));

  const room = roomFor(files);
  /**
   * Runs a query over the files or, if DuckDB finds mixed line ends, over copies with a single kind of them.
   */
  const query = async <T>(run: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        await copyIfMixed(error);
      }
    }
  };
  const table: TableExpression = (numbers) => tableOf(files, numbers);
  /** Copies the files if that is what the error asks for; throws it, explained, if not. */
  const copyIfMixed = async (error: unknown) => {
    // 'invalid state' are DuckDB's words for mixed line ends
    const isMixed = (error as Error).message.includes('invalid state');
    const isCopied = cleanups.length > 0;
    if (!isMixed || isCopied) throw await rowError(source, error, files);
    files = await Promise.all(files.map((file) => oneKindOfNewline(file, folder, cleanups)));
  };
  const byName = new Map(columns.map((column) => [column.name, column]));
  const named = (names: readonly string[]) => names.map((name) => byName.get(name)!);
  async function* blocks(...[names, modes, texts, size]: Parameters<TableReader['blocks']>) {
    const plan = await query(() => planBlocks(connection, table, named(names), modes, named(texts)));
    for (let row = 0; ; ) {
      try {
        for await (const cells of fetchBlocks(connection, table, plan, size, row)) {
          row += rowsOf(cells[0]);
          yield cells;
        }
        return;
      } catch (error) {
        await copyIfMixed(error); // the rows that have been handed out are not read again
      }
    }
  }
  const locateRow = (row: number) => locate(connection, files, (file) => scan(file), row);
  return {
    source,
    columns: columns.map(({ name }) => ({ name, nested: null })),
    notes: [],
    header: { cells: hasHeader ? files[0].names : [], assumed: header === 'auto' },
    async read(wanted, modes, classColumn) {
      if (store !== undefined) {
        const unknown = named(wanted.filter((name) => !modes.has(name)));
        const kinds = await query(() => plainColumns(connection, table(NO_NUMBERS), unknown, classColumn));
        const columns = new Map(wanted.map((name) => [name, kinds.get(name) ?? null]));
        const plain = await readPlain(files, columns, { store, longest: LONGEST_LINE });
        if (plain !== null) return plain;
      }
      return query(() => readCells(connection, table, named(wanted), { modes, classColumn, room, store }));
    },
    blocks: (...wanted) => placed(blocks(...wanted), locateRow),
    locate: locateRow,
    close: () => {
      for (const remove of cleanups) remove();
    },
  };
}

/**
 * Estimates how many rows to make room for: a third more than the files have if all rows are as long as the
 * first ones. Undefined for packed files, whose size says little.
 */
function roomFor(files: readonly CsvFile[]): number | undefined {
  let rows = 0;
  for (const { path, rowBytes } of files) {
    if (/\.(gz|zst)$/i.test(path)) return undefined;
    rows += statSync(path).size / rowBytes;
  }
  return Math.ceil(1.33 * rows) + 1;
}

/** Finds out how one file is written; the first file of the table decides the delimiter. */
async function openFile(
  connection: Connection,
  file: string,
  hasHeader: boolean,
  first: CsvFile | undefined,
): Promise<CsvFile> {
  const encoding = textEncodingOf(file);
  const head = readHead(file) ?? (await linesOf(connection, file, encoding));
  return describeCsv(file, head, { encoding, hasHeader, delimiter: first?.delimiter });
}

/**
 * Finds out how a file or a stream of text is written by its beginning.
 * @param delimiter if that is known already
 */
export function describeCsv(
  file: string,
  head: Uint8Array,
  given: Pick<CsvFile, 'encoding' | 'hasHeader'> & { readonly delimiter?: string | undefined },
): CsvFile {
  const { encoding, hasHeader } = given;
  const { text, record, end } = firstRecord(file, head, encoding);
  const delimiter = given.delimiter ?? delimiterOf(file, text);
  const cells = splitRecord(record, delimiter);
  const names = cells.map((cell, i) => (hasHeader ? cell || `column${i}` : `c${i + 1}`));
  checkDistinct(file, names);
  // with a line end within a quoted name, DuckDB would take that for the end of lines
  const newline = /[\r\n]/.test(record) ? end : null;
  const returns = end === '\r\n' ? true : end === '\n' ? false : null;
  const rowBytes = bytesOfRow(text, encoding);
  return { file, path: file, encoding, delimiter, newline, returns, names, hasHeader, rowBytes };
}

/** Returns the first record and its line end. Throws DataError if it is empty. */
function firstRecord(file: string, head: Uint8Array, encoding: string): FirstRecord {
  const text = new TextDecoder(encoding === 'utf-16' ? 'utf-16le' : 'utf-8').decode(head);
  const found = splitFirst(text);
  if (found.record.trim() !== '') return { text, ...found };
  throw new DataError(
    text.trim() === ''
      ? `${file}: the file is empty; write it again, with a header line and rows`
      : `${file}: the first line is empty; expected a header line with the names of the columns`,
  );
}

/** Reads the first lines of a file that only DuckDB can unpack (zstd); their line ends become line feeds. */
async function linesOf(connection: Connection, file: string, encoding: string): Promise<Uint8Array> {
  // read as a single column without delimiters or quotes
  const lines = `read_csv(${fileLiteral(file)}, auto_detect=false, columns={'line': 'VARCHAR'}, delim=E'\\x01', quote='', escape='', header=false, strict_mode=false, encoding=${literal(encoding)}, max_line_size=${LONGEST_LINE}, buffer_size=${2 * LONGEST_LINE})`;
  try {
    const rows = await queryText(connection, `SELECT line FROM ${lines} LIMIT 100`);
    return Buffer.from(rows.map(([line]) => line ?? '').join('\n'));
  } catch (error) {
    throw await rowError(file, error, []);
  }
}

function checkDistinct(file: string, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      const remedy = isPlainNumber(name)
        ? 'if that line holds data, put a line with names above it, or train with --header no'
        : 'give each a name of its own';
      throw new DataError(`${file}: two columns are named "${name}"; ${remedy}`);
    }
    seen.add(name);
  }
}

function checkSameColumns(first: CsvFile, other: CsvFile): void {
  const unshared =
    other.names.find((name) => !first.names.includes(name)) ??
    first.names.find((name) => !other.names.includes(name));
  if (unshared === undefined) return;
  throw new DataError(
    `${other.file}: its columns are not those of ${first.file}: "${unshared}" is only in one of them; give files with the same header`,
  );
}

/**
 * Names a column in SQL by its index, since DuckDB does not tell names apart that differ only in capitals.
 */
export const columnId = (index: number): string => `c${index}`;

/** Returns SQL for all files one after the other, with the columns in the order of the first file. */
function tableOf(files: readonly CsvFile[], numbers: ReadonlySet<string>): string {
  const areAlike = files.every(
    ({ names, encoding, newline }) =>
      encoding === files[0].encoding &&
      newline === files[0].newline &&
      names.join('\n') === files[0].names.join('\n'),
  );
  if (areAlike) return scan(files[0], files, numbers);
  const inOrder = ({ names }: CsvFile) => files[0].names.map((name) => columnId(names.indexOf(name)));
  const parts = files.map((file) => `SELECT ${inOrder(file)} FROM ${scan(file, [file], numbers)}`);
  return `(${parts.join(' UNION ALL ')})`;
}

/**
 * Returns SQL that reads a file, or several that are written alike: columns in `numbers` as DOUBLE, all
 * others as text. A row with another number of cells than the header fails the query.
 */
export function scan(
  file: CsvFile,
  files: readonly CsvFile[] = [file],
  numbers: ReadonlySet<string> = new Set(),
): string {
  const { encoding, delimiter, newline, names, hasHeader } = file;
  const paths = files.map((file) => fileLiteral(file.path));
  const columns = names.map(
    (name, index) => `${columnId(index)}: '${numbers.has(name) ? 'DOUBLE' : 'VARCHAR'}'`,
  );
  const ends = newline === null ? '' : `, new_line='${newline.replace('\r', '\\r').replace('\n', '\\n')}'`;
  return `read_csv([${paths}], auto_detect=false, delim=${literal(delimiter)}, quote='"', escape='"', header=${hasHeader}${ends}, encoding=${literal(encoding)}, max_line_size=${LONGEST_LINE}, buffer_size=${2 * LONGEST_LINE}, columns={${columns}})`;
}
