/**
 * From cells to values by the reading that was decided: the second half of a cell's way, alike for every
 * source.
 */
import { isPlain, type NumberFormat, type Reading } from '../reading.js';
import { asWords, type Cells, NO_WORD, type NumberCells, type WordCells } from './cells.js';
import { dateParser, dayName } from './dates.js';
import { numberParser } from './numbers.js';

/** A column whose cells have been read. */
export type ColumnValues =
  /** [rows] numbers, or days of a date column; NaN where missing */
  | { readonly kind: 'numbers'; readonly values: Float64Array }
  /** words, NO_WORD where missing; a boolean's are its two spellings */
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly codes: Uint32Array };

export interface ConvertedColumn {
  readonly column: ColumnValues;
  /** how often each word stood for a missing value, empty cells not among them */
  readonly missing: ReadonlyMap<string, number>;
  /** the first cell that the reading does not take, if there is one */
  readonly misfit: { readonly row: number; readonly word: string } | null;
}

/**
 * How a column is to be read for a reading: numbers that the source does not declare may mean others than
 * they seem to.
 */
export function readModeOf(reading: Reading): 'text' | 'text unless declared' | null {
  if (reading.as !== 'number') return 'text';
  return isPlain(reading) ? null : 'text unless declared';
}

export function convert(cells: Cells, reading: Reading): ConvertedColumn {
  if (reading.as === 'words') return convertWords(asWords(cells, dayName), reading.missing);
  if (reading.as === 'boolean') {
    const words = convertWords(asWords(cells, dayName), reading.missing);
    return { ...words, column: spelledAlike(words.column, reading.spellings) };
  }
  if (reading.as === 'date') {
    if (cells.kind === 'days') return { column: numbers(cells.values), missing: new Map(), misfit: null };
    return convertParsed(asWords(cells, dayName), dateParser(reading.format), reading.missing);
  }
  return convertNumbers(cells, reading, reading.missing);
}

const numbers = (values: Float64Array): ColumnValues => ({ kind: 'numbers', values });

function convertNumbers(
  cells: Cells,
  format: NumberFormat,
  missingWords: readonly string[],
): ConvertedColumn {
  if (cells.kind === 'numbers' && (cells.declared || isPlain(format))) {
    const read = convertOdd(cells, numberParser(format), missingWords);
    return cells.largest === Number.POSITIVE_INFINITY ? withInfinity(read, cells.values) : read;
  }
  return convertParsed(asWords(cells, dayName), numberParser(format), missingWords);
}

/**
 * Numbers that were read on the way in, and what was kept as text because it needs a second look: `007`,
 * `NA`.
 */
function convertOdd(
  { values, odd }: NumberCells,
  parse: (text: string) => number,
  missingWords: readonly string[],
): ConvertedColumn {
  const skip = new Set(missingWords);
  const missing = new Map<string, number>();
  let misfit: ConvertedColumn['misfit'] = null;
  odd.words.forEach((word, i) => {
    const row = odd.rows[i];
    if (skip.has(word.trim())) {
      count(missing, word.trim());
    } else {
      values[row] = parse(word);
      if (!Number.isFinite(values[row])) misfit ??= { row, word };
    }
  });
  return { column: numbers(values), missing, misfit };
}

/** An infinite value is no quantity, even where the source declares a type that has it. */
function withInfinity(read: ConvertedColumn, values: Float64Array): ConvertedColumn {
  const row = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  const earlier = read.misfit !== null && (row < 0 || read.misfit.row < row);
  return earlier || row < 0 ? read : { ...read, misfit: { row, word: String(values[row]) } };
}

/** Each different word is parsed once. */
function convertParsed(
  { words, codes }: WordCells,
  parse: (text: string) => number,
  missingWords: readonly string[],
): ConvertedColumn {
  const skip = new Set(missingWords);
  const isMissing = words.map((word) => skip.has(word.trim()));
  const parsed = Float64Array.from(words, (word, code) => (isMissing[code] ? Number.NaN : parse(word)));
  const missing = new Map<string, number>();
  let misfit: ConvertedColumn['misfit'] = null;
  const values = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row];
    values[row] = code === NO_WORD ? Number.NaN : parsed[code];
    if (code === NO_WORD || Number.isFinite(values[row])) continue;
    if (isMissing[code]) count(missing, words[code].trim());
    else misfit ??= { row, word: words[code] };
  }
  return { column: numbers(values), missing, misfit };
}

function convertWords({ words, codes }: WordCells, missingWords: readonly string[]): ConvertedColumn {
  const skip = new Set(missingWords);
  const isMissing = words.map((word) => skip.has(word.trim()));
  const missing = new Map<string, number>();
  if (!isMissing.includes(true)) return { column: { kind: 'words', words, codes }, missing, misfit: null };
  const kept = codes.map((code) => {
    if (code === NO_WORD || !isMissing[code]) return code;
    count(missing, words[code].trim());
    return NO_WORD;
  });
  return { column: { kind: 'words', words, codes: kept }, missing, misfit: null };
}

/** Every spelling of a truth value becomes the one of the training data; any other word stays as it is. */
function spelledAlike(column: ColumnValues, spellings: readonly [string, string]): ColumnValues {
  if (column.kind !== 'words') return column;
  return {
    ...column,
    ...merged(
      column.words.map((word) => normalizeBoolean(word, spellings)),
      column.codes,
    ),
  };
}

/**
 * `word` as training spelled it, where it is one of the two values. JSON's true, 1 and True are the same
 * value.
 */
export function normalizeBoolean(word: string, [no, yes]: readonly [string, string]): string {
  const plain = word.trim().toLowerCase();
  if (word === no || plain === no.toLowerCase() || plain === 'false' || plain === '0') return no;
  if (word === yes || plain === yes.toLowerCase() || plain === 'true' || plain === '1') return yes;
  return word;
}

function merged(renamed: readonly string[], codes: Uint32Array): Pick<WordCells, 'words' | 'codes'> {
  const words = [...new Set(renamed)];
  if (words.length === renamed.length) return { words, codes };
  const at = new Map(words.map((word, code) => [word, code]));
  const codeOf = renamed.map((word) => at.get(word)!);
  return { words, codes: codes.map((code) => (code === NO_WORD ? NO_WORD : codeOf[code])) };
}

function count(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
