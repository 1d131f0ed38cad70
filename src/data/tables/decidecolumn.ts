/**
 * What a column is, decided on all its values: numbers in some format, dates in some format, a boolean, or
 * words. The rules are written down in docs/data.md; this file is where they are applied, for every source
 * alike.
 */
import { isPlain, MISSING_WORDS, type NumberFormat, PLAIN_FORMAT, type Reading } from '../reading.js';
import {
  booleanSpellings,
  type Candidate,
  type DistinctWords,
  dateCandidates,
  isWhole,
  mayBeGrouped,
  numberCandidates,
  rivals,
} from './candidates.js';
import { type Cells, type WordCells, wordCounts } from './cells.js';
import { dayName } from './dates.js';
import type { ColumnOverrides } from './overrides.js';
import {
  codeQuestion,
  decimalQuestion,
  percentQuestion,
  quoted,
  whyDate,
  whyNames,
  whyNoDates,
  whyNumber,
  whyWords,
} from './reasons.js';

/** What is known of the whole file when a single column leaves a question open. */
export interface ColumnContext {
  /** the decimal mark that other columns of the file surely use */
  readonly decimal: '.' | ',' | null;
  readonly isTarget: boolean;
}

export interface ColumnDecision {
  readonly reading: Reading;
  /** why, for a person; null where nothing was assumed */
  readonly why: string | null;
  /** two readings fit every value and differ: which one, and the flag that says so */
  readonly question: string | null;
  /** whether a category is wanted however many there are */
  readonly forced: boolean;
}

/** Of a column that is plainly meant as numbers or dates, the share of cells that may fail to be one. */
const BROKEN_SHARE = 0.05;

/**
 * In a column of numbers or dates these stand for a missing value as well; elsewhere they are words like
 * others.
 */
const PLACEHOLDERS = new Set(
  '-|--|---|–|—|.|..|…|n.a.|n.a|na|n/a|<na>|none|nil|null|(null)|nan|nat|unknown|unkn|unk|missing|not available|not applicable|not known|no data|undefined|tbd|tba|blank|empty|#n/a|#na|#null!|#value!|#div/0!|#ref!|#name?|#num!|\\n|*'.split(
    '|',
  ),
);

/**
 * The reading of a column of words, or of numbers read on the way in; null where its text is needed to tell.
 */
