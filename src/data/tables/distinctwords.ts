/** Looks at the distinct words of a column, and at words that look like numbers but may be something else. */
import { type WordCells, wordCounts } from './cells.js';
import { splitNumber } from './numbers.js';

/** Distinct words are the different words of a column, each with the number of rows that hold it. */
export interface DistinctWords {
  readonly words: readonly string[];
  readonly counts: ArrayLike<number>;
  /** Number of rows that hold one of the words. */
  readonly rows: number;
}

/** Returns the distinct words of cells. */
export function distinctWords(cells: WordCells): DistinctWords {
  const counts = wordCounts(cells);
  return { words: cells.words, counts, rows: counts.reduce((sum, count) => sum + count, 0) };
}

/** Leaves out the words for which `isLeftOut` holds; it sees them trimmed. */
export function without(distinct: DistinctWords, isLeftOut: (word: string) => boolean): DistinctWords {
  const { words, counts } = distinct;
  const gone = words.map((word) => isLeftOut(word.trim()));
  if (!gone.includes(true)) return distinct;
  const kept = words.flatMap((_, code) => (gone[code] ? [] : [code]));
  return {
    words: kept.map((code) => words[code]),
    counts: kept.map((code) => counts[code]),
    rows: kept.reduce((sum, code) => sum + counts[code], 0),
  };
}

/** Most categories of a column, unless the user wants more. */
const MAX_CATEGORIES = 10_000;

/** Whether so many distinct words in so many rows identify the rows, as names do, rather than tell kinds. */
export const identifyRows = (distinct: number, rows: number): boolean =>
  distinct > MAX_CATEGORIES || 2 * distinct > rows;

/** Whether a word is a whole number. */
export const isWhole = (word: string): boolean => /^[+-]?\d+$/.test(word.trim());

/**
 * Whether a double cannot hold some of these whole numbers exactly. Such numbers are names (of accounts, of
 * parts) rather than quantities.
 */
export function exceedDoubles({ words }: DistinctWords): boolean {
  return words.some((word) => !Number.isSafeInteger(Number(word)));
}

/**
 * Whether whole numbers are codes such as postcodes or telephone numbers, rather than quantities. They are if
 * they have one length and some begin with 0, or if all begin with 0.
 */
export function areCodes({ words }: DistinctWords): boolean {
  const codes = words.map((word) => word.trim());
  const leading = codes.filter((code) => /^0\d/.test(code)).length;
  const oneLength = codes.every((code) => /^\d/.test(code) && code.length === codes[0].length);
  return leading > 0 && (oneLength || leading === codes.length);
}

/**
 * Whether some of these whole numbers have an exponent, as in `1234` and `1E57`, which may be a letter of a
 * code.
 */
export function mayBeCodes(words: readonly string[]): boolean {
  const codes = words.map((word) => word.trim());
  return codes.every((code) => /^\d+([eE]\d+)?$/.test(code)) && codes.some((code) => /e/i.test(code));
}

/**
 * Whether points may separate thousands. That is likely if numbers are written as no program writes decimals:
 * with three digits after every point, a final 0 in some, and no point in others, as in `1.500` and `950`.
 */
export function mayBeGrouped(words: readonly string[]): boolean {
  const cores = words.map((word) => splitNumber(word)?.core ?? '');
  return (
    cores.every((core) => /^(0|[1-9]\d{0,2}(\.\d{3})*)$/.test(core)) &&
    cores.some((core) => core.endsWith('0') && core.includes('.')) &&
    cores.some((core) => !core.includes('.'))
  );
}
