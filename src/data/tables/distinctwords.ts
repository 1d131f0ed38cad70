/** Looks at the distinct words of a column, and at words that look like numbers but may be something else. */
import { type WordCells, wordCounts } from './cells.js';
import { splitNumber } from './numbers.js';
import { chooseWords, eachWord, everyWord, markWords, someWord, type Words } from './wordlist.js';

/** Distinct words are the different words of a column, each with the number of rows that hold it. */
export interface DistinctWords {
  readonly words: Words;
  readonly counts: ArrayLike<number>;
  /** Number of rows that hold one of the words. */
  readonly rows: number;
}

/** Returns the distinct words of cells. */
export function distinctWords(cells: WordCells): DistinctWords {
  const counts = wordCounts(cells);
  return { words: cells.words, counts, rows: counts.reduce((sum, count) => sum + count, 0) };
}

/** Counts the rows whose word is such that something holds. */
export function rowsWhere({ words, counts }: DistinctWords, holds: (word: string) => boolean): number {
  let rows = 0;
  eachWord(words, (word, code) => {
    if (holds(word)) rows += counts[code];
  });
  return rows;
}

/** Leaves out the words for which `isLeftOut` holds; it sees them trimmed. */
export function without(distinct: DistinctWords, isLeftOut: (word: string) => boolean): DistinctWords {
  const { words, counts } = distinct;
  const gone = markWords(words, (word) => isLeftOut(word.trim()));
  if (gone === null) return distinct;
  const kept = Uint32Array.from(counts).filter((_, code) => gone[code] === 0);
  return {
    words: chooseWords(words, (code) => gone[code] === 0),
    counts: kept,
    rows: kept.reduce((sum, count) => sum + count, 0),
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
  return someWord(words, (word) => !Number.isSafeInteger(Number(word)));
}

/**
 * Whether whole numbers are codes such as postcodes or telephone numbers, rather than quantities. They are if
 * they have one length and some begin with 0, or if all begin with 0.
 */
export function areCodes({ words }: DistinctWords): boolean {
  let leading = 0;
  let length: number | null = null;
  let oneLength = true;
  for (const word of words) {
    const code = word.trim();
    length ??= code.length;
    if (/^0\d/.test(code)) leading++;
    oneLength &&= /^\d/.test(code) && code.length === length;
  }
  return leading > 0 && (oneLength || leading === words.length);
}

/**
 * Whether some of these whole numbers have an exponent, as in `1234` and `1E57`, which may be a letter of a
 * code.
 */
export const mayBeCodes = (words: Words): boolean =>
  everyWord(words, (word) => /^\d+([eE]\d+)?$/.test(word.trim())) &&
  someWord(words, (word) => /e/i.test(word));

/**
 * Whether points may separate thousands. That is likely if numbers are written as no program writes decimals:
 * with three digits after every point, a final 0 in some, and no point in others, as in `1.500` and `950`.
 */
export function mayBeGrouped(words: Words): boolean {
  const coreOf = (word: string) => splitNumber(word)?.core ?? '';
  return (
    everyWord(words, (word) => /^(0|[1-9]\d{0,2}(\.\d{3})*)$/.test(coreOf(word))) &&
    someWord(words, (word) => /\..*0$/.test(coreOf(word))) &&
    someWord(words, (word) => !coreOf(word).includes('.'))
  );
}
