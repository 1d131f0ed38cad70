/** Collects the cells of a column while a table of unknown length is read. */
import type { DuckDBVector } from '@duckdb/node-api';
import { GrowingArray } from '../../growing.js';
import { type Cells, NO_ODD_CELLS, WordBuilder } from './cells.js';

/** Collects cells as words. */
export class WordCellsBuilder {
  readonly #codes: GrowingArray<Uint32Array>;
  readonly #words = new WordBuilder();

  constructor(room: number) {
    this.#codes = new GrowingArray<Uint32Array>(Uint32Array, room);
  }

  append(vector: DuckDBVector, count: number): void {
    const codes = new Uint32Array(count);
    for (let r = 0; r < count; r++) codes[r] = this.#words.code(vector.getItem(r) as string | null);
    this.#codes.append(codes, count);
  }

  cells(): Cells {
    return { kind: 'words', words: this.#words.words, codes: this.#codes.all() };
  }
}

/** Collects cells as numbers, days or times of day, with odd cells as text beside them. */
export class NumberCellsBuilder {
  readonly #values: GrowingArray<Float64Array>;
  readonly #oddRows: number[] = [];
  readonly #oddWords: string[] = [];
  #largest = 0;
  /** Keeps one string object for each distinct word, however often it occurs. */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly kind: 'numbers' | 'days' | 'clock',
    private readonly isDeclared: boolean,
    room: number,
  ) {
    this.#values = new GrowingArray<Float64Array>(Float64Array, room);
  }

  append(vector: DuckDBVector, count: number): void {
    // every query casts numbers to DOUBLE, so the vector holds a Float64Array
    const { items } = vector as unknown as { items: Float64Array };
    let largest = this.#largest;
    for (let r = 0; r < count; r++) {
      const size = Math.abs(items[r]);
      if (size > largest) largest = size;
    }
    this.#largest = largest;
    this.#values.append(items, count);
  }

  /** Records an odd cell: its text counts, and the value that was appended for its row, if any, does not. */
  addOdd(row: number, word: string): void {
    if (!this.#known.has(word)) this.#known.set(word, word);
    this.#oddRows.push(row);
    this.#oddWords.push(this.#known.get(word)!);
  }

  cells(): Cells {
    const values = this.#values.all();
    for (const row of this.#oddRows) values[row] = Number.NaN;
    if (this.kind !== 'numbers') return { kind: 'days', values, clock: this.kind === 'clock' };
    const odd = this.#oddRows.length === 0 ? NO_ODD_CELLS : { rows: this.#oddRows, words: this.#oddWords };
    return { kind: 'numbers', values, odd, declared: this.isDeclared, largest: this.#largest };
  }
}
