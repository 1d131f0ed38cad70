/** Which readings the different words of a column allow, and how many rows each of them covers. */
import { type NumberFormat, PLAIN_FORMAT } from '../reading.js';
import { DATE_FORMATS, dateParser, dateReader, YEAR_FIRST } from './dates.js';
import {
  CONVENTIONS,
  type Convention,
  type NumberParts,
  numberValue,
  splitNumber,
  unitKey,
} from './numbers.js';

/** The different words of a column that are not missing values, and how many rows hold each. */
export interface DistinctWords {
  readonly words: readonly string[];
  readonly counts: ArrayLike<number>;
  readonly rows: number;
}

export interface Candidate<Format> {
  readonly format: Format;
  /** rows whose word fits */
  readonly good: number;
  /** the value of each word; NaN where it does not fit */
  readonly values: Float64Array;
}

/** The number conventions, those that cover most rows first, each with the unit that most cells have. */
export function numberCandidates(
  { words, counts, rows }: DistinctWords,
  allowed: (convention: Convention) => boolean,
): Candidate<NumberFormat>[] {
  const shapes = shapesOf({ words, counts, rows });
  if (shapes === null) return [];
  const { prefix, suffix, bare } = commonUnit(shapes, counts);
  const unit = unitKey({ prefix, suffix });
  const fits = (shape: NumberParts | null): shape is NumberParts =>
    shape !== null && (unitKey(shape) === unit || (shape.prefix === '' && shape.suffix === ''));
  return CONVENTIONS.filter(allowed)
    .map(({ decimal, thousands, ...convention }) => {
      const values = Float64Array.from(shapes, (shape) =>
        fits(shape) && convention.fits.test(shape.core)
          ? numberValue(shape, { decimal, thousands, ...convention })
          : Number.NaN,
      );
      const format = { ...PLAIN_FORMAT, decimal, thousands, prefix, suffix, bare };
      return { format, good: covered(values, counts), values };
    })
    .filter(({ good }) => good > 0 && 2 * good >= rows)
    .sort((a, b) => b.good - a.good);
}

/** What each word is made of; null as soon as more than half of the rows hold no number of any kind. */
function shapesOf({ words, counts, rows }: DistinctWords): (NumberParts | null)[] | null {
  const shapes: (NumberParts | null)[] = [];
  let bad = 0;
  for (let code = 0; code < words.length; code++) {
    const shape = splitNumber(words[code]);
    if (shape === null) bad += counts[code];
    if (2 * bad > rows) return null;
    shapes.push(shape);
  }
  return shapes;
}

export function isNumberSomehow(word: string): boolean {
  const shape = splitNumber(word);
  return shape !== null && CONVENTIONS.some(({ fits }) => fits.test(shape.core));
}

/** The unit of most rows, in its most frequent spelling, and whether other rows have none. */
function commonUnit(
  shapes: readonly (NumberParts | null)[],
  counts: ArrayLike<number>,
): Pick<NumberFormat, 'prefix' | 'suffix' | 'bare'> {
  const spellings = new Map<string, { prefix: string; suffix: string; rows: number }>();
  const ofUnit = new Map<string, number>();
  let bare = false;
  shapes.forEach((shape, code) => {
    if (shape === null) return;
    const { prefix, suffix } = shape;
    if (prefix === '' && suffix === '') bare = true;
    else {
      const spelled = `${prefix}\n${suffix}`;
      const rows = (spellings.get(spelled)?.rows ?? 0) + counts[code];
      spellings.set(spelled, { prefix, suffix, rows });
      const unit = unitKey(shape);
      ofUnit.set(unit, (ofUnit.get(unit) ?? 0) + counts[code]);
    }
  });
  const total = (unit: Pick<NumberParts, 'prefix' | 'suffix'>) => ofUnit.get(unitKey(unit))!;
  const [most] = [...spellings.values()].sort((a, b) => total(b) - total(a) || b.rows - a.rows);
  return most === undefined
    ? { prefix: '', suffix: '', bare: false }
    : { prefix: most.prefix, suffix: most.suffix, bare };
}

/**
 * The date formats, those that cover most rows first. A two-digit year comes first only where nothing else
 * fits.
 */
export function dateCandidates(spellings: DistinctWords): Candidate<string>[] {
  const { words, counts, rows } = spellings;
  const possible = words.reduce((sum, word, code) => sum + (DATE_LIKE.test(word) ? counts[code] : 0), 0);
  if (2 * possible < rows) return [];
  const found = fitting(DATE_FORMATS, spellings);
  return found.some(({ good }) => good === spellings.rows)
    ? found
    : byCover([...found, ...fitting(YEAR_FIRST, spellings)]);
}

