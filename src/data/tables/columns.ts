/** The columns of a table into shared memory: numbers row-major, words as codes; no object is made per row. */
import type { DuckDBDataChunk, DuckDBVector } from '@duckdb/node-api';
import { type Connection, identifier } from './duckdb.js';
import type { RawColumn, Relation } from './relation.js';

/** How the values of a column are read. */
export type ReadAs = 'number' | 'date' | 'text' | 'boolean';

export interface ColumnPlan {
  readonly name: string;
  readonly as: ReadAs;
}

/** The words of a column in order of appearance, and for every row the index of its word. */
export interface TextColumn {
  readonly name: string;
  readonly codes: Uint32Array;
  readonly words: readonly string[];
}

export const NO_WORD = 0xffff_ffff;

export interface RawTable {
  readonly rows: number;
  /** the columns that were read as numbers, in the order of the plan */
  readonly numberNames: readonly string[];
  /** [rows, numberNames.length], NaN where missing */
  readonly numbers: Float64Array<SharedArrayBuffer>;
  readonly texts: ReadonlyMap<string, TextColumn>;
}

const NUMBER_TYPE = /^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;
const DATE_TYPE = /^(DATE|TIME|TIMESTAMP.*)$/;
const TEXT_TYPE = /^(VARCHAR|ENUM.*|UUID)$/;

/** How values of DuckDB's `type` are read, or null for those that are not single values. */
export function readAs({ type }: RawColumn): ReadAs | null {
  if (NUMBER_TYPE.test(type)) return 'number';
  if (DATE_TYPE.test(type)) return 'date';
  if (type === 'BOOLEAN') return 'boolean';
  return TEXT_TYPE.test(type) ? 'text' : null;
}

/** What a plan asks of a reader that can choose its types. */
const WANTED_TYPES: Readonly<Partial<Record<ReadAs, string>>> = {
  number: 'DOUBLE',
  text: 'VARCHAR',
  boolean: 'BOOLEAN',
};

/**
 * Reads the planned columns. A column of numbers or dates in which some cell is neither comes back as text: the
 * caller knows what to say about it.
 */
export async function readColumns(
  connection: Connection,
  relation: Relation,
  plan: readonly ColumnPlan[],
): Promise<RawTable> {
  const wanted = new Map(
    plan.flatMap(({ name, as }) =>
      WANTED_TYPES[as] === undefined ? [] : [[name, WANTED_TYPES[as]] as const],
    ),
  );
  for (;;) {
    try {
      return await readOnce(connection, relation.read(wanted), plan);
    } catch (error) {
      await relation.retry(error);
    }
  }
}

async function readOnce(
  connection: Connection,
  { table, types }: ReturnType<Relation['read']>,
  plan: readonly ColumnPlan[],
): Promise<RawTable> {
  const asNumber = ({ name, as }: ColumnPlan) =>
    (as === 'number' || as === 'date') && !TEXT_TYPE.test(types.get(name)!);
  const numeric = plan.filter(asNumber);
  const textual = plan.filter((column) => !asNumber(column));
  const select = [
    ...numeric.map(({ name, as }) => {
      // days, so that a date of today is a small number; a missing value is NaN from here on
      const value = as === 'date' ? `epoch(${identifier(name)}) / 86400` : identifier(name);
      return `coalesce(CAST(${value} AS DOUBLE), 'NaN'::DOUBLE)`;
    }),
    ...textual.map(({ name }) => `CAST(${identifier(name)} AS VARCHAR)`),
  ];
  const result = await connection.run(`SELECT ${select.length > 0 ? select : 'NULL'} FROM ${table}`);

  const rows = result.rowCount;
  const width = numeric.length;
  const numbers = new Float64Array(new SharedArrayBuffer(8 * rows * width));
  const texts = textual.map(({ name }) => new TextBuilder(name, rows));
  let first = 0;
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) break;
    for (let j = 0; j < width; j++) copyNumbers(chunk, j, numbers, first * width + j, width);
    texts.forEach((text, t) => {
      text.append(chunk.getColumnVector(width + t), first, chunk.rowCount);
    });
    first += chunk.rowCount;
  }
  return {
    rows,
    numberNames: numeric.map(({ name }) => name),
    numbers,
    texts: new Map(texts.map((text) => [text.name, text])),
  };
}

function copyNumbers(
  chunk: DuckDBDataChunk,
  column: number,
  target: Float64Array,
  at: number,
  stride: number,
): void {
  const { items } = chunk.getColumnVector(column) as unknown as { items: Float64Array };
  for (let r = 0; r < items.length; r++) target[at + r * stride] = items[r];
}

class TextBuilder implements TextColumn {
  readonly codes: Uint32Array;
  readonly words: string[] = [];
  readonly #codeOf = new Map<string, number>();

  constructor(
    readonly name: string,
    rows: number,
  ) {
    this.codes = new Uint32Array(rows);
  }

  append(vector: DuckDBVector, first: number, count: number): void {
    for (let r = 0; r < count; r++) {
      const word = vector.getItem(r) as string | null;
      this.codes[first + r] = word === null ? NO_WORD : this.#intern(word);
    }
  }

  #intern(word: string): number {
    const known = this.#codeOf.get(word);
    if (known !== undefined) return known;
    this.#codeOf.set(word, this.words.length);
    return this.words.push(word) - 1;
  }
}
