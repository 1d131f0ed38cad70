/**
 * Finds the number and date formats that the distinct words of a column allow, and how many rows each covers.
 */
import { type NumberFormat, PLAIN_FORMAT } from '../reading.js';
import { compileDateFormat, DATE_FORMATS, dateParser, YEAR_FIRST } from './dates.js';
import { type DistinctWords, rowsWhere } from './distinctwords.js';
import {
  CONVENTIONS,
  type Convention,
  type NumberParts,
  numberValue,
  splitNumber,
  unitKey,
} from './numbers.js';
import { eachWord, findWord, type Words } from './wordlist.js';

/** A candidate is a format that fits at least half of a column's rows. */
export interface Candidate<Format> {
  readonly format: Format;
  /** Number of rows whose word fits. */
  readonly good: number;
  /** Returns the value of a word; NaN if it does not fit. */
  readonly parse: (word: string) => number;
}

/**
 * Finds the number formats that fit at least half of the rows, those that fit most rows first. All of them
 * have the unit that most cells have.
 */
export function numberCandidates(
  distinct: DistinctWords,
  allowed: (convention: Convention) => boolean,
): Candidate<NumberFormat>[] {
  const common = commonUnit(distinct);
  if (common === null) return [];
  const unit = unitKey(common);
  const fits = (parts: NumberParts) =>
    unitKey(parts) === unit || (parts.prefix === '' && parts.suffix === '');
  const conventions = CONVENTIONS.filter(allowed);
  const good = conventions.map(() => 0);
  eachWord(distinct.words, (word, code) => {
    const parts = splitNumber(word);
    if (parts === null || !fits(parts)) return;
    for (const [i, convention] of conventions.entries())
      if (convention.fits.test(parts.core)) good[i] += distinct.counts[code];
  });
  const candidates = conventions.map((convention, i) => {
    const { decimal, thousands } = convention;
    const parse = (word: string) => {
      const parts = splitNumber(word);
      return parts !== null && fits(parts) && convention.fits.test(parts.core)
        ? numberValue(parts, convention)
        : Number.NaN;
    };
    return { format: { ...PLAIN_FORMAT, decimal, thousands, ...common }, good: good[i], parse };
  });
  return byCover(candidates.filter(({ good }) => good > 0 && 2 * good >= distinct.rows));
}

/** Whether a word is a number in any format. */
export function isNumberInAnyFormat(word: string): boolean {
  const parts = splitNumber(word);
  return parts !== null && CONVENTIONS.some(({ fits }) => fits.test(parts.core));
}

/**
 * Returns the unit of most rows, in its most frequent spelling, and whether other rows have no unit; null if
 * more than half of the rows hold no number.
 */
function commonUnit({
  words,
  counts,
  rows,
}: DistinctWords): Pick<NumberFormat, 'prefix' | 'suffix' | 'bare'> | null {
  const spellings = new Map<string, { prefix: string; suffix: string; rows: number }>();
  const rowsOfUnit = new Map<string, number>();
  let [bad, code] = [0, 0];
  let bare = false;
  for (const word of words) {
    const count = counts[code++];
    const parts = splitNumber(word);
    if (parts === null) {
      bad += count;
      if (2 * bad > rows) return null;
      continue;
    }
    const { prefix, suffix } = parts;
    if (prefix === '' && suffix === '') bare = true;
    else {
      const spelling = `${prefix}\n${suffix}`;
      spellings.set(spelling, { prefix, suffix, rows: (spellings.get(spelling)?.rows ?? 0) + count });
      const unit = unitKey(parts);
      rowsOfUnit.set(unit, (rowsOfUnit.get(unit) ?? 0) + count);
    }
  }
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
  if (2 * rowsWhere(distinct, mayBeDate) < distinct.rows) return [];
  const found = fitting(DATE_FORMATS, distinct);
  return found.some(({ good }) => good === distinct.rows)
    ? found
    : byCover([...found, ...fitting(YEAR_FIRST, distinct)]);
}

/** Matches what every date has: a mark between digits, or the name of a month. */
const DATE_LIKE = /\d[-/.: ,]+\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec/i;

/** Matches the letters that stand together in dates: names of months and days, `1st`, `T`, am, pm, zones. */
const DATE_LETTERS =
  /^(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?|(mon|tue|wed|thu|fri|sat|sun)[a-z]*|(st|nd|rd|th)?t?|[ap]?m?(z|utc|gmt)?)$/i;

/** Whether a word may be a date, told by its letters and by what all dates have. */
const mayBeDate = (word: string): boolean =>
  DATE_LIKE.test(word) && (word.match(/[a-z]+/gi) ?? []).every((letters) => DATE_LETTERS.test(letters));

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
  let [key, pattern]: [string, Pattern] = ['', { example: '', rows: 0 }];
  eachWord(words, (word, code) => {
    // Nearly all words are written as the one before.
    if (!isWrittenAs(key, word)) {
      key = word.replace(/\d/g, '0');
      pattern = patterns.get(key) ?? { example: word, rows: 0 };
      patterns.set(key, pattern);
    }
    pattern.rows += counts[code];
  });
  return [...patterns.values()];
}

const [ZERO, NINE] = [0x30, 0x39];

/** Whether a key is a word with every digit replaced by 0. */
function isWrittenAs(key: string, word: string): boolean {
  if (key.length !== word.length || word === '') return false;
  for (let i = 0; i < word.length; i++) {
    const character = word.charCodeAt(i);
    const isDigit = character >= ZERO && character <= NINE;
    if (key.charCodeAt(i) !== (isDigit ? ZERO : character)) return false;
  }
  return true;
}

const PARSERS = [...DATE_FORMATS, ...YEAR_FIRST].map(dateParser);

/** Whether a word is a date in any format. */
export const isDateInAnyFormat = (word: string): boolean =>
  mayBeDate(word) && PARSERS.some((parse) => !Number.isNaN(parse(word)));

/** Returns the formats that fit at least half of the rows. */
function fitting(formats: readonly string[], distinct: DistinctWords): Candidate<string>[] {
  const { rows } = distinct;
  const patterns = patternsOf(distinct);
  const found: Candidate<string>[] = [];
  for (const format of formats) {
    const { parse, matches } = compileDateFormat(format);
    const possible = patterns.reduce((sum, { example, rows }) => sum + (matches(example) ? rows : 0), 0);
    if (2 * possible < rows) continue;
    const good = rowsWhere(distinct, (word) => !Number.isNaN(parse(word)));
    if (good > 0 && 2 * good >= rows) found.push({ format, good, parse: parse });
  }
  return byCover(found);
}

/** Sorts candidates, those that fit most rows first; equally good ones keep their order. */
const byCover = <Format>(candidates: Candidate<Format>[]): Candidate<Format>[] =>
  candidates.sort((a, b) => b.good - a.good);

/**
 * Returns the candidates that fit as many rows as the first one but give some word another value. If there
 * are any, the column is ambiguous.
 */
export const rivals = <Format>(
  [first, ...others]: readonly Candidate<Format>[],
  { words }: DistinctWords,
): Candidate<Format>[] =>
  others.filter((other) => other.good === first.good && differingWord(first, other, words) !== undefined);

/** Returns the first word that two formats give different values; undefined if there is none. */
export const differingWord = <Format>(
  a: Candidate<Format>,
  b: Candidate<Format>,
  words: Words,
): string | undefined => findWord(words, (word) => !Object.is(a.parse(word), b.parse(word)));
