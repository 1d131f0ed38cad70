/**
 * Writes what the user is told about a decision: why a column is read as it is, and the question where two
 * readings fit.
 */
import { describeReading, type NumberFormat } from '../reading.js';
import { counted, examples, shellWord } from '../words.js';
import { type Candidate, differingWord, isDateInAnyFormat, isNumberInAnyFormat } from './candidates.js';
import { type NumberCells, numberPieces } from './cells.js';
import { DATE_FORMATS, dateParser, isCalendarDay } from './dates.js';
import { areCodes, type DistinctWords, exceedDoubles, mayBeCodes, rowsWhere } from './distinctwords.js';
import { isPlainNumber } from './numbers.js';
import type { ColumnOverrides } from './overrides.js';
import { everyWord, findWord, findWords } from './wordlist.js';

/** Words that are shown as examples of codes. */
const SHOWN = 2;
const MORE_THAN_SHOWN = SHOWN + 1;

/** Says why whole numbers name things rather than count them; null if they may well count. */
export function whyNames(whole: DistinctWords): string | null {
  if (exceedDoubles(whole)) {
    const example = findWord(whole.words, (word) => !Number.isSafeInteger(Number(word)))!;
    return `whole numbers too large for a double (${example.trim()}), kept as text; --number takes them rounded`;
  }
  if (!areCodes(whole)) return null;
  const leadsWithZero = (word: string) => word.trim()[0] === '0';
  const leading = findWords(whole.words, leadsWithZero, MORE_THAN_SHOWN);
  const others = findWords(whole.words, (word) => !leadsWithZero(word), MORE_THAN_SHOWN);
  const alike = others.length > 0 ? 'digits of one length, some' : 'digits, all';
  return `${alike} with leading zeros (${examples([leading[0], ...others, ...leading.slice(1)], SHOWN)}) are codes, kept as text; --number takes them as numbers`;
}

/** Says that words are numbers or dates in more than one format; null if they are real words. */
export function whyWords({ words }: DistinctWords): string | null {
  const kind = everyWord(words, isNumberInAnyFormat)
    ? 'numbers'
    : everyWord(words, isDateInAnyFormat)
      ? 'dates'
      : null;
  return kind && `${kind} in several formats (${examples(words, 3)}), kept as text; write them alike`;
}

/** Says in which format a column's numbers are, with an example. */
export function whyNumber(
  format: NumberFormat,
  { words }: DistinctWords,
  parse: (word: string) => number,
): string {
  const isTelling = (word: string) => !Number.isNaN(parse(word)) && !isPlainNumber(word);
  const word = findWord(words, isTelling) ?? words.at(0)!;
  return `${describeReading({ as: 'number', ...format, missing: [] })} (${word.trim()} is ${parse(word)})`;
}

/** Says in which format a column's dates are, and what ruled out the one that swaps day and month. */
export function whyDate(format: string, present: DistinctWords): string {
  const said = describeReading({ as: 'date', format, missing: [] });
  const swapped = format.replace(/dd|mm/g, (part) => (part === 'dd' ? 'mm' : 'dd'));
  if (swapped === format || !(DATE_FORMATS as readonly string[]).includes(swapped)) return said;
  const parse = dateParser(swapped);
  const only = rowsWhere(present, (word) => Number.isNaN(parse(word)));
  if (only === 0) return said;
  return `${said} (${counted(only, 'value')} ${only === 1 ? 'fits' : 'fit'} only ${format.startsWith('dd') ? 'day' : 'month'} first)`;
}

/** Says that all whole numbers of a column could be dates such as `20201225`; null if some could not. */
export function whyNoDates(column: NumberCells, { name, as }: ColumnOverrides): string | null {
  let days = 0;
  for (const values of numberPieces(column)) {
    for (let row = 0; row < values.length; row++) {
      if (Number.isNaN(values[row])) continue;
      if (!isCalendarDay(values[row])) return null;
      days++;
    }
  }
  return days === 0 || as === 'number'
    ? null
    : `numbers, though each could be a date; --date-format ${shellWord(`${name}=yyyymmdd`)} takes them as dates`;
}

/**
 * Asks about cells without a % sign in a column of percentages, which may be shares of 1; null if there are
 * none.
 */
export function percentQuestion(
  { suffix, bare }: NumberFormat,
  { name, as }: ColumnOverrides,
): string | null {
  if (suffix !== '%' || !bare || as === 'number') return null;
  return `some cells have a % sign and others have none, which may mean the same or a share of 1; --number ${shellWord(name)} takes them all as percentages, --text ${shellWord(name)} as words`;
}

/** Asks whether what looks like an exponent is a letter of a code; null if nothing does. */
export function codeQuestion(present: DistinctWords, { name, as }: ColumnOverrides): string | null {
  if (as === 'number' || !mayBeCodes(present.words)) return null;
  const example = findWord(present.words, (word) => /e/i.test(word))!.trim();
  return `${example} may be the number ${Number(example)} (--number ${shellWord(name)}) or a code (--text ${shellWord(name)}); say which`;
}

/** Asks which of two number formats is meant, with a word that they read differently. */
export function decimalQuestion(
  [first, second]: readonly Candidate<NumberFormat>[],
  { words }: DistinctWords,
  name: string,
): string {
  const word = differingWord(first, second, words)!;
  const flag = (format: NumberFormat) => `--decimal ${shellWord(`${name}=${format.decimal}`)}`;
  return `${word.trim()} may be ${first.parse(word)} (${flag(first.format)}) or ${second.parse(word)} (${flag(second.format)}), and every value fits both; say which`;
}
