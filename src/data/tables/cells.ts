/**
 * Defines cells: the content of a column as its source holds it, before it is decided what it means. Cells
 * are words, or numbers and days where the source declares them or the cells are plainly numbers.
 */
import type { ColumnFile } from './columnfiles.js';
import { dayName } from './dates.js';
import type { Words } from './wordlist.js';

/** A column on disk. */
export interface OnDisk<T extends Float64Array | Uint32Array> {
  readonly rows: number;
  readonly file: ColumnFile;
  /** Reads the values piece by piece, in the order of the rows. A piece is overwritten by the next one. */
  readonly pieces: () => Iterable<T>;
}

/**
 * Word cells list the distinct words of a column, and for every row the index of its word. Where there are
 * very many, a word may be listed more than once.
 */
export interface WordCells {
  readonly kind: 'words';
  readonly words: Words;
  /** Index of each row's word, [rows]; NO_WORD where the source has no value. */
  readonly codes: Uint32Array;
  /** Where they are on disk: what is read of `codes` is read as a whole. */
  readonly onDisk?: OnDisk<Uint32Array> | undefined;
}

/** Number cells were converted while they were read; those that are not plainly numbers are kept as text. */
export interface NumberCells {
  readonly kind: 'numbers';
  /** Value of each row, [rows]; NaN where there is none or the cell is odd. */
  readonly values: Float64Array;
  readonly onDisk?: OnDisk<Float64Array> | undefined;
  readonly odd: OddCells;
  /** Largest absolute value; infinite if there is an infinite one. */
  readonly largest: number;
  /** Whether the source declares the column numeric, so that no text was interpreted. */
  readonly declared: boolean;
}

/** Odd cells are the cells of a number column that are not plain numbers, in the order of their rows. */
interface OddCells {
  readonly rows: readonly number[];
  readonly words: readonly string[];
}

/** Day cells are dates or times that the source declares as such. */
interface DayCells {
  readonly kind: 'days';
  /** Days since 1970-01-01, [rows]; NaN where there is no value. */
  readonly values: Float64Array;
  readonly onDisk?: OnDisk<Float64Array> | undefined;
  /** Whether the source's type is a time of day without a date. */
  readonly clock: boolean;
}

/** Cells are the content of a column before it is decided what it means. */
export type Cells = WordCells | NumberCells | DayCells;

/** The code of a row without a word. */
export const NO_WORD = 0xffff_ffff;
/** The odd cells of a column that has none. */
export const NO_ODD_CELLS: OddCells = { rows: [], words: [] };

/** Returns the values of a column piece by piece, in the order of its rows. */
export const numberPieces = (column: Pick<NumberCells, 'values' | 'onDisk'>): Iterable<Float64Array> =>
  column.onDisk?.pieces() ?? [column.values];
export const codePieces = (column: Pick<WordCells, 'codes' | 'onDisk'>): Iterable<Uint32Array> =>
  column.onDisk?.pieces() ?? [column.codes];

/** Counts the rows of each word. */
export function wordCounts(cells: Pick<WordCells, 'codes' | 'words' | 'onDisk'>): Uint32Array {
  const counts = new Uint32Array(cells.words.length);
  for (const codes of codePieces(cells))
    for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) counts[codes[row]]++;
  return counts;
}

/** Returns the number of rows. */
export function rowsOf(cells: Cells): number {
  return cells.onDisk?.rows ?? (cells.kind === 'words' ? cells.codes : cells.values).length;
}

/**
 * Number of distinct words up to which repeats are recognised. No column may have as many categories or
 * classes, so beyond it the memory for more words would buy nothing.
 */
const MAX_KNOWN_WORDS = 2 ** 17;

/** Takes the words of a column one after the other. */
export interface CollectedWords {
  append(word: string): void;
  end(): Words;
  /** Gives up what was collected. */
  drop(): void;
}

class WordsInMemory implements CollectedWords {
  readonly #words: string[] = [];

  append(word: string): void {
    this.#words.push(word);
  }

  end(): Words {
    return this.#words;
  }

  drop(): void {}
}

/**
 * Gives every distinct word a code while a column is read; after MAX_KNOWN_WORDS, gives one to every cell.
 */
export class WordBuilder {
  #count = 0;
  readonly #codeOf = new Map<string, number>();
  #collected: CollectedWords | null = null;

  /** @param collect where words go that are too many to be known; to memory, if left out */
  constructor(private readonly collect: () => CollectedWords = () => new WordsInMemory()) {}

  /** Whether so many more words leave every word's repeats recognised. */
  mayGrowBy(words: number): boolean {
    return this.#count + words < MAX_KNOWN_WORDS;
  }

  code(word: string | null): number {
    if (word === null) return NO_WORD;
    if (this.#count < MAX_KNOWN_WORDS) {
      const known = this.#codeOf.get(word);
      if (known !== undefined) return known;
      this.#codeOf.set(word, this.#count);
    } else {
      this.#collected ??= this.#collectAll();
      this.#collected.append(word);
    }
    return this.#count++;
  }

  /** Begins to collect the words that are too many to be known, after those that are. */
  #collectAll(): CollectedWords {
    const collected = this.collect();
    for (const word of this.#codeOf.keys()) collected.append(word);
    this.#codeOf.clear();
    return collected;
  }

  /** Returns all words by their codes; no more can be added. */
  words(): Words {
    return this.#collected?.end() ?? [...this.#codeOf.keys()];
  }

  /** Gives up what was collected. */
  drop(): void {
    this.#collected?.drop();
  }
}

/** Turns numbers and days back into text, for a column that is read as words. */
export function asWords(cells: Cells): WordCells {
  if (cells.kind === 'words') return cells;
  const builder = new WordBuilder();
  const text = cells.kind === 'days' ? dayName : String;
  const codes = Uint32Array.from(cells.values, (value) =>
    builder.code(Number.isNaN(value) ? null : text(value)),
  );
  if (cells.kind === 'numbers') {
    cells.odd.rows.forEach((row, i) => {
      codes[row] = builder.code(cells.odd.words[i]);
    });
  }
  return { kind: 'words', words: builder.words(), codes };
}
