/**
 * Reads columns of a DuckDB table into cells. Text stays text. Where the first cells of a column are plain
 * numbers, DuckDB converts the column, which is much faster; the cells that it does not plainly take as
 * numbers are kept as text beside them.
 */
import { totalmem } from 'node:os';
import type { DuckDBDataChunk, DuckDBListValue } from '@duckdb/node-api';
import { DataError } from '../../errors.js';
import { MAX_INFERRED_CLASSES } from '../fit.js';
import { MISSING_WORDS } from '../reading.js';
import { type ColumnStore, columnsInMemory, type NumberCellsBuilder, WordCellsBuilder } from './builders.js';
import type { Cells } from './cells.js';
import { mayBeCodes, mayBeGrouped } from './distinctwords.js';
import { type Connection, queryText } from './duckdb.js';
import {
  type DuckColumn,
  type FetchedColumn,
  fetchConverted,
  fetchDays,
  fetchDeclared,
  fetchParsed,
  fetchText,
  fetchUnlessNumber,
  type PlainKind,
} from './fetchedcolumns.js';
import { isPlainNumber } from './numbers.js';
import type { ReadMode, ReadModes } from './reader.js';

/**
 * Rows at the beginning of a table that say how a column is fetched; they decide nothing about its meaning.
 */
const FIRST_ROWS = 1000;
/**
 * Most distinct words in the first rows for which the target is read as words, since they may be classes: one
 * more than there may be classes, for empty cells.
 */
const MAX_CLASS_WORDS = MAX_INFERRED_CLASSES + 1;
/** Rows to make room for where nobody knows how many there will be. */
const ROOM = 1 << 16;

/**
 * A table expression is SQL for a table. The columns named in `numbers` have the type DOUBLE in it if the
 * source can convert them while it reads; reading then fails at a cell that is no number.
 */
export type TableExpression = (numbers: ReadonlySet<string>) => string;
/** Converts nothing: every column is text. */
export const NO_NUMBERS: ReadonlySet<string> = new Set();

/** Says how cells are read; `TableReader.read` explains modes and class column. */
interface ReadOptions {
  readonly modes: ReadModes;
  readonly classColumn?: string | undefined;
  /** Number of rows to make room for, if the size of the table tells. */
  readonly room?: number | undefined;
  /** Where the columns are collected; in memory unless it is given. */
  readonly store?: ColumnStore | undefined;
}

/** Reads the cells of `columns`, in the order of the table's rows. */
export async function readCells(
  connection: Connection,
  table: TableExpression,
  columns: readonly DuckColumn[],
  { modes, classColumn, room = ROOM, store }: ReadOptions,
): Promise<Cells[]> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !modes.has(name));
  const plain = await plainColumns(connection, table(NO_NUMBERS), unknown, classColumn);
  const fractions = new Set(
    Array.from(plain).flatMap(([name, kind]) => (kind === 'fractions' ? [name] : [])),
  );
  const readWith = (numbers: ReadonlySet<string>) => {
    const fetched = columns.map((column) =>
      fetchColumn(
        column,
        modes.get(column.name),
        plain.get(column.name),
        numbers.has(column.name),
        store ?? columnsInMemory(room),
      ),
    );
    return fetchCells(connection, table(numbers), fetched, store === undefined);
  };
  const isConverting = fractions.size > 0 && table(fractions) !== table(NO_NUMBERS);
  if (!isConverting) return readWith(NO_NUMBERS);
  // reading fails at a cell that the source cannot convert, and is then done again without converting
  return readWith(fractions).catch((error) => {
    if (error instanceof DataError) throw error;
    return readWith(NO_NUMBERS);
  });
}

/**
 * Chooses how a column is fetched.
 * @param plain the kind of plain numbers that its first cells are, if they are
 * @param isConverted whether the source converts the column to numbers while it reads
 */
export function fetchColumn(
  column: DuckColumn,
  mode: ReadMode | undefined,
  plain: PlainKind | undefined,
  isConverted: boolean,
  store: ColumnStore,
): FetchedColumn {
  const { stored } = column;
  if (mode === 'text') return fetchText(column, store);
  if (stored.kind === 'number') return fetchDeclared(column, store);
  if (stored.kind !== 'text') return fetchDays(column, store);
  if (mode === 'text unless declared' && stored.isNumber !== undefined)
    return fetchUnlessNumber(column, stored.isNumber, store);
  if (mode !== undefined) return fetchText(column, store);
  if (isConverted) return fetchConverted(column, store);
  return plain === undefined ? fetchText(column, store) : fetchParsed(column, plain, store);
}

/**
 * Runs the query and collects the cells of its chunks.
 * @param held whether they are held in memory
 */
