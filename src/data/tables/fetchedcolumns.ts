/**
 * Says in SQL how a column of a DuckDB table is fetched: as text, or as numbers with the text of those cells
 * that need a second look.
 */
import { type ColumnStore, NumberCellsBuilder, WordCellsBuilder } from './builders.js';
import { identifier } from './duckdb.js';

/** Says how a DuckDB table holds the values of a column. */
type Stored =
  /**
   * Text, which the rules interpret. `isNumber` is SQL that holds for cells the source declares to be
   * numbers.
   */
  | { readonly kind: 'text'; readonly text: string; readonly isNumber?: string }
  /** A declared number; `wide` if its integer type goes beyond what a double holds exactly. */
  | { readonly kind: 'number'; readonly text: string; readonly wide: boolean }
  /** A declared date, or a declared time of day. */
  | { readonly kind: 'days' | 'clock'; readonly text: string };

/** A DuckDB column is a column by name with how it is stored. */
export interface DuckColumn {
  readonly name: string;
  readonly stored: Stored;
}

const WHOLE = /^(U?(TINY|SMALL)INT|U?INTEGER)$/;
const WIDE = /^(U?(BIG|HUGE)INT|BIGNUM|DECIMAL\((1[6-9]|[23]\d),0\))$/;
const NUMBER = /^(FLOAT|DOUBLE|DECIMAL.*)$/;

/** Returns how a column of a declared type is stored; null for a type that does not hold single values. */
export function storedAs(name: string, type: string): Stored | null {
  const text = `CAST(${identifier(name)} AS VARCHAR)`;
  if (WIDE.test(type)) return { kind: 'number', text, wide: true };
  if (WHOLE.test(type) || NUMBER.test(type)) return { kind: 'number', text, wide: false };
  if (/^(DATE|TIMESTAMP.*)$/.test(type)) return { kind: 'days', text };
  if (/^TIME$/.test(type)) return { kind: 'clock', text };
  return /^(VARCHAR|ENUM.*|UUID|BOOLEAN)$/.test(type) ? { kind: 'text', text } : null;
}

/**
 * A fetched column has its text and value in SQL, a test for odd cells, and the builder that takes its cells.
 */
export interface FetchedColumn {
  readonly text: string;
  readonly value: string;
  /** SQL that holds for an odd cell with text `t` and value `x`; null if no cell can be odd. */
  readonly odd: ((t: string, x: string) => string) | null;
  readonly builder: WordCellsBuilder | NumberCellsBuilder;
}

/** Fetches every cell as text. */
export function fetchText({ stored: { text } }: DuckColumn, store: ColumnStore): FetchedColumn {
  return { text, value: text, odd: null, builder: new WordCellsBuilder(store) };
}

/**
 * Says what the first cells of a column of plain numbers are: all of them whole; all with three digits after
 * the point, which may be thousands; some of them words for a missing value; or anything else, such as
 * fractions.
 */
export type PlainKind = 'whole' | 'thousandths' | 'gaps' | 'fractions';

/**
 * SQL for cells that can be read as a number but may be something else: a code (`007`, ` 007`, `1E5`), or
 * thousands (`1.500` among whole numbers, `950` among `1.500`). The tests are written to be cheap, since
 * regular expressions would double the time that reading takes.
 */
const DOUBTFUL: Readonly<Record<PlainKind, (text: string, value: string) => string>> = {
  whole: (t, x) =>
    ` OR (${t} >= '00' AND ${t} < '0:')` +
    ` OR CASE WHEN ${t} < '!' THEN ltrim(${t}) >= '00' AND ltrim(${t}) < '0:' ELSE false END` +
    ` OR CASE WHEN ${x} % 10 = 0 THEN contains(${t}, 'E') OR contains(${t}, 'e') ELSE false END` +
    ` OR CASE WHEN ${x} >= 1 AND ${x} < 1000 AND strlen(${t}) > 4 AND suffix(${t}, '0') THEN contains(${t}, '.') ELSE false END`,
  thousandths: (t) => ` OR NOT contains(${t}, '.')`,
  gaps: () => '',
  fractions: () => '',
};

/** Fetches text as numbers. Cells that are no numbers, and those that may be something else, are odd. */
export function fetchParsed(
  { stored: { text } }: DuckColumn,
  plain: PlainKind,
  store: ColumnStore,
): FetchedColumn {
  return {
    text,
    value: `TRY_CAST(${text} AS DOUBLE)`,
    odd: (t, x) => `(${x} IS NULL) <> (${t} IS NULL)${DOUBTFUL[plain](t, x)}`,
    builder: new NumberCellsBuilder('numbers', false, store),
  };
}

/** Fetches numbers that the source itself converts while it reads. */
export function fetchConverted({ stored: { text } }: DuckColumn, store: ColumnStore): FetchedColumn {
  return { text, value: text, odd: null, builder: new NumberCellsBuilder('numbers', false, store) };
}

/** Fetches declared numbers from a column that may also hold text, which is odd. */
export function fetchUnlessNumber(
  { stored: { text } }: DuckColumn,
  isNumber: string,
  store: ColumnStore,
): FetchedColumn {
  return {
    text,
    value: `CASE WHEN ${isNumber} THEN TRY_CAST(${text} AS DOUBLE) END`,
    odd: (t, x) => `(${x} IS NULL) <> (${t} IS NULL)`,
    builder: new NumberCellsBuilder('numbers', true, store),
  };
}

/** Fetches numbers of a declared type. Integers that a double cannot hold exactly are odd. */
export function fetchDeclared({ name, stored }: DuckColumn, store: ColumnStore): FetchedColumn {
  const wide = stored.kind === 'number' && stored.wide;
  return {
    text: stored.text,
    value: `CAST(${identifier(name)} AS DOUBLE)`,
    odd: wide ? (_, x) => `abs(${x}) > ${Number.MAX_SAFE_INTEGER}` : null,
    builder: new NumberCellsBuilder('numbers', true, store),
  };
}

/** Fetches declared dates or times as days. */
export function fetchDays({ name, stored }: DuckColumn, store: ColumnStore): FetchedColumn {
  return {
    text: stored.text,
    value: `CAST(epoch(${identifier(name)}) / 86400 AS DOUBLE)`,
    odd: null,
    builder: new NumberCellsBuilder(stored.kind === 'clock' ? 'clock' : 'days', true, store),
  };
}
