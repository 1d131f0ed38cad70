/**
 * Converts cells to values by the reading of their column. Training and every later source go through here.
 */
import { isPlain, type NumberFormat, type Reading } from '../reading.js';
import {
  asWords,
  type Cells,
  NO_WORD,
  type NumberCells,
  numberPieces,
  type OnDisk,
  type WordCells,
} from './cells.js';
import { dateParser } from './dates.js';
import { numberParser } from './numbers.js';
import type { ReadMode } from './reader.js';
import { eachWord, markWords, type Words } from './wordlist.js';

/** Column values are numbers, or days of a date column, or words: what a column's cells turned out to be. */
export type ColumnValues = NumberValues | WordValues;

export interface NumberValues {
  readonly kind: 'numbers';
  /** Value of each row, [rows]; NaN if missing. */
  readonly values: Float64Array;
  readonly onDisk?: OnDisk<Float64Array> | undefined;
}

export interface WordValues {
  readonly kind: 'words';
  /** The words of a boolean are its two spellings. */
  readonly words: Words;
  /** Word of each row by its code, NO_WORD if missing. */
  readonly codes: Uint32Array;
  readonly onDisk?: OnDisk<Uint32Array> | undefined;
}

/**
 * Copies the values of some rows that are not missing, in the order of the rows.
 * @param rows ascending
 * @param room for as many values as there are rows; the result lies in it
 */
export function presentValues(column: NumberValues, rows: Uint32Array, room: Float64Array): Float64Array {
  let [count, first, r] = [0, 0, 0];
  for (const values of numberPieces(column)) {
    const last = first + values.length;
    for (; r < rows.length && rows[r] < last; r++) {
      const value = values[rows[r] - first];
      room[count] = value; // where it is NaN, the next value overwrites it
      if (!Number.isNaN(value)) count++;
    }
    first = last;
  }
  return room.subarray(0, count);
}

/** Returns the number of rows of a column. */
export function rowCount(column: ColumnValues): number {
  return column.onDisk?.rows ?? (column.kind === 'words' ? column.codes : column.values).length;
}

/** A converted column has its values, and says what was missing and what did not fit the reading. */
export interface ConvertedColumn {
  readonly column: ColumnValues;
  /** Number of cells by the word that stood for a missing value; empty cells are not counted. */
  readonly missing: ReadonlyMap<string, number>;
  /** The first cell that does not fit the reading, if there is one. */
  readonly misfit: { readonly row: number; readonly word: string } | null;
}

/**
 * Returns how the cells of a column must be read for a reading; null if in any way. A number in another
 * format than the plain one must come as text unless the source declares it: `1.234` may be 1234.
 */
export function readModeOf(reading: Reading): ReadMode | null {
  if (reading.as !== 'number') return 'text';
  return isPlain(reading) ? null : 'text unless declared';
}

/**
 * Converts cells by a reading. Words that mean "missing" become missing; the first cell that does not fit is
 * reported.
 */
export function convert(cells: Cells, reading: Reading): ConvertedColumn {
  if (reading.as === 'words') return convertWords(asWords(cells), reading.missing);
  if (reading.as === 'boolean') {
    const words = convertWords(asWords(cells), reading.missing);
    return { ...words, column: spelledAlike(words.column, reading.spellings) };
  }
  if (reading.as === 'date') {
    if (cells.kind === 'days') return { column: numbersOf(cells), missing: new Map(), misfit: null };
    return convertParsed(asWords(cells), dateParser(reading.format), reading.missing);
  }
  return convertNumbers(cells, reading, reading.missing);
}

const numbers = (values: Float64Array): ColumnValues => ({ kind: 'numbers', values });

/** Returns the values of cells; those on disk stay there. */
const numbersOf = (cells: Pick<NumberCells, 'values' | 'onDisk'>): ColumnValues =>
  cells.onDisk === undefined
    ? numbers(cells.values)
    : {
        kind: 'numbers',
        get values() {
          return cells.values;
        },
        onDisk: cells.onDisk,
      };

function convertNumbers(
  cells: Cells,
  format: NumberFormat,
  missingWords: readonly string[],
): ConvertedColumn {
  if (cells.kind === 'numbers' && (cells.declared || isPlain(format))) {
    const converted = convertOdd(cells, numberParser(format), missingWords);
    return cells.largest === Number.POSITIVE_INFINITY ? withInfinity(converted, cells.values) : converted;
  }
  return convertParsed(asWords(cells), numberParser(format), missingWords);
}

