/**
 * Columns of a DuckDB table into cells. Text comes as text; where a column's first rows are plain numbers, DuckDB
 * converts on the way, and every cell that it does not plainly take as one is kept as text beside them.
 */
import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
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
  const fetched = columns.map((column) => {
    if (asWords.has(column.name)) return textual(column);
    if (column.stored.kind === 'text') return plain.has(column.name) ? parsed(column) : textual(column);
    return column.stored.kind === 'number' ? declared(column.name, column.stored.wide) : days(column);
  });
  const flags = fetched.flatMap(({ odd }) =>
    odd === null ? [] : [`CASE WHEN ${odd} IS NULL THEN 0 ELSE 1 END`],
  );
  const select = [
    `CAST(${flags.length > 0 ? flags.join(' + ') : '0'} AS INTEGER)`,
    ...fetched.flatMap(({ value, odd }) => (odd === null ? [value] : [value, odd])),
  ];
  const result = await connection.stream(`SELECT ${select.join(', ')} FROM ${table}`);
  let rows = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    append(chunk, fetched, rows);
    rows += chunk.rowCount;
  }
  return fetched.map(({ builder }) => builder.cells());
}

/** The text columns whose first cells are plain numbers or missing. */
async function plainAtFirst(
  connection: Connection,
  table: string,
  columns: readonly DuckColumn[],
  asWords: ReadonlySet<string>,
  classes: string | undefined,
): Promise<Set<string>> {
  const unknown = columns.filter(({ name, stored }) => stored.kind === 'text' && !asWords.has(name));
  if (unknown.length === 0) return new Set();
  const texts = unknown.map(({ stored }) => stored.text);
  const glance = await queryText(connection, `SELECT ${texts} FROM ${table} LIMIT ${GLANCE}`);
  const isMissing = (word: string) => (MISSING_WORDS as readonly string[]).includes(word.trim());
  const plain = unknown.filter(({ name }, at) => {
    if (name === classes && new Set(glance.map(({ [at]: word }) => word)).size <= FEW) return false;
    return glance.every(({ [at]: word }) => word === null || isMissing(word) || isPlainNumber(word));
  });
  return new Set(plain.map(({ name }) => name));
}

/** A column on its way: the SQL of its value, that of the text of odd cells, and where the cells go. */
interface Fetched {
  readonly value: string;
  readonly odd: string | null;
  readonly builder: WordCellsBuilder | NumberCellsBuilder;
}

function textual({ stored }: DuckColumn): Fetched {
  return { value: stored.text, odd: null, builder: new WordCellsBuilder() };
}

/** Text as numbers. What a cast takes more generously than the rules do, or what may be a code, is kept as text. */
function parsed({ stored: { text } }: DuckColumn): Fetched {
  const number = `TRY_CAST(${text} AS DOUBLE)`;
  const zero = `(${text} >= '00' AND ${text} < '0:')`; // 007: a 0 and another digit
  const plainly = `isfinite(${number}) AND NOT ${zero} AND NOT contains(${text}, '_')`;
  return {
    value: `CASE WHEN ${plainly} THEN ${number} ELSE 'NaN'::DOUBLE END`,
    odd: `CASE WHEN ${plainly} THEN NULL ELSE ${text} END`,
    builder: new NumberCellsBuilder('numbers', false),
  };
}

function declared(name: string, wide: boolean): Fetched {
  const column = identifier(name);
  const number = `CAST(${column} AS DOUBLE)`;
  const held = wide ? `abs(${number}) <= ${Number.MAX_SAFE_INTEGER}` : `isfinite(${number})`;
  return {
    value: `CASE WHEN ${held} THEN ${number} ELSE 'NaN'::DOUBLE END`,
    odd: `CASE WHEN ${held} OR isnan(${number}) THEN NULL ELSE CAST(${column} AS VARCHAR) END`,
    builder: new NumberCellsBuilder('numbers', true),
  };
}

function days({ name, stored }: DuckColumn): Fetched {
  return {
    value: `coalesce(CAST(epoch(${identifier(name)}) / 86400 AS DOUBLE), 'NaN'::DOUBLE)`,
    odd: null,
    builder: new NumberCellsBuilder(stored.kind === 'clock' ? 'clock' : 'days', true),
  };
}

function append(chunk: DuckDBDataChunk, fetched: readonly Fetched[], first: number): void {
  const flags = (chunk.getColumnVector(0) as unknown as { items: Int32Array }).items;
  let at = 1;
  for (const { builder, odd } of fetched) {
    builder.append(chunk.getColumnVector(at++), chunk.rowCount);
    if (odd !== null) (builder as NumberCellsBuilder).appendOdd(chunk.getColumnVector(at++), flags, first);
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

  push(value: number): void {
    if (this.#used === BLOCK) {
      this.#full.push(this.#last);
      this.#last = new this.Type(BLOCK);
      this.#used = 0;
    }
    this.#last[this.#used++] = value;
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
    for (let r = 0; r < count; r++) this.#codes.push(this.#words.code(vector.getItem(r) as string | null));
  }

  cells(): Cells {
    return { kind: 'words', words: this.#words.words, codes: this.#codes.join() };
  }
}

class NumberCellsBuilder {
  readonly #values = new Blocks<Float64Array>(Float64Array);
  readonly #oddRows: number[] = [];
  readonly #oddWords: string[] = [];
  /** one object for each different word, however often it occurs */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly kind: 'numbers' | 'days' | 'clock',
    private readonly isDeclared: boolean,
  ) {}

  append(vector: DuckDBVector, count: number): void {
    const { items } = vector as unknown as { items: Float64Array };
    for (let r = 0; r < count; r++) this.#values.push(items[r]);
  }

  /** @param flags of each row how many columns have an odd cell there */
  appendOdd(vector: DuckDBVector, flags: Int32Array, first: number): void {
    for (let r = 0; r < flags.length; r++) {
      if (flags[r] === 0) continue;
      const word = vector.getItem(r) as string | null;
      if (word === null) continue;
      this.#oddRows.push(first + r);
      if (!this.#known.has(word)) this.#known.set(word, word);
      this.#oddWords.push(this.#known.get(word)!);
    }
  }

  cells(): Cells {
    const values = this.#values.join();
    if (this.kind !== 'numbers') return { kind: 'days', values, clock: this.kind === 'clock' };
    const odd = this.#oddRows.length === 0 ? NO_ODD_CELLS : { rows: this.#oddRows, words: this.#oddWords };
    return { kind: 'numbers', values, odd, declared: this.isDeclared };
  }
}
