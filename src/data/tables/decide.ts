/**
 * What a column is, decided on all its values: numbers in some format, dates in some format, a boolean, or
 * words. The rules are written down in docs/data.md; this file is where they are applied, for every source
 * alike.
 */
import {
  describeReading,
  isPlain,
  MISSING_WORDS,
  type NumberFormat,
  PLAIN_FORMAT,
  type Reading,
} from '../reading.js';
import { examples, plural } from '../words.js';
import {
  booleanSpellings,
  type Candidate,
  dateCandidates,
  isCode,
  numberCandidates,
  rivals,
  type Spellings,
  tooLarge,
} from './candidates.js';
import { type Cells, type WordCells, wordCounts } from './cells.js';
import { DATE_FORMATS, dateParser, dayName } from './dates.js';
import type { ColumnWishes } from './wishes.js';

/** What is known of the whole file when a single column leaves a question open. */
export interface Habits {
  /** the decimal mark that other columns of the file surely use */
  readonly decimal: '.' | ',' | null;
  readonly isTarget: boolean;
}

export interface Decision {
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
  '-|--|---|.|..|…|n.a.|n.a|na|n/a|<na>|none|nil|null|(null)|nan|nat|unknown|unkn|unk|missing|not available|not applicable|not known|no data|undefined|tbd|tba|blank|empty|#n/a|#na|#null!|#value!|#div/0!|#ref!|#name?|#num!|\\n|*'.split(
    '|',
  ),
);

/**
 * The reading of a column of words, or of numbers read on the way in; null where its text is needed to tell.
 */
export function decide(cells: Cells, wishes: ColumnWishes, habits: Habits): Decision | null {
  if (cells.kind === 'days') {
    return typed({ as: 'date', format: cells.clock ? 'hh:mm' : 'yyyy-mm-dd', missing: standard(wishes) });
  }
  if (cells.kind === 'words') return decideWords(cells, wishes, habits);
  const plain = typed({ as: 'number', ...PLAIN_FORMAT, missing: standard(wishes) });
  if (wishes.as === 'text' || wishes.as === 'category' || wishes.dateFormat !== undefined) return null;
  if (wishes.decimal === ',' && !cells.declared) return null;
  const skip = new Set(standard(wishes));
  if (cells.odd.words.some((word) => !skip.has(word.trim()))) return null;
  return cells.largest > Number.MAX_SAFE_INTEGER && !cells.declared ? null : plain;
}

const typed = (reading: Reading): Decision => ({
  reading,
  why: null,
  question: null,
  forced: false,
});

const standard = ({ missing }: ColumnWishes): string[] => [...new Set([...MISSING_WORDS, ...missing])];

function decideWords(cells: WordCells, wishes: ColumnWishes, habits: Habits): Decision {
  const counts = wordCounts(cells);
  const all: Spellings = { words: cells.words, counts, rows: counts.reduce((sum, count) => sum + count, 0) };
  const asWords = words(all, wishes, habits);
  if (wishes.as === 'text' || wishes.as === 'category')
    return { ...asWords, forced: wishes.as === 'category' };
  const missing = standard(wishes);
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const isPlaceholder = (word: string) => word.length < 20 && PLACEHOLDERS.has(word.toLowerCase());
  const quantities = habits.isTarget ? present : without(present, isPlaceholder);
  if (wishes.dateFormat !== undefined) return givenDate(wishes.dateFormat, missing);
  if (quantities.rows === 0) {
    return present.rows > 0 ? asWords : typed({ as: 'number', ...PLAIN_FORMAT, missing });
  }
  const met = quantities === present ? [] : present.words.map((word) => word.trim()).filter(isPlaceholder);
  const found =
    wishes.as === 'number' ? numbersAtAnyCost(quantities, wishes, habits) : best(quantities, wishes, habits);
  if (found === null) return asWords;
  if (found.reading.as === 'words') return { ...asWords, why: found.why };
  return { ...found, reading: { ...found.reading, missing: [...new Set([...missing, ...met])] } };
}