/**
 * Completes, in place, numbers that were converted while they were read: parses the odd cells, such as `007`
 * and `NA`.
 */
function convertOdd(
  cells: NumberCells,
  parse: (text: string) => number,
  missingWords: readonly string[],
): ConvertedColumn {
  const skip = new Set(missingWords);
  const missing = new Map<string, number>();
  let misfit: ConvertedColumn['misfit'] = null;
  const { odd } = cells;
  if (odd.words.length === 0) return { column: numbersOf(cells), missing, misfit };
  const { values } = cells;
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

/** Reports an infinite value as a misfit, even where the source's declared type allows it. */
function withInfinity(converted: ConvertedColumn, values: Float64Array): ConvertedColumn {
  const row = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  const hasEarlier = converted.misfit !== null && converted.misfit.row < row;
  return hasEarlier || row < 0 ? converted : { ...converted, misfit: { row, word: String(values[row]) } };
}

/** Parses each distinct word once and gives every row the value of its word. */
function convertParsed(
  { words, codes }: WordCells,
  parse: (text: string) => number,
  missingWords: readonly string[],
): ConvertedColumn {
  const skip = new Set(missingWords);
  const isMissing = markWords(words, (word) => skip.has(word.trim()));
  const parsed = new Float64Array(words.length);
  eachWord(words, (word, code) => {
    parsed[code] = isMissing?.[code] ? Number.NaN : parse(word);
  });
  const missing = new Map<string, number>();
  let misfit: ConvertedColumn['misfit'] = null;
  const values = new Float64Array(codes.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row];
    values[row] = code === NO_WORD ? Number.NaN : parsed[code];
    if (code === NO_WORD || Number.isFinite(values[row])) continue;
    if (isMissing?.[code]) count(missing, words.at(code)!.trim());
    else misfit ??= { row, word: words.at(code)! };
  }
  return { column: numbers(values), missing, misfit };
}

/** Keeps words as they are, except those that mean "missing". */
function convertWords(cells: WordCells, missingWords: readonly string[]): ConvertedColumn {
  const { words } = cells;
  const skip = new Set(missingWords);
  const isMissing = markWords(words, (word) => skip.has(word.trim()));
  const missing = new Map<string, number>();
  if (isMissing === null) return { column: cells, missing, misfit: null };
  const { codes } = cells;
  const kept = codes.map((code) => {
    if (code === NO_WORD || !isMissing[code]) return code;
    count(missing, words.at(code)!.trim());
    return NO_WORD;
  });
  return { column: { kind: 'words', words, codes: kept }, missing, misfit: null };
}

/** Replaces every spelling of false and true by that of the training data; other words stay as they are. */
function spelledAlike(column: ColumnValues, spellings: readonly [string, string]): ColumnValues {
  if (column.kind !== 'words') return column;
  const spelled = Array.from(column.words, (word) => normalizeBoolean(word, spellings));
  const words = [...new Set(spelled)];
  if (words.length === spelled.length && column.onDisk !== undefined)
    return {
      kind: 'words',
      words,
      get codes() {
        return column.codes;
      },
      onDisk: column.onDisk,
    };
  return { kind: 'words', ...withoutRepeats(spelled, column.codes) };
}

/** Returns the training data's spelling of a boolean, which may also come as JSON's true, `1` or `True`. */
function normalizeBoolean(word: string, [no, yes]: readonly [string, string]): string {
  const plain = word.trim().toLowerCase();
  if (word === no || plain === no.toLowerCase() || plain === 'false' || plain === '0') return no;
  if (word === yes || plain === yes.toLowerCase() || plain === 'true' || plain === '1') return yes;
  return word;
}

/** Gives words that are now equal the same code. */
function withoutRepeats(renamed: readonly string[], codes: Uint32Array): Pick<WordCells, 'words' | 'codes'> {
  const words = [...new Set(renamed)];
  if (words.length === renamed.length) return { words, codes };
  const codeOf = new Map(words.map((word, code) => [word, code]));
  const newCodes = renamed.map((word) => codeOf.get(word)!);
  return { words, codes: codes.map((code) => (code === NO_WORD ? NO_WORD : newCodes[code])) };
}

function count(counts: Map<string, number>, word: string): void {
  counts.set(word, (counts.get(word) ?? 0) + 1);
}
