/**
 * Columns of a DuckDB table into cells. Text comes as text; where a column's first rows are plain numbers, DuckDB
 * converts on the way, and every cell that it does not plainly take as one is kept as text beside them.
 */
import type { DuckDBDataChunk, DuckDBListValue, DuckDBVector } from '@duckdb/node-api';
import { MISSING_WORDS } from '../reading.js';
import { type Cells, NO_ODD_CELLS, WordBuilder } from './cells.js';
import { type Connection, identifier, queryText } from './duckdb.js';
import { isPlainNumber } from './numbers.js';

/** How a column of DuckDB's holds its values. */
export type Stored =
  /** text: what it means is for the rules to say */
  | { readonly kind: 'text'; readonly text: string }
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

/** The column as `name` of a table whose type DuckDB declares; null for a type that holds no single values. */
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

/** The cells of `columns` of `table`, in the order of its rows; what comes as words is told by `TableReader.read`. */
export async function readCells(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  asWords: ReadonlySet<string>,
  classes?: string,
): Promise<Cells[]> {
  const plain = await plainAtFirst(connection, table, columns, asWords, classes);
  const fetched = columns.map((column): Fetched => {
    const { name, stored } = column;
    if (asWords.has(name) || (stored.kind === 'text' && !plain.has(name))) return textual(column);
    if (stored.kind === 'text') return parsed(column, plain.get(name) === 'whole');
    return stored.kind === 'number' ? declared(column) : days(column);
  });
  const result = await connection.stream(select(table, fetched));
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    append(chunk, fetched, rows);
    rows += chunk.rowCount;
  }
  return fetched.map(({ builder }) => builder.cells());
}

/** The text columns whose first cells are plain numbers or missing, and whether those are whole numbers. */
async function plainAtFirst(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  asWords: ReadonlySet<string>,
  classes: string | undefined,
): Promise<Map<string, 'whole' | 'fractions'>> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !asWords.has(name));
  const plain = new Map<string, 'whole' | 'fractions'>();
  if (unknown.length === 0) return plain;
  const texts = unknown.map(({ stored }) => stored.text);
  const glance = await queryText(connection, `SELECT ${texts} FROM ${table} LIMIT ${GLANCE}`);
  unknown.forEach(({ name }, at) => {
    const words = new Set(glance.map(({ [at]: word }) => word?.trim() ?? ''));
    if (name === classes && words.size <= FEW) return;
    for (const word of MISSING_WORDS) words.delete(word);
    if (![...words].every(isPlainNumber)) return;
    plain.set(name, [...words].every((word) => /^\d+$/.test(word)) ? 'whole' : 'fractions');
  });
  return plain;
}

/** A column on its way: its text and value in SQL, when a cell is odd, and where the cells go. */
interface Fetched {
  readonly text: string;
  readonly value: string;
  /** of text `t` and value `x`; null where no cell can be odd */
  readonly odd: ((t: string, x: string) => string) | null;
  readonly builder: WordCellsBuilder | NumberCellsBuilder;
}

function textual({ stored: { text } }: DuckColumn): Fetched {
  return { text, value: text, odd: null, builder: new WordCellsBuilder() };
}

/** Text as numbers. What is none is odd, and among whole numbers what begins with 0, since it may be a code. */
function parsed({ stored: { text } }: DuckColumn, whole: boolean): Fetched {
  return {
    text,
    value: `TRY_CAST(${text} AS DOUBLE)`,
    odd: (t, x) => `(${x} IS NULL) <> (${t} IS NULL)${whole ? ` OR (${t} >= '00' AND ${t} < '0:')` : ''}`,
    builder: new NumberCellsBuilder('numbers', false),
  };
}

/** A number that a double cannot hold exactly is odd where its type says that it is whole. */
function declared({ name, stored }: DuckColumn): Fetched {
  const wide = stored.kind === 'number' && stored.wide;
  return {
    text: stored.text,
    value: `CAST(${identifier(name)} AS DOUBLE)`,
    odd: wide ? (_, x) => `abs(${x}) > ${Number.MAX_SAFE_INTEGER}` : null,
    builder: new NumberCellsBuilder('numbers', true),
  };
}

