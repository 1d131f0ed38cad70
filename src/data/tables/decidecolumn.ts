/**
 * Decides what a column is, looking at all its values: numbers in some format, dates in some format, a
 * boolean, or words. docs/data.md states the rules; they are the same for every source.
 */
import { isPlain, type NumberFormat, PLAIN_FORMAT, type Reading } from '../reading.js';
import { shellWord } from '../words.js';
import { type Candidate, dateCandidates, differingWord, numberCandidates, rivals } from './candidates.js';
import type { Cells, WordCells } from './cells.js';
import { type ColumnContext, type ColumnDecision, decisionFor, missingWords } from './columndecision.js';
import { dayName } from './dates.js';
import { booleanSpellings, decideAsWords } from './decidewords.js';
import {
  type DistinctWords,
  distinctWords,
  identifyRows,
  isWhole,
  mayBeGrouped,
  without,
} from './distinctwords.js';
import type { ColumnOverrides } from './overrides.js';
import {
  codeQuestion,
  decimalQuestion,
  percentQuestion,
  whyDate,
  whyNames,
  whyNoDates,
  whyNumber,
  whyWords,
} from './reasons.js';

/** Share of cells that may be mistakes in a column that is otherwise numbers or dates. */
const BROKEN_SHARE = 0.05;

/**
 * Words that mean "missing" in a column of numbers or dates only, in lower case; elsewhere they are plain
 * words.
 */
const PLACEHOLDERS = new Set(
  '-|--|---|–|—|.|..|…|n.a.|n.a|na|n/a|<na>|none|nil|null|(null)|nan|nat|unknown|unkn|unk|missing|not available|not applicable|not known|no data|undefined|tbd|tba|blank|empty|#n/a|#na|#null!|#value!|#div/0!|#ref!|#name?|#num!|\\n|*'.split(
    '|',
  ),
);

/**
 * Decides what a column is. Returns null if its cells were converted to numbers while they were read and
 * their text is needed to decide.
 */
