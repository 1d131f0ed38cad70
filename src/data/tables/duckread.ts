/**
 * Columns of a DuckDB table into cells. Text comes as text; where a column's first rows are plain numbers,
 * DuckDB converts on the way, and every cell that it does not plainly take as one is kept as text beside
 * them.
 */
import type { DuckDBDataChunk, DuckDBListValue } from '@duckdb/node-api';
import { MISSING_WORDS } from '../reading.js';
import { NumberCellsBuilder, WordCellsBuilder } from './builders.js';
import { mayBeCodes, mayBeGrouped } from './candidates.js';
import type { Cells } from './cells.js';
import { type Connection, identifier, queryText } from './duckdb.js';
import { isPlainNumber } from './numbers.js';
import type { ReadModes } from './reader.js';

/** How a column of DuckDB's holds its values. */
export type Stored =
  /** text: what it means is for the rules to say, but where `isNumber` holds, which declares a number */
  | { readonly kind: 'text'; readonly text: string; readonly isNumber?: string }
  /** a declared number; `wide`: of a whole type that goes beyond what a double holds exactly */
  | { readonly kind: 'number'; readonly text: string; readonly wide: boolean }
  /** a declared date, or a time of day */
  | { readonly kind: 'days' | 'clock'; readonly text: string };

export interface DuckColumn {
  readonly name: string;
  readonly stored: Stored;
}

const WHOLE = /^(U?(TINY|SMALL)INT|U?INTEGER)$/;
const WIDE = /^(U?(BIG|HUGE)INT|BIGNUM|DECIMAL\((1[6-9]|[23]\d),0\))$/;
const NUMBER = /^(FLOAT|DOUBLE|DECIMAL.*)$/;

/**
 * The column as `name` of a table whose type DuckDB declares; null for a type that holds no single values.
 */
export function storedAs(name: string, type: string): Stored | null {
  const text = `CAST(${identifier(name)} AS VARCHAR)`;
  if (WIDE.test(type)) return { kind: 'number', text, wide: true };
  if (WHOLE.test(type) || NUMBER.test(type)) return { kind: 'number', text, wide: false };
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) return { kind: 'days', text };
  if (/^TIME$/.test(type)) return { kind: 'clock', text };
  return /^(VARCHAR|ENUM.*|UUID|BOOLEAN)$/.test(type) ? { kind: 'text', text } : null;
}

/** Rows whose cells say how the column is fetched; they decide nothing else. */
const GLANCE = 1000;
/** So few different values may be classes. */
const FEW = 21;

/**
 * The cells of `columns` of `table`, in the order of its rows; what comes as words is told by
 * `TableReader.read`.
 * @param room rows to make room for at first, where the table's size says how many there may be
 */
export async function readCells(
  connection: Connection,
  table: Table,
  columns: readonly DuckColumn[],
  how: ReadModes,
  classes?: string,
  room?: number,
): Promise<Cells[]> {
  const plain = await plainAtFirst(connection, table(NONE), columns, how, classes);
  const typed = new Set(Array.from(plain).flatMap(([name, kind]) => (kind === 'fractions' ? [name] : [])));
  const read = (typed: ReadonlySet<string>) =>
    fetchCells(connection, table(typed), fetchers(columns, how, plain, typed, room ?? ROOM));
  // what goes wrong with types is tried again without, where a cell that is no number ends nothing
  return typed.size > 0 && table(typed) !== table(NONE) ? read(typed).catch(() => read(NONE)) : read(NONE);
}

/**
 * A table expression, in which the named columns have the type DOUBLE if the source can convert them as it
 * reads; a cell that is no number then ends the reading.
 */
export type Table = (numbers: ReadonlySet<string>) => string;
const NONE: ReadonlySet<string> = new Set();

function fetchers(
  columns: readonly DuckColumn[],
  how: ReadModes,
  plain: ReadonlyMap<string, Plain>,
  typed: ReadonlySet<string>,
  room: number,
): Fetched[] {
  return columns.map((column) => {
    const { name, stored } = column;
    const wish = how.get(name);
    if (wish === 'text') return textual(column, room);
    if (stored.kind === 'text') {
      if (wish !== undefined)
        return stored.isNumber === undefined
          ? textual(column, room)
          : unlessNumber(column, stored.isNumber, room);
      if (typed.has(name)) return converted(column, room);
      return plain.has(name) ? parsed(column, plain.get(name)!, room) : textual(column, room);
    }
    return stored.kind === 'number' ? declared(column, room) : days(column, room);
  });
}