export function decideColumn(
  cells: Cells,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision | null {
  if (cells.kind === 'days') {
    return typed({ as: 'date', format: cells.clock ? 'hh:mm' : 'yyyy-mm-dd', missing: standard(overrides) });
  }
  if (cells.kind === 'words') return decideWords(cells, overrides, context);
  const plain = typed({ as: 'number', ...PLAIN_FORMAT, missing: standard(overrides) });
  if (overrides.as === 'text' || overrides.as === 'category' || overrides.dateFormat !== undefined)
    return null;
  if (overrides.decimal === ',' && !cells.declared) return null;
  const skip = new Set(standard(overrides));
  if (cells.odd.words.some((word) => !skip.has(word.trim()))) return null;
  if (cells.largest > Number.MAX_SAFE_INTEGER && !cells.declared) return null;
  return cells.declared ? plain : { ...plain, why: whyNoDates(cells.values, overrides) };
}

const typed = (reading: Reading): ColumnDecision => ({
  reading,
  why: null,
  question: null,
  forced: false,
});

const standard = ({ missing }: ColumnOverrides): string[] => [...new Set([...MISSING_WORDS, ...missing])];

function decideWords(cells: WordCells, overrides: ColumnOverrides, context: ColumnContext): ColumnDecision {
  const counts = wordCounts(cells);
  const all: DistinctWords = {
    words: cells.words,
    counts,
    rows: counts.reduce((sum, count) => sum + count, 0),
  };
  const asWords = words(all, overrides, context);
  if (overrides.as === 'text' || overrides.as === 'category')
    return { ...asWords, forced: overrides.as === 'category' };
  const missing = standard(overrides);
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const isPlaceholder = (word: string) => word.length < 20 && PLACEHOLDERS.has(word.toLowerCase());
  const quantities = context.isTarget ? present : without(present, isPlaceholder);
  if (overrides.dateFormat !== undefined) {
    return { ...typed({ as: 'date', format: overrides.dateFormat, missing }), why: 'as --date-format says' };
  }
  if (quantities.rows === 0) {
    return present.rows > 0 ? asWords : typed({ as: 'number', ...PLAIN_FORMAT, missing });
  }
  const met = quantities === present ? [] : present.words.map((word) => word.trim()).filter(isPlaceholder);
  const found =
    overrides.as === 'number'
      ? numbersAtAnyCost(quantities, overrides, context)
      : best(quantities, overrides, context);
  if (found === null) return { ...asWords, why: asWords.why ?? whyWords(quantities) };
  if (found.reading.as === 'words') return { ...asWords, why: found.why };
  return { ...found, reading: { ...found.reading, missing: [...new Set([...missing, ...met])] } };
}

/** The spellings that are left when some are missing values: usually all of them. */
function without(spellings: DistinctWords, isMissing: (word: string) => boolean): DistinctWords {
  const { words, counts } = spellings;
  const gone = words.map((word) => isMissing(word.trim()));
  if (!gone.includes(true)) return spellings;
  const kept = words.flatMap((_, code) => (gone[code] ? [] : [code]));
  return {
    words: kept.map((code) => words[code]),
    counts: kept.map((code) => counts[code]),
    rows: kept.reduce((sum, code) => sum + counts[code], 0),
  };
}

/**
 * Words as they are; a boolean where there are the two of a pair. In a target only an empty cell is missing.
 */
function words(all: DistinctWords, overrides: ColumnOverrides, { isTarget }: ColumnContext): ColumnDecision {
  const usualWords = isTarget ? ['', ...overrides.missing] : standard(overrides);
  const isNamibia = !isTarget && !overrides.missing.includes('NA') && holdsNaAsCode(all, usualWords);
  const missing = isNamibia ? usualWords.filter((word) => word !== 'NA') : usualWords;
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const spellings = overrides.as === undefined ? booleanSpellings(present) : null;
  const reading: Reading = spellings ? { as: 'boolean', spellings, missing } : { as: 'words', missing };
  if (isNamibia) {
    const why = `"NA" is a word like the others of two capitals; --missing NA makes it a missing value`;
    return { ...typed(reading), why };
  }
  if (!isTarget) return typed(reading);
  const usual = present.words.filter((word) => (MISSING_WORDS as readonly string[]).includes(word.trim()));
  if (usual.length === 0) return typed(reading);
  const which = usual.map((word) => `"${word.trim()}"`).join(', ');
  return {
    ...typed(reading),
    why: `${which} is a class like any other; --missing '${usual[0].trim()}' leaves its rows out`,
  };
}

/** Whether NA is one of several codes of two capitals: of countries, continents or regions. */
function holdsNaAsCode({ words }: DistinctWords, missing: readonly string[]): boolean {
  const others = words.map((word) => word.trim()).filter((word) => !missing.includes(word));
  const isCode = (word: string) => /^[A-Z]{2}$/.test(word);
  return others.length >= 2 && others.every(isCode) && words.some((word) => word.trim() === 'NA');
}

/** The number or date format that covers enough of the column to be what it is meant as. */
function best(
  present: DistinctWords,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision | null {
  if (booleanSpellings(present) !== null) return null;
  const whole = without(present, (word) => !isWhole(word));
  const names = meant(whole.rows, present) ? whyNames(whole) : null;
  if (names !== null) return { ...typed({ as: 'words', missing: [] }), why: names };
  // an infinite value is refused as such later on: it makes no category of a column of numbers
  const finite = without(present, (word) => INFINITE.test(word));
  const numbers = numberCandidates(finite, allowedBy(overrides));
  const dates = dateCandidates(present);
  if (numbers.length + dates.length === 0) return null;
  const takesNumbers = (numbers[0]?.good ?? 0) >= (dates[0]?.good ?? 0);
  if (!(takesNumbers ? meant(numbers[0].good, finite) : meant(dates[0].good, present))) return null;
  return takesNumbers
    ? numberDecision(numbers, finite, overrides, context)
    : dateDecision(dates, present, overrides);
}

const INFINITE = /^[+-]?inf(inity)?$/i;

/** Whether so many rows that fit make the column what they are, the others being mistakes. */
function meant(good: number, { words, rows }: DistinctWords): boolean {
  const bad = rows - good;
  const idLike = words.length > 10_000 || 2 * words.length > rows;
  return bad === 0 || (good > bad && (bad === 1 || bad <= BROKEN_SHARE * rows || idLike));
}

function numbersAtAnyCost(
  present: DistinctWords,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision {
  const numbers = numberCandidates(present, allowedBy(overrides));
  if (numbers.length > 0) return numberDecision(numbers, present, overrides, context);
  return typed({ as: 'number', ...PLAIN_FORMAT, decimal: overrides.decimal ?? '.', missing: [] });
}

const allowedBy =
  ({ decimal }: ColumnOverrides) =>
  (convention: { decimal: string }): boolean =>
    decimal === undefined || convention.decimal === decimal;

function numberDecision(
  candidates: readonly Candidate<NumberFormat>[],
  present: DistinctWords,
  overrides: ColumnOverrides,
  { decimal }: ColumnContext,
): ColumnDecision {
  const others = rivals(candidates);
  const options = [candidates[0], ...others];
  // a decimal point without groups needs no asking: it is what a number is, unless the file writes commas
  const usual = isUngrouped(candidates[0].format) && !mayBeGrouped(present.words) ? candidates[0] : undefined;
  const settled =
    others.length === 0 ? candidates[0] : (options.find(({ format }) => format.decimal === decimal) ?? usual);
  const { format, values } = settled ?? candidates[0];
  return {
    ...typed({ as: 'number', ...format, missing: [] }),
    why: isPlain(format) ? null : whyNumber(format, present, values),
    question: settled
      ? (percentQuestion(format, overrides) ?? codeQuestion(present, overrides))
      : decimalQuestion(options, present, overrides.name),
  };
}

const isUngrouped = ({ decimal, thousands }: NumberFormat): boolean => decimal === '.' && thousands === '';

function dateDecision(
  candidates: readonly Candidate<string>[],
  present: DistinctWords,
  overrides: ColumnOverrides,
): ColumnDecision {
  const [{ format, values }] = candidates;
  const others = rivals(candidates);
  const reading: Reading = { as: 'date', format, missing: [] };
  if (others.length > 0) {
    const code = present.words.findIndex((_, at) => !Object.is(values[at], others[0].values[at]));
    const flag = (other: string) => `--date-format ${quoted(`${overrides.name}=${other}`)}`;
    const question = `${present.words[code].trim()} may be ${dayName(values[code])} (${flag(format)}) or ${dayName(others[0].values[code])} (${flag(others[0].format)}), and every value fits both; say which`;
    return { ...typed(reading), question };
  }
  return { ...typed(reading), why: whyDate(format, present) };
}