/** The spellings that are left when some are missing values: usually all of them. */
function without(spellings: Spellings, isMissing: (word: string) => boolean): Spellings {
  const { words, counts } = spellings;
  const gone = words.map((word) => word.length <= LONGEST_MISSING && isMissing(word.trim()));
  if (!gone.includes(true)) return spellings;
  const kept = words.flatMap((_, code) => (gone[code] ? [] : [code]));
  return {
    words: kept.map((code) => words[code]),
    counts: kept.map((code) => counts[code]),
    rows: kept.reduce((sum, code) => sum + counts[code], 0),
  };
}

/** Characters of a word that may stand for a missing value, spaces around it among them. */
const LONGEST_MISSING = 1000;

/**
 * Words as they are; a boolean where there are the two of a pair. In a target only an empty cell is missing.
 */
function words(all: Spellings, wishes: ColumnWishes, { isTarget }: Habits): Decision {
  const missing = isTarget ? ['', ...wishes.missing] : standard(wishes);
  const skip = new Set(missing);
  const present = without(all, (word) => skip.has(word));
  const spellings = wishes.as === undefined ? booleanSpellings(present) : null;
  const reading: Reading = spellings ? { as: 'boolean', spellings, missing } : { as: 'words', missing };
  if (!isTarget) return typed(reading);
  const usual = present.words.filter((word) => (MISSING_WORDS as readonly string[]).includes(word.trim()));
  if (usual.length === 0) return typed(reading);
  const which = usual.map((word) => `"${word.trim()}"`).join(', ');
  return {
    ...typed(reading),
    why: `${which} is a class like any other; --missing '${usual[0].trim()}' leaves its rows out`,
  };
}

function givenDate(format: string, missing: string[]): Decision {
  return { ...typed({ as: 'date', format, missing }), why: 'as --date-format says' };
}

/** The number or date format that covers enough of the column to be what it is meant as. */
function best(present: Spellings, wishes: ColumnWishes, habits: Habits): Decision | null {
  if (booleanSpellings(present) !== null) return null;
  if (tooLarge(present)) {
    const [example] = present.words.filter((word) => !Number.isSafeInteger(Number(word)));
    return {
      ...typed({ as: 'words', missing: [] }),
      why: `whole numbers too large for a double (${example.trim()}), kept as text; --number takes them rounded`,
    };
  }
  if (isCode(present)) {
    return {
      ...typed({ as: 'words', missing: [] }),
      why: `digits of one length with leading zeros (${examples(present.words, 2)}) are codes, kept as text; --number takes them as numbers`,
    };
  }
  // an infinite value is refused as such later on: it makes no category of a column of numbers
  const finite = without(present, (word) => INFINITE.test(word));
  const numbers = numberCandidates(finite, allowedBy(wishes));
  const dates = dateCandidates(present);
  if (numbers.length + dates.length === 0) return null;
  const takesNumbers = (numbers[0]?.good ?? 0) >= (dates[0]?.good ?? 0);
  if (!(takesNumbers ? meant(numbers[0].good, finite) : meant(dates[0].good, present))) return null;
  return takesNumbers
    ? numberDecision(numbers, finite, wishes, habits)
    : dateDecision(dates, present, wishes);
}

const INFINITE = /^[+-]?inf(inity)?$/i;

/** Whether so many rows that fit make the column what they are, the others being mistakes. */
function meant(good: number, { words, rows }: Spellings): boolean {
  const bad = rows - good;
  const idLike = words.length > 10_000 || 2 * words.length > rows;
  return bad === 0 || (good > bad && (bad === 1 || bad <= BROKEN_SHARE * rows || idLike));
}

function numbersAtAnyCost(present: Spellings, wishes: ColumnWishes, habits: Habits): Decision {
  const numbers = numberCandidates(present, allowedBy(wishes));
  if (numbers.length > 0) return numberDecision(numbers, present, wishes, habits);
  return typed({ as: 'number', ...PLAIN_FORMAT, decimal: wishes.decimal ?? '.', missing: [] });
}

const allowedBy =
  ({ decimal }: ColumnWishes) =>
  (convention: { decimal: string }): boolean =>
    decimal === undefined || convention.decimal === decimal;