async function fetchCells(connection: Connection, table: string, fetched: Fetched[]): Promise<Cells[]> {
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

/**
 * What the first cells of a column of plain numbers are: all whole; three digits after every point, as
 * thousands would have them; some missing in words; or fractions among them.
 */
type Plain = 'whole' | 'thousandths' | 'gaps' | 'fractions';

/** The text columns whose first cells are plain numbers or missing. */
async function plainAtFirst(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  how: ReadModes,
  classes: string | undefined,
): Promise<Map<string, Plain>> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !how.has(name));
  const plain = new Map<string, Plain>();
  if (unknown.length === 0) return plain;
  const texts = unknown.map(({ stored }) => stored.text);
  const glance = await queryText(connection, `SELECT ${texts} FROM ${table} LIMIT ${GLANCE}`);
  unknown.forEach(({ name }, at) => {
    const words = new Set(glance.map(({ [at]: word }) => word?.trim() ?? ''));
    if (name === classes && words.size <= FEW) return;
    words.delete('');
    const present = [...words].filter((word) => !(MISSING_WORDS as readonly string[]).includes(word));
    if (!present.every(isPlainNumber) || mayBeCodes(present) || mayBeGrouped(present)) return;
    const all = (pattern: RegExp) => present.every((word) => pattern.test(word));
    if (all(/^\d+$/)) plain.set(name, 'whole');
    else if (all(/^[+-]?[1-9]\d{0,2}\.\d{3}$/)) plain.set(name, 'thousandths');
    else plain.set(name, present.length < words.size ? 'gaps' : 'fractions');
  });
  return plain;
}

/** Rows that a column has room for at first where nobody knows how many there will be. */
const ROOM = 1 << 16;

/** A column on its way: its text and value in SQL, when a cell is odd, and where the cells go. */
interface Fetched {
  readonly text: string;
  readonly value: string;
  /** of text `t` and value `x`; null where no cell can be odd */
  readonly odd: ((t: string, x: string) => string) | null;
  readonly builder: WordCellsBuilder | NumberCellsBuilder;
}

function textual({ stored: { text } }: DuckColumn, room: number): Fetched {
  return { text, value: text, odd: null, builder: new WordCellsBuilder(room) };
}

/**
 * What may be no number for all that it can be read as one: a code (`007`, ` 007`, `1E5`), thousands (`1.500`
 * among whole numbers, `950` among `1.500`). These tests are cheap: a pattern would double the time that
 * reading takes.
 */
const DOUBTFUL: Readonly<Record<Plain, (text: string, value: string) => string>> = {
  whole: (t, x) =>
    ` OR (${t} >= '00' AND ${t} < '0:')` +
    ` OR CASE WHEN ${t} < '!' THEN ltrim(${t}) >= '00' AND ltrim(${t}) < '0:' ELSE false END` +
    ` OR CASE WHEN ${x} % 10 = 0 THEN contains(${t}, 'E') OR contains(${t}, 'e') ELSE false END` +
    ` OR CASE WHEN ${x} >= 1 AND ${x} < 1000 AND strlen(${t}) > 4 AND suffix(${t}, '0') THEN contains(${t}, '.') ELSE false END`,
  thousandths: (t) => ` OR NOT contains(${t}, '.')`,
  gaps: () => '',
  fractions: () => '',
};

/** Text as numbers. What is none is odd, and what is doubtful. */
function parsed({ stored: { text } }: DuckColumn, plain: Plain, room: number): Fetched {
  return {
    text,
    value: `TRY_CAST(${text} AS DOUBLE)`,
    odd: (t, x) => `(${x} IS NULL) <> (${t} IS NULL)${DOUBTFUL[plain](t, x)}`,
    builder: new NumberCellsBuilder('numbers', false, room),
  };
}

/** Numbers that the source converts as it reads. */
function converted({ stored: { text } }: DuckColumn, room: number): Fetched {
  return { text, value: text, odd: null, builder: new NumberCellsBuilder('numbers', false, room) };
}

/** Text, beside numbers that the source declares. */
function unlessNumber({ stored: { text } }: DuckColumn, isNumber: string, room: number): Fetched {
  return {
    text,
    value: `CASE WHEN ${isNumber} THEN TRY_CAST(${text} AS DOUBLE) END`,
    odd: (t, x) => `(${x} IS NULL) <> (${t} IS NULL)`,
    builder: new NumberCellsBuilder('numbers', true, room),
  };
}

/** A number that a double cannot hold exactly is odd where its type says that it is whole. */
function declared({ name, stored }: DuckColumn, room: number): Fetched {
  const wide = stored.kind === 'number' && stored.wide;
  return {
    text: stored.text,
    value: `CAST(${identifier(name)} AS DOUBLE)`,
    odd: wide ? (_, x) => `abs(${x}) > ${Number.MAX_SAFE_INTEGER}` : null,
    builder: new NumberCellsBuilder('numbers', true, room),
  };
}

function days({ name, stored }: DuckColumn, room: number): Fetched {
  return {
    text: stored.text,
    value: `CAST(epoch(${identifier(name)}) / 86400 AS DOUBLE)`,
    odd: null,
    builder: new NumberCellsBuilder(stored.kind === 'clock' ? 'clock' : 'days', true, room),
  };
}

/**
 * Every column's value, NaN for a missing number, and last a list of the texts of the odd cells in rows that
 * have one. Text and value are computed once, below, and named t0, x0, …
 */
function select(table: string, fetched: readonly Fetched[]): string {
  const below = fetched.flatMap(({ text, value, odd, builder }, i) =>
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
  return `SELECT ${values} FROM (SELECT ${below} FROM ${table})`;
}

function append(chunk: DuckDBDataChunk, count: number, fetched: readonly Fetched[], first: number): void {
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
