/** Collects the cells of a column while a table of unknown length is read. */
import type { DuckDBVector } from '@duckdb/node-api';
import { GrowingArray } from '../../growing.js';
import { type Cells, type CollectedWords, NO_ODD_CELLS, NO_WORD, type OnDisk, WordBuilder } from './cells.js';
import { WordTable } from './wordtable.js';

/** Collects the values of a column, in memory or on disk. */
export interface Collected<T extends Float64Array | Uint32Array> {
  append(values: T, count: number): void;
  /**
   * Ends the column.
   * @param absent rows whose value is NaN, whatever was appended
   */
  end(absent?: readonly number[]): Held<T>;
  /** Gives up what was collected. */
  drop(): void;
}

/** The values of a column. */
interface Held<T extends Float64Array | Uint32Array> {
  /** Returns all values; those on disk stay in memory for as long as somebody holds them. */
  readonly all: () => T;
  readonly onDisk?: OnDisk<T>;
}

/** Says where columns are collected while a table is read. */
export interface ColumnStore {
  readonly numbers: () => Collected<Float64Array>;
  readonly codes: () => Collected<Uint32Array>;
  /** Collects the words of a column that has too many for memory; left out where all are held in memory. */
  readonly words?: () => CollectedWords;
}

/** Collects columns in memory, with room for so many rows to begin with. */
export const columnsInMemory = (room: number): ColumnStore => ({
  numbers: () => new InMemory<Float64Array>(Float64Array, room),
  codes: () => new InMemory<Uint32Array>(Uint32Array, room),
});

class InMemory<T extends Float64Array | Uint32Array> implements Collected<T> {
  readonly #values: GrowingArray<T>;

  constructor(Type: new (length: number) => T, room: number) {
    this.#values = new GrowingArray(Type, room);
  }

  append(values: T, count: number): void {
    this.#values.append(values, count);
  }

  end(absent: readonly number[] = []): Held<T> {
    const values = this.#values.all();
    for (const row of absent) values[row] = Number.NaN;
    return { all: () => values };
  }

  drop(): void {}
}

/** What a vector of DuckDB holds where it is one of texts. */
interface TextVector {
  readonly dataView: DataView<ArrayBuffer>;
  readonly validity: { readonly data: unknown; itemValid(row: number): boolean };
}
const TEXT_BYTES = 16;
const SHORT_TEXT = 12;

/** Collects cells as words. */
export class WordCellsBuilder {
  readonly #codes: Collected<Uint32Array>;
  readonly #words: WordBuilder;
  readonly #short = new WordTable();
  readonly #codesOfShort: number[] = [];

  constructor({ codes, words }: ColumnStore) {
    this.#codes = codes();
    this.#words = new WordBuilder(words);
    this.#short.begin();
  }

  append(vector: DuckDBVector, count: number): void {
    const codes = new Uint32Array(count);
    // A text has 16 bytes in a vector: its length and, if that is at most 12, its bytes.
    const { dataView: view, validity } = vector as unknown as TextVector;
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    for (let r = 0; r < count; r++) {
      const at = TEXT_BYTES * r;
      const length = view.getUint32(at, true);
      if (validity.data !== null && !validity.itemValid(r)) codes[r] = NO_WORD;
      else if (length > SHORT_TEXT || !this.#words.mayGrowBy(1))
        codes[r] = this.#words.code(vector.getItem(r) as string);
      else codes[r] = this.#shortCode(bytes, at + 4, at + 4 + length);
    }
    this.#codes.append(codes, count);
  }

  /** Returns the code of a text by its bytes, which are decoded once for many cells. */
  #shortCode(bytes: Buffer, start: number, end: number): number {
    const index = this.#short.code(bytes, start, end);
    if (index === this.#codesOfShort.length)
      this.#codesOfShort.push(this.#words.code(this.#short.own[index]));
    return this.#codesOfShort[index];
  }

  /** Adds cells that are given as indices of words, which are in the order of their first cells. */
  appendWords(words: readonly string[], indices: Uint32Array): void {
    const known = this.#words;
    if (known.mayGrowBy(words.length)) {
      const codes = words.map((word) => known.code(word));
      for (let r = 0; r < indices.length; r++) if (indices[r] !== NO_WORD) indices[r] = codes[indices[r]];
    } else {
      for (let r = 0; r < indices.length; r++) indices[r] = known.code(words[indices[r]] ?? null);
    }
    this.#codes.append(indices, indices.length);
  }

  drop(): void {
    this.#codes.drop();
    this.#words.drop();
  }

  cells(): Cells {
    const { all, onDisk } = this.#codes.end();
    return {
      kind: 'words',
      words: this.#words.words(),
      get codes() {
        return all();
      },
      onDisk,
    };
  }
}

/** Collects cells as numbers, days or times of day, with odd cells as text beside them. */
export class NumberCellsBuilder {
  readonly #values: Collected<Float64Array>;
  readonly #oddRows: number[] = [];
  readonly #oddWords: string[] = [];
  #largest = 0;
  /** Keeps one string object for each distinct word, however often it occurs. */
  readonly #known = new Map<string, string>();

  constructor(
    private readonly kind: 'numbers' | 'days' | 'clock',
    private readonly isDeclared: boolean,
    { numbers }: ColumnStore,
  ) {
    this.#values = numbers();
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

  /** Adds values, of which `largest` is the largest magnitude. */
  appendValues(values: Float64Array, largest: number): void {
    this.#largest = Math.max(this.#largest, largest);
    this.#values.append(values, values.length);
  }

  drop(): void {
    this.#values.drop();
  }

  /** Records an odd cell: its text counts, and the value that was appended for its row, if any, does not. */
  addOdd(row: number, word: string): void {
    if (!this.#known.has(word)) this.#known.set(word, word);
    this.#oddRows.push(row);
    this.#oddWords.push(this.#known.get(word)!);
  }

  cells(): Cells {
    const { all, onDisk } = this.#values.end(this.#oddRows);
    const odd = this.#oddRows.length === 0 ? NO_ODD_CELLS : { rows: this.#oddRows, words: this.#oddWords };
    const { isDeclared: declared } = this;
    const held =
      this.kind === 'numbers'
        ? ({ kind: 'numbers', odd, declared, largest: this.#largest, onDisk } as const)
        : ({ kind: 'days', clock: this.kind === 'clock', onDisk } as const);
    return Object.defineProperty(held, 'values', { get: all, enumerable: true }) as unknown as Cells;
  }
}