export function decideColumn(
  cells: Cells,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision | null {
  if (cells.kind === 'days') {
    return decisionFor({
      as: 'date',
      format: cells.clock ? 'hh:mm' : 'yyyy-mm-dd',
      missing: missingWords(overrides),
    });
  }
  if (cells.kind === 'words') return decideWords(cells, overrides, context);
  const plain = decisionFor({ as: 'number', ...PLAIN_FORMAT, missing: missingWords(overrides) });
  if (overrides.as === 'text' || overrides.as === 'category' || overrides.dateFormat !== undefined)
    return null;
  if (overrides.decimal === ',' && !cells.declared) return null;
  const skip = new Set(missingWords(overrides));
  if (cells.odd.words.some((word) => !skip.has(word.trim()))) return null;
  if (cells.largest > Number.MAX_SAFE_INTEGER && !cells.declared) return null;
  return cells.declared ? plain : { ...plain, why: whyNoDates(cells, overrides) };
}

/** Decides what a column of text is. */
function decideWords(cells: WordCells, overrides: ColumnOverrides, context: ColumnContext): ColumnDecision {
  const all = distinctWords(cells);
  const asWords = decideAsWords(all, overrides, context);
  if (overrides.as === 'text' || overrides.as === 'category')
    return { ...asWords, forced: overrides.as === 'category' };
  const missing = missingWords(overrides);
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const isPlaceholder = (word: string) => word.length < 20 && PLACEHOLDERS.has(word.toLowerCase());
  const quantities = context.isTarget ? present : without(present, isPlaceholder);
  if (overrides.dateFormat !== undefined) {
    const reading: Reading = { as: 'date', format: overrides.dateFormat, missing };
    return { ...decisionFor(reading), why: 'as --date-format says' };
  }
  if (quantities.rows === 0) {
    return present.rows > 0 ? asWords : decisionFor({ as: 'number', ...PLAIN_FORMAT, missing });
  }
  const found =
    overrides.as === 'number'
      ? forcedNumbers(quantities, overrides, context)
      : bestFormat(quantities, overrides, context);
  if (found === null) return { ...asWords, why: asWords.why ?? whyWords(quantities) };
  if (found.reading.as === 'words') return { ...asWords, why: found.why };
  const placeholders =
    quantities === present ? [] : Array.from(present.words, (word) => word.trim()).filter(isPlaceholder);
  return {
    ...found,
    reading: { ...found.reading, missing: [...new Set([...missing, ...placeholders])] },
  };
}

/**
 * Chooses the number or date format that fits enough of the column to be what was meant; returns null if none
 * does. Whole numbers that are names rather than quantities stay words.
 */
function bestFormat(
  present: DistinctWords,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision | null {
  if (booleanSpellings(present) !== null) return null;
  const whole = without(present, (word) => !isWhole(word));
  const names = isConvincing(whole.rows, present) ? whyNames(whole) : null;
  if (names !== null) return { ...decisionFor({ as: 'words', missing: [] }), why: names };
  // infinite values do not turn numbers into categories; they are rejected one by one when they are converted
  const finite = without(present, (word) => INFINITE.test(word));
  const numbers = numberCandidates(finite, allowedBy(overrides));
  const dates = dateCandidates(present);
  if (numbers.length + dates.length === 0) return null;
  const takesNumbers = (numbers[0]?.good ?? 0) >= (dates[0]?.good ?? 0);
  if (!(takesNumbers ? isConvincing(numbers[0].good, finite) : isConvincing(dates[0].good, present)))
    return null;
  return takesNumbers
    ? numberDecision(numbers, finite, overrides, context)
    : dateDecision(dates, present, overrides);
}

const INFINITE = /^[+-]?inf(inity)?$/i;

/**
 * Whether `good` rows that fit a format show that the column was meant in it, so that the other rows are
 * mistakes. Most rows must fit. Then one other row is a mistake, and so are others up to BROKEN_SHARE of all;
 * any number of them is if the words are too many to be categories.
 */
function isConvincing(good: number, { words, rows }: DistinctWords): boolean {
  const bad = rows - good;
  const notCategories = identifyRows(words.length, rows);
  return bad === 0 || (good > bad && (bad === 1 || bad <= BROKEN_SHARE * rows || notCategories));
}

/** Reads a column as numbers because the user says so, in the format that fits most cells. */
function forcedNumbers(
  present: DistinctWords,
  overrides: ColumnOverrides,
  context: ColumnContext,
): ColumnDecision {
  const numbers = numberCandidates(present, allowedBy(overrides));
  if (numbers.length > 0) return numberDecision(numbers, present, overrides, context);
  return decisionFor({ as: 'number', ...PLAIN_FORMAT, decimal: overrides.decimal ?? '.', missing: [] });
}

/** Restricts number formats to the decimal mark that the user gives, if any. */
const allowedBy =
  ({ decimal }: ColumnOverrides) =>
  (convention: { decimal: string }): boolean =>
    decimal === undefined || convention.decimal === decimal;

/**
 * Chooses a number format: the one that fits most rows; of several, the one with the file's decimal mark, or
 * the usual one. If that leaves several, asks.
 */
function numberDecision(
  candidates: readonly Candidate<NumberFormat>[],
  present: DistinctWords,
  overrides: ColumnOverrides,
  { decimal }: ColumnContext,
): ColumnDecision {
  const others = rivals(candidates, present);
  const options = [candidates[0], ...others];
  // a decimal point without thousands is the usual way to write numbers, so it is taken without asking
  const usual = isUngrouped(candidates[0].format) && !mayBeGrouped(present.words) ? candidates[0] : undefined;
  const settled =
    others.length === 0 ? candidates[0] : (options.find(({ format }) => format.decimal === decimal) ?? usual);
  const { format, parse } = settled ?? candidates[0];
  return {
    ...decisionFor({ as: 'number', ...format, missing: [] }),
    why: isPlain(format) ? null : whyNumber(format, present, parse),
    question: settled
      ? (percentQuestion(format, overrides) ?? codeQuestion(present, overrides))
      : decimalQuestion(options, present, overrides.name),
  };
}

const isUngrouped = ({ decimal, thousands }: NumberFormat): boolean => decimal === '.' && thousands === '';

/** Takes the first date format, or asks if another one fits as many rows and gives other dates. */
function dateDecision(
  candidates: readonly Candidate<string>[],
  present: DistinctWords,
  overrides: ColumnOverrides,
): ColumnDecision {
  const [{ format, parse }] = candidates;
  const others = rivals(candidates, present);
  const reading: Reading = { as: 'date', format, missing: [] };
  if (others.length > 0) {
    const word = differingWord(candidates[0], others[0], present.words)!;
    const flag = (other: string) => `--date-format ${shellWord(`${overrides.name}=${other}`)}`;
    const question = `${word.trim()} may be ${dayName(parse(word))} (${flag(format)}) or ${dayName(others[0].parse(word))} (${flag(others[0].format)}), and every value fits both; say which`;
    return { ...decisionFor(reading), question };
  }
  return { ...decisionFor(reading), why: whyDate(format, present) };
}