function days({ name, stored }: DuckColumn): Fetched {
  return {
    text: stored.text,
    value: `CAST(epoch(${identifier(name)}) / 86400 AS DOUBLE)`,
    odd: null,
    builder: new NumberCellsBuilder(stored.kind === 'clock' ? 'clock' : 'days', true),
  };
}

/**
 * Every column's value, NaN for a missing number, and last a list of the texts of the odd cells in rows that have one.
 * Text and value are computed once, below, and named t0, x0, …
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

function append(chunk: DuckDBDataChunk, fetched: readonly Fetched[], first: number): void {
  fetched.forEach(({ builder }, at) => {
    builder.append(chunk.getColumnVector(at), chunk.rowCount);
  });
  if (chunk.columnCount === fetched.length) return;
  const builders = fetched.flatMap(({ odd, builder }) => (odd ? [builder as NumberCellsBuilder] : []));
  const lists = chunk.getColumnVector(fetched.length);
  for (let r = 0; r < chunk.rowCount; r++) {
    const list = lists.getItem(r) as DuckDBListValue | null;
    list?.items.forEach((word, i) => {
      if (word !== null) builders[i].addOdd(first + r, word as string);
    });
  }
}

/** Rows whose values lie in one block while a table of unknown length is read. */
const BLOCK = 1 << 16;

/** Values of a column whose length is known only at its end. */
class Blocks<T extends Float64Array | Uint32Array> {
  readonly #full: T[] = [];
  #last: T;
  #used = 0;

  constructor(private readonly Type: new (length: number) => T) {
    this.#last = new Type(BLOCK);
  }

  append(values: T, count: number): void {
    for (let done = 0; done < count; ) {
      if (this.#used === BLOCK) {
        this.#full.push(this.#last);
        this.#last = new this.Type(BLOCK);
        this.#used = 0;
      }
      const some = Math.min(count - done, BLOCK - this.#used);
      this.#last.set(values.subarray(done, done + some) as never, this.#used);
      this.#used += some;
      done += some;
    }
  }

  /** All values in one array; the blocks are given up. */
  join(): T {
    const all = new this.Type(BLOCK * this.#full.length + this.#used);
    this.#full.forEach((block, index) => {
      all.set(block as never, index * BLOCK);
    });
    all.set(this.#last.subarray(0, this.#used) as never, BLOCK * this.#full.length);
    this.#full.length = 0;
    return all;
  }
}

class WordCellsBuilder {
  readonly #codes = new Blocks<Uint32Array>(Uint32Array);
  readonly #words = new WordBuilder();

  append(vector: DuckDBVector, count: number): void {
    const codes = new Uint32Array(count);
    for (let r = 0; r < count; r++) codes[r] = this.#words.code(vector.getItem(r) as string | null);
    this.#codes.append(codes, count);
  }

  cells(): Cells {
    return { kind: 'words', words: this.#words.words, codes: this.#codes.join() };
  }
}

class NumberCellsBuilder {
  readonly #values = new Blocks<Float64Array>(Float64Array);
  readonly #oddRows: number[] = [];
  readonly #oddWords: string[] = [];
  #largest = 0;
  /** one object for each different word, however often it occurs */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly kind: 'numbers' | 'days' | 'clock',
    private readonly isDeclared: boolean,
  ) {}

  append(vector: DuckDBVector, count: number): void {
    const { items } = vector as unknown as { items: Float64Array };
    for (let r = 0; r < count; r++) {
      const size = Math.abs(items[r]);
      if (size > this.#largest) this.#largest = size;
    }
    this.#values.append(items, count);
  }

  /** A cell whose text is kept; its value, where it has one, is not believed. */
  addOdd(row: number, word: string): void {
    if (!this.#known.has(word)) this.#known.set(word, word);
    this.#oddRows.push(row);
    this.#oddWords.push(this.#known.get(word)!);
  }

  cells(): Cells {
    const values = this.#values.join();
    for (const row of this.#oddRows) values[row] = Number.NaN;
    if (this.kind !== 'numbers') return { kind: 'days', values, clock: this.kind === 'clock' };
    const odd = this.#oddRows.length === 0 ? NO_ODD_CELLS : { rows: this.#oddRows, words: this.#oddWords };
    return { kind: 'numbers', values, odd, declared: this.isDeclared, largest: this.#largest };
  }
}