function numberDecision(
  candidates: readonly Candidate<NumberFormat>[],
  present: Spellings,
  wishes: ColumnWishes,
  { decimal }: Habits,
): Decision {
  const others = rivals(candidates);
  const options = [candidates[0], ...others];
  // a decimal point without groups needs no asking: it is what a number is, unless the file writes commas
  const usual = isUngrouped(candidates[0].format) ? candidates[0] : undefined;
  const settled =
    others.length === 0 ? candidates[0] : (options.find(({ format }) => format.decimal === decimal) ?? usual);
  const { format, values } = settled ?? candidates[0];
  return {
    ...typed({ as: 'number', ...format, missing: [] }),
    why: isPlain(format) ? null : whyNumber(format, present, values),
    question: settled ? percentQuestion(format, wishes) : decimalQuestion(options, present, wishes.name),
  };
}

const isUngrouped = ({ decimal, thousands }: NumberFormat): boolean => decimal === '.' && thousands === '';

/** The format with a cell that shows it; null where none does, since only a flag said so. */
function whyNumber(format: NumberFormat, { words }: Spellings, values: Float64Array): string | null {
  const code = words.findIndex((word, at) => !Number.isNaN(values[at]) && /[^\d+-]/.test(word.trim()));
  if (code < 0) return null;
  return `${describeReading({ as: 'number', ...format, missing: [] })} (${words[code].trim()} is ${values[code]})`;
}

/** A cell without the sign in a column of percentages may be a share of 1. */
function percentQuestion({ suffix, bare }: NumberFormat, { name, as }: ColumnWishes): string | null {
  if (suffix !== '%' || !bare || as === 'number') return null;
  return `some cells have a % sign and others have none, which may mean the same or a share of 1; --number ${quoted(name)} takes them all as percentages, --text ${quoted(name)} as words`;
}

function decimalQuestion(
  [first, second]: readonly Candidate<NumberFormat>[],
  { words }: Spellings,
  name: string,
): string {
  const code = words.findIndex((_, at) => first.values[at] !== second.values[at]);
  const flag = (format: NumberFormat) => `--decimal ${quoted(`${name}=${format.decimal}`)}`;
  return `${words[code].trim()} may be ${first.values[code]} (${flag(first.format)}) or ${second.values[code]} (${flag(second.format)}), and every value fits both; say which`;
}

function dateDecision(
  candidates: readonly Candidate<string>[],
  present: Spellings,
  wishes: ColumnWishes,
): Decision {
  const [{ format, values }] = candidates;
  const others = rivals(candidates);
  const reading: Reading = { as: 'date', format, missing: [] };
  if (others.length > 0) {
    const code = present.words.findIndex((_, at) => !Object.is(values[at], others[0].values[at]));
    const flag = (other: string) => `--date-format ${quoted(`${wishes.name}=${other}`)}`;
    const question = `${present.words[code].trim()} may be ${dayName(values[code])} (${flag(format)}) or ${dayName(others[0].values[code])} (${flag(others[0].format)}), and every value fits both; say which`;
    return { ...typed(reading), question };
  }
  return { ...typed(reading), why: whyDate(format, present) };
}

/** The format, and what ruled out the one that swaps day and month. */
function whyDate(format: string, { words, counts }: Spellings): string {
  const said = describeReading({ as: 'date', format, missing: [] });
  const swapped = format.replace(/dd|mm/g, (part) => (part === 'dd' ? 'mm' : 'dd'));
  if (swapped === format || !(DATE_FORMATS as readonly string[]).includes(swapped)) return said;
  const parse = dateParser(swapped);
  const only = words.reduce((sum, word, code) => sum + (Number.isNaN(parse(word)) ? counts[code] : 0), 0);
  if (only === 0) return said;
  return `${said} (${plural(only, 'value')} ${only === 1 ? 'fits' : 'fit'} only ${format.startsWith('dd') ? 'day' : 'month'} first)`;
}

/** A name as the shell takes it. */
function quoted(text: string): string {
  return /^[\w.=,/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
