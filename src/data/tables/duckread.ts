/**
 * Reads columns of a DuckDB table into cells. Text stays text. Where the first cells of a column are plain
 * numbers, DuckDB converts the column, which is much faster; the cells that it does not plainly take as
 * numbers are kept as text beside them.
 */
import type { DuckDBDataChunk, DuckDBListValue } from '@duckdb/node-api';
import { MISSING_WORDS } from '../reading.js';
import { type NumberCellsBuilder, WordCellsBuilder } from './builders.js';
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
import type { ReadModes } from './reader.js';

/**
 * Rows at the beginning of a table that say how a column is fetched; they decide nothing about its meaning.
 */
const FIRST_ROWS = 1000;
/**
 * Most distinct values in the first rows for which the target is read as words, since they may be classes.
 */
const FEW = 21;
/** Rows to make room for where nobody knows how many there will be. */
const ROOM = 1 << 16;

/**
 * A table expression is SQL for a table. The columns named in `numbers` have the type DOUBLE in it if the
 * source can convert them while it reads; reading then fails at a cell that is no number.
 */
export type TableExpression = (numbers: ReadonlySet<string>) => string;
const NONE: ReadonlySet<string> = new Set();

/**
 * Reads the cells of `columns`, in the order of the table's rows. See `TableReader.read` for what comes as
 * words.
 * @param room how many rows to make room for, if the size of the table tells
 */
export async function readCells(
  connection: Connection,
  table: TableExpression,
  columns: readonly DuckColumn[],
  modes: ReadModes,
  classColumn?: string,
  room = ROOM,
): Promise<Cells[]> {
  const plain = await plainColumns(connection, table(NONE), columns, modes, classColumn);
  const typed = new Set(Array.from(plain).flatMap(([name, kind]) => (kind === 'fractions' ? [name] : [])));
  const read = (typed: ReadonlySet<string>) =>
    fetchCells(connection, table(typed), fetchColumns(columns, modes, plain, typed, room));
  // where the source cannot convert a cell the reading fails, and is done again without types
  return typed.size > 0 && table(typed) !== table(NONE) ? read(typed).catch(() => read(NONE)) : read(NONE);
}

/** Chooses how each column is fetched. */
function fetchColumns(
  columns: readonly DuckColumn[],
  modes: ReadModes,
  plain: ReadonlyMap<string, PlainKind>,
  typed: ReadonlySet<string>,
  room: number,
): FetchedColumn[] {
  return columns.map((column) => {
    const { name, stored } = column;
    const mode = modes.get(name);
    if (mode === 'text') return fetchText(column, room);
    if (stored.kind === 'text') {
      if (mode !== undefined)
        return stored.isNumber === undefined
          ? fetchText(column, room)
          : fetchUnlessNumber(column, stored.isNumber, room);
      if (typed.has(name)) return fetchConverted(column, room);
      return plain.has(name) ? fetchParsed(column, plain.get(name)!, room) : fetchText(column, room);
    }
    return stored.kind === 'number' ? fetchDeclared(column, room) : fetchDays(column, room);
  });
}

async function fetchCells(connection: Connection, table: string, fetched: FetchedColumn[]): Promise<Cells[]> {
  const result = await connection.stream(select(table, fetched));
  for (let rows = 0; ; ) {
    const chunk = await result.fetchChunk();
    const count = chunk?.rowCount ?? 0;
    if (chunk === null || count === 0) break;
    append(chunk, count, fetched, rows);
    rows += count;
  }
  return fetched.map(({ builder }) => builder.cells());
}

/** Finds the text columns whose first cells are all plain numbers or missing, and what kind of numbers. */
async function plainColumns(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  modes: ReadModes,
  classColumn: string | undefined,
): Promise<Map<string, PlainKind>> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !modes.has(name));
  const plain = new Map<string, PlainKind>();
  if (unknown.length === 0) return plain;
  const texts = unknown.map(({ stored }) => stored.text);
  const first = await queryText(connection, `SELECT ${texts} FROM ${table} LIMIT ${FIRST_ROWS}`);
  unknown.forEach(({ name }, at) => {
    const words = new Set(first.map(({ [at]: word }) => word?.trim() ?? ''));
    if (name === classColumn && words.size <= FEW) return;
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
function select(table: string, fetched: readonly FetchedColumn[]): string {
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
function append(
  chunk: DuckDBDataChunk,
  count: number,
  fetched: readonly FetchedColumn[],
  first: number,
): void {
  fetched.forEach(({ builder }, at) => {
    builder.append(chunk.getColumnVector(at), count);
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
