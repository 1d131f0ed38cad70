/**
 * A column's cells as its source holds them, before it is decided what they mean: words, or numbers and days
 * where the source declares them or every cell is plainly one.
 */

/** Words in order of appearance, and for every row the index of its word. No object is made for a row. */
export interface WordCells {
  readonly kind: 'words';
  readonly words: readonly string[];
  /** [rows], NO_WORD where the source has no value */
  readonly codes: Uint32Array;
}

/** Numbers read on the way in; what is not plainly a number is kept beside them as text. */
export interface NumberCells {
  readonly kind: 'numbers';
  /** [rows], NaN where there is no value or an odd one */
  readonly values: Float64Array;
  readonly odd: OddCells;
  /** the largest absolute value, infinite where one is */
  readonly largest: number;
  /** whether the source declares the type, so that the values are no reading of ours */
  readonly declared: boolean;
}

/** Cells of a number column that are not plain numbers, in the order of their rows. */
export interface OddCells {
  readonly rows: readonly number[];
  readonly words: readonly string[];
}

/** Dates and times that the source declares as such. */
export interface DayCells {
  readonly kind: 'days';
  /** [rows] days since 1970-01-01, NaN where there is no value */
  readonly values: Float64Array;
  /** whether the source's type has a time of day alone */
  readonly clock: boolean;
}

export type Cells = WordCells | NumberCells | DayCells;

export const NO_WORD = 0xffff_ffff;
export const NO_ODD_CELLS: OddCells = { rows: [], words: [] };

/** How often each word occurs. */
export function wordCounts({ codes, words }: WordCells): Uint32Array {
  const counts = new Uint32Array(words.length);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) counts[codes[row]]++;
  return counts;
}

export function rowsOf(cells: Cells): number {
  return cells.kind === 'words' ? cells.codes.length : cells.values.length;
}

/**
 * More different words than a column can have as categories or classes: whether one comes again no longer
 * matters.
 */
const MANY = 2 ** 17;

/** Gives every different word a code while a column is read; from MANY on, every cell. */
export class WordBuilder {
  readonly words: string[] = [];
  readonly #codeOf = new Map<string, number>();

  code(word: string | null): number {
    if (word === null) return NO_WORD;
    if (this.words.length >= MANY) return this.words.push(word) - 1;
    const known = this.#codeOf.get(word);
    if (known !== undefined) return known;
    this.#codeOf.set(word, this.words.length);
    return this.words.push(word) - 1;
  }
}

/** Text in place of numbers and days, for a column that is read as words. */
export function asWords(cells: Cells, dayName: (days: number) => string): WordCells {
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
  return { kind: 'words', words: builder.words, codes };
}
