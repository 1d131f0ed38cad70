/**
 * Finds the number and date formats that the distinct words of a column allow, and how many rows each covers.
 */
import { type NumberFormat, PLAIN_FORMAT } from '../reading.js';
import { compileDateFormat, DATE_FORMATS, dateParser, YEAR_FIRST } from './dates.js';
import type { DistinctWords } from './distinctwords.js';
import {
  CONVENTIONS,
  type Convention,
  type NumberParts,
  numberValue,
  splitNumber,
  unitKey,
} from './numbers.js';

/** A candidate is a format that fits at least half of a column's rows. */
export interface Candidate<Format> {
  readonly format: Format;
  /** Number of rows whose word fits. */
  readonly good: number;
  /** Value of each word; NaN if it does not fit. */
  readonly values: Float64Array;
}

/**
 * Finds the number formats that fit at least half of the rows, those that fit most rows first. All of them
 * have the unit that most cells have.
 */
export function numberCandidates(
  { words, counts, rows }: DistinctWords,
  allowed: (convention: Convention) => boolean,
): Candidate<NumberFormat>[] {
  const split = splitAll({ words, counts, rows });
  if (split === null) return [];
  const { prefix, suffix, bare } = commonUnit(split, counts);
  const unit = unitKey({ prefix, suffix });
  const fits = (parts: NumberParts | null): parts is NumberParts =>
    parts !== null && (unitKey(parts) === unit || (parts.prefix === '' && parts.suffix === ''));
  const candidates = CONVENTIONS.filter(allowed)
    .map((convention) => {
      const { decimal, thousands } = convention;
      const values = Float64Array.from(split, (parts) =>
        fits(parts) && convention.fits.test(parts.core) ? numberValue(parts, convention) : Number.NaN,
      );
      const format = { ...PLAIN_FORMAT, decimal, thousands, prefix, suffix, bare };
      return { format, good: covered(values, counts), values };
    })
    .filter(({ good }) => good > 0 && 2 * good >= rows);
  return byCover(candidates);
}

/**
 * Splits every word into the parts of a number; returns null once more than half of the rows hold no number.
 */
function splitAll({ words, counts, rows }: DistinctWords): (NumberParts | null)[] | null {
  const split: (NumberParts | null)[] = [];
  let bad = 0;
  for (let code = 0; code < words.length; code++) {
    const parts = splitNumber(words[code]);
    if (parts === null) bad += counts[code];
    if (2 * bad > rows) return null;
    split.push(parts);
  }
  return split;
}

/** Whether a word is a number in any format. */
export function isNumberInAnyFormat(word: string): boolean {
  const parts = splitNumber(word);
  return parts !== null && CONVENTIONS.some(({ fits }) => fits.test(parts.core));
}

/** Returns the unit of most rows, in its most frequent spelling, and whether other rows have no unit. */
function commonUnit(
  split: readonly (NumberParts | null)[],
  counts: ArrayLike<number>,
): Pick<NumberFormat, 'prefix' | 'suffix' | 'bare'> {
  const spellings = new Map<string, { prefix: string; suffix: string; rows: number }>();
  const rowsOfUnit = new Map<string, number>();
  let bare = false;
  split.forEach((parts, code) => {
    if (parts === null) return;
    const { prefix, suffix } = parts;
    if (prefix === '' && suffix === '') bare = true;
    else {
      const spelling = `${prefix}\n${suffix}`;
      const rows = (spellings.get(spelling)?.rows ?? 0) + counts[code];
      spellings.set(spelling, { prefix, suffix, rows });
      const unit = unitKey(parts);
      rowsOfUnit.set(unit, (rowsOfUnit.get(unit) ?? 0) + counts[code]);
    }
  });
  const total = (unit: Pick<NumberParts, 'prefix' | 'suffix'>) => rowsOfUnit.get(unitKey(unit))!;
  const [most] = [...spellings.values()].sort((a, b) => total(b) - total(a) || b.rows - a.rows);
  return most === undefined
    ? { prefix: '', suffix: '', bare: false }
    : { prefix: most.prefix, suffix: most.suffix, bare };
}

/**
 * Finds the date formats that fit at least half of the rows, those that fit most rows first. Formats that
 * begin with a two-digit year are tried only if no other format fits all rows.
 */
export function dateCandidates(distinct: DistinctWords): Candidate<string>[] {
  const { words, counts, rows } = distinct;
  const possible = words.reduce((sum, word, code) => sum + (DATE_LIKE.test(word) ? counts[code] : 0), 0);
  if (2 * possible < rows) return [];
  const found = fitting(DATE_FORMATS, distinct);
  return found.some(({ good }) => good === rows)
    ? found
    : byCover([...found, ...fitting(YEAR_FIRST, distinct)]);
}

/** Matches what every date has: a mark between digits, or the name of a month. */
const DATE_LIKE = /\d[-/.: ,]+\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec/i;

/**
 * A pattern is a word with every digit replaced by 0. Words of one pattern are written in the same formats,
 * so one example shows for all of them which formats may fit.
 */
interface Pattern {
  readonly example: string;
  rows: number;
}

function patternsOf({ words, counts }: DistinctWords): Pattern[] {
  const patterns = new Map<string, Pattern>();
  words.forEach((word, code) => {
    const key = word.replace(/\d/g, '0');
    const pattern = patterns.get(key);
    if (pattern === undefined) patterns.set(key, { example: word, rows: counts[code] });
    else pattern.rows += counts[code];
  });
  return [...patterns.values()];
}

const PARSERS = [...DATE_FORMATS, ...YEAR_FIRST].map(dateParser);

/** Whether a word is a date in any format. */
export const isDateInAnyFormat = (word: string): boolean =>
  DATE_LIKE.test(word) && PARSERS.some((parse) => !Number.isNaN(parse(word)));

/** Returns the formats that fit at least half of the rows. */
function fitting(formats: readonly string[], distinct: DistinctWords): Candidate<string>[] {
  const { words, counts, rows } = distinct;
  const patterns = patternsOf(distinct);
  const found: Candidate<string>[] = [];
  for (const format of formats) {
    const { parse, matches } = compileDateFormat(format);
    const possible = patterns.reduce((sum, { example, rows }) => sum + (matches(example) ? rows : 0), 0);
    if (2 * possible < rows) continue;
    const values = new Float64Array(words.length);
    let good = 0;
    let bad = 0;
    for (let code = 0; code < words.length && 2 * bad <= rows; code++) {
      values[code] = parse(words[code]);
      if (Number.isNaN(values[code])) bad += counts[code];
      else good += counts[code];
    }
    if (good > 0 && 2 * bad <= rows) found.push({ format, good, values });
  }
  return byCover(found);
}

/** Sorts candidates, those that fit most rows first; equally good ones keep their order. */
const byCover = <Format>(candidates: Candidate<Format>[]): Candidate<Format>[] =>
  candidates.sort((a, b) => b.good - a.good);

/** Counts the rows whose word has a value. */
function covered(values: Float64Array, counts: ArrayLike<number>): number {
  return values.reduce((sum, value, code) => sum + (Number.isNaN(value) ? 0 : counts[code]), 0);
}

/**
 * Returns the candidates that fit as many rows as the first one but give some word another value. If there
 * are any, the column is ambiguous.
 */
export function rivals<Format>([first, ...others]: readonly Candidate<Format>[]): Candidate<Format>[] {
  return others.filter(
    ({ good, values }) =>
      good === first.good && values.some((value, code) => !Object.is(value, first.values[code])),
  );
}