async function fetchCells(
  connection: Connection,
  table: string,
  fetched: FetchedColumn[],
  held: boolean,
): Promise<Cells[]> {
  const result = await connection.stream(select(table, fetched));
  for (let rows = 0; ; ) {
    const chunk = await result.fetchChunk();
    const count = chunk?.rowCount ?? 0;
    if (chunk === null || count === 0) break;
    rows += count;
    if (held) checkRoom(rows, fetched.length);
    append(chunk, count, fetched, rows - count);
  }
  return fetched.map(({ builder }) => builder.cells());
}

/** Bytes of a cell while a table is read. */
const CELL_BYTES = 8;

/** Throws DataError for more cells than fit into a quarter of this machine's memory. */
function checkRoom(rows: number, columns: number): void {
  const [needed, most] = [rows * columns * CELL_BYTES, totalmem() / 4];
  if (needed <= most) return;
  throw new DataError(
    `the table: ${rows} rows and more of ${columns} columns need over ${Math.floor(needed / 2 ** 30)} GiB, a quarter of this machine's memory; train with --stream, or read fewer rows or columns`,
  );
}

/** Finds the columns of text whose first cells are all plain numbers or missing, and what kind of numbers. */
export async function plainColumns(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  classColumn: string | undefined,
): Promise<Map<string, PlainKind>> {
  const plain = new Map<string, PlainKind>();
  if (columns.length === 0) return plain;
  const texts = columns.map(({ stored }) => stored.text);
  const first = await queryText(connection, `SELECT ${texts} FROM ${table} LIMIT ${FIRST_ROWS}`);
  columns.forEach(({ name }, index) => {
    const words = new Set(first.map((row) => row[index]?.trim() ?? ''));
    if (name === classColumn && words.size <= MAX_CLASS_WORDS) return;
    const kind = plainKind(words);
    if (kind !== null) plain.set(name, kind);
  });
  return plain;
}

/**
 * Returns what kind of plain numbers the distinct words of some cells are; null if they are something else.
 */
function plainKind(words: Set<string>): PlainKind | null {
  words.delete('');
  const present = [...words].filter((word) => !(MISSING_WORDS as readonly string[]).includes(word));
  if (!present.every(isPlainNumber) || mayBeCodes(present) || mayBeGrouped(present)) return null;
  const all = (pattern: RegExp) => present.every((word) => pattern.test(word));
  if (all(/^\d+$/)) return 'whole';
  if (all(/^[+-]?[1-9]\d{0,2}\.\d{3}$/)) return 'thousandths';
  return present.length < words.size ? 'gaps' : 'fractions';
}

/**
 * Builds the query: the value of every column, NaN for a missing number, and as a last column the texts of a
 * row's odd cells, if it has any. An inner query computes each text and value once and names them t0, x0, …
 */
export function select(table: string, fetched: readonly FetchedColumn[]): string {
  const inner = fetched.flatMap(({ text, value, odd, builder }, i) =>
    builder instanceof WordCellsBuilder
      ? [`${value} AS x${i}`]
      : [`${value} AS x${i}`, ...(odd ? [`${text} AS t${i}`] : [])],
  );
  const values = fetched.map(({ builder }, i) =>
    builder instanceof WordCellsBuilder ? `x${i}` : `coalesce(x${i}, 'NaN'::DOUBLE)`,
  );
  const odd = fetched.flatMap((column, i) => (column.odd ? [{ when: column.odd(`t${i}`, `x${i}`), i }] : []));
  const list = odd.map(({ when, i }) => `CASE WHEN ${when} THEN t${i} END`);
  const any = odd.map(({ when }) => `(${when})`).join(' OR ');
  if (odd.length > 0) values.push(`CASE WHEN ${any} THEN [${list}] END`);
  return `SELECT ${values} FROM (SELECT ${inner} FROM ${table})`;
}

/** Hands the values and odd cells of a chunk, whose first row has the number `first`, to the builders. */
export function append(
  chunk: DuckDBDataChunk,
  count: number,
  fetched: readonly FetchedColumn[],
  first: number,
): void {
  fetched.forEach(({ builder }, index) => {
    builder.append(chunk.getColumnVector(index), count);
  });
  const builders = fetched.flatMap(({ odd, builder }) => (odd ? [builder as NumberCellsBuilder] : []));
  if (builders.length === 0) return;
  const lists = chunk.getColumnVector(fetched.length);
  for (let r = 0; r < count; r++) {
    const list = lists.getItem(r) as DuckDBListValue | null;
    list?.items.forEach((word, i) => {
      if (word !== null) builders[i].addOdd(first + r, word as string);
    });
  }
}