/** What every date has: a mark between digits, or the name of a month. */
const DATE_LIKE = /\d[-/.: ,]+\d|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec/i;

/**
 * Words of one pattern of digits and other characters stand or fall together, but for days that do not exist.
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

export const isDateSomehow = (word: string): boolean =>
  DATE_LIKE.test(word) && PARSERS.some((parse) => !Number.isNaN(parse(word)));

/** The formats that cover at least half of the rows. */
function fitting(formats: readonly string[], spellings: DistinctWords): Candidate<string>[] {
  const { words, counts, rows } = spellings;
  const patterns = patternsOf(spellings);
  const found: Candidate<string>[] = [];
  for (const format of formats) {
    const { parse, matches } = dateReader(format);
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

const byCover = <Format>(candidates: Candidate<Format>[]): Candidate<Format>[] =>
  candidates.sort((a, b) => b.good - a.good);

function covered(values: Float64Array, counts: ArrayLike<number>): number {
  return values.reduce((sum, value, code) => sum + (Number.isNaN(value) ? 0 : counts[code]), 0);
}

/**
 * Candidates of equal cover that give some word another value than the first does: the question a column
 * asks.
 */
export function rivals<Format>([first, ...others]: readonly Candidate<Format>[]): Candidate<Format>[] {
  return others.filter(
    ({ good, values }) =>
      good === first.good && values.some((value, code) => !Object.is(value, first.values[code])),
  );
}

/** Different spellings of two values, in capitals and with spaces. */
const MOST_TRUTHS = 20;
const TRUTHS = [
  ['false', 'true'],
  ['f', 't'],
  ['no', 'yes'],
  ['n', 'y'],
  ['off', 'on'],
] as const;

/**
 * The two spellings of a boolean column, the more frequent where a value has several; null where it is none.
 */
export function booleanSpellings({ words, counts }: DistinctWords): [string, string] | null {
  if (words.length > MOST_TRUTHS) return null;
  for (const [no, yes] of TRUTHS) {
    const values = words.map((word) => [no, yes].indexOf(word.trim().toLowerCase() as never));
    if (values.includes(-1)) continue;
    const spelled = (wanted: number) => {
      let best = -1;
      values.forEach((value, code) => {
        if (value === wanted && (best < 0 || counts[code] > counts[best])) best = code;
      });
      return words[best]?.trim();
    };
    const spellings = [spelled(0), spelled(1)];
    if (spellings[0] !== undefined && spellings[1] !== undefined) return [spellings[0], spellings[1]];
  }
  return null;
}

export const isWhole = (word: string): boolean => /^[+-]?\d+$/.test(word.trim());

/**
 * Whole numbers of which a double cannot hold some exactly are names (of accounts, of parts), not quantities.
 */
export function tooLarge({ words }: DistinctWords): boolean {
  return words.some((word) => !Number.isSafeInteger(Number(word)));
}

/**
 * Digits of one length some of which begin with 0, or of any length and all beginning with 0: codes
 * (postcodes, telephone numbers), not quantities.
 */
export function isCode({ words }: DistinctWords): boolean {
  const codes = words.map((word) => word.trim());
  const leading = codes.filter((code) => /^0\d/.test(code)).length;
  const oneLength = codes.every((code) => /^\d/.test(code) && code.length === codes[0].length);
  return leading > 0 && (oneLength || leading === codes.length);
}

/** Whole numbers of which some have an exponent, `1234` and `1E57`: that may be a letter of a code. */
export function mayBeCodes(words: readonly string[]): boolean {
  const codes = words.map((word) => word.trim());
  return codes.every((code) => /^\d+([eE]\d+)?$/.test(code)) && codes.some((code) => /e/i.test(code));
}

/**
 * Numbers written as no program writes decimals: three digits after every point and 0 the last of some,
 * beside others without a point. `1.500` and `950` are more likely thousands.
 */
export function mayBeGrouped(words: readonly string[]): boolean {
  const cores = words.map((word) => splitNumber(word)?.core ?? '');
  return (
    cores.every((core) => /^(0|[1-9]\d{0,2}(\.\d{3})*)$/.test(core)) &&
    cores.some((core) => core.endsWith('0') && core.includes('.')) &&
    cores.some((core) => !core.includes('.'))
  );
}
