/** Fits the schema of an input column to the training rows. */
import { DataError } from '../../errors.js';
import type { ColumnSchema } from '../schema.js';
import { columnMedians, columnMoments, scaleOf } from '../statistics.js';
import { counted, examples } from '../words.js';
import { NO_WORD } from './cells.js';
import type { ColumnDecision } from './columndecision.js';
import type { ColumnValues } from './convert.js';
import { identifyRows } from './distinctwords.js';
import type { TableReader } from './reader.js';

/** Most categories even if the user wants more: codes have 16 bits, and two of them have another meaning. */
const MOST_CODES = 65_533;

/** A column fit holds what the fits of all columns of a table have in common. */
export interface ColumnFit {
  readonly reader: TableReader;
  readonly trainRows: Uint32Array;
  /** Most categories that a column may have and still be one-hot encoded. */
  readonly embedAbove: number;
  readonly notes: string[];
}

/**
 * Fits one input column. Returns null, with a note, for a column that is left out because it is constant or
 * tells rows apart. Throws DataError for a column without values, and for one whose values spread too far.
 */
export function fitColumn(
  fit: ColumnFit,
  name: string,
  column: ColumnValues,
  decision: ColumnDecision,
): ColumnSchema | null {
  return column.kind === 'numbers'
    ? fitNumber(fit, name, column.values, decision)
    : fitCategory(fit, name, column, decision);
}

function fitNumber(
  { reader, trainRows, notes }: ColumnFit,
  name: string,
  values: Float64Array,
  { reading }: ColumnDecision,
): ColumnSchema | null {
  const { mean, std } = columnMoments(values, 1, trainRows);
  if (Number.isNaN(mean[0])) throw allMissing(reader, name);
  rejectOverflow(reader, name, std[0]);
  if (!(std[0] > 0)) {
    notes.push(`column "${name}": always ${mean[0]}; left out`);
    return null;
  }
  const [fill] = columnMedians(values, 1, trainRows);
  const type = reading.as === 'date' ? 'date' : 'number';
  return { kind: 'number', name, type, shift: mean[0], scale: scaleOf(std[0]), fill, reading };
}

function fitCategory(
  { reader, trainRows, embedAbove, notes }: ColumnFit,
  name: string,
  { words, codes }: ColumnValues & { kind: 'words' },
  { reading, forced }: ColumnDecision,
): ColumnSchema | null {
  let present = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) present++;
  if (present === 0) throw allMissing(reader, name);
  const used = usedWords(codes, words.length);
  const leftOut = forced ? used > MOST_CODES : identifyRows(used, present);
  if (reading.as === 'words' && leftOut) {
    const remedy = forced ? `: more than ${MOST_CODES} categories` : '';
    notes.push(
      `column "${name}": ${used} different words in ${counted(present, 'row')} (${examples(words, 3)}) identify rows rather than kinds${remedy}; left out`,
    );
    return null;
  }
  const seen = new Set<number>();
  for (const row of trainRows) seen.add(codes[row]);
  const missing = seen.delete(NO_WORD);
  const categories = Array.from(seen, (code) => words[code]).sort();
  if (categories.length === 0) throw allMissing(reader, name);
  if (categories.length === 1 && !missing) {
    notes.push(`column "${name}": always "${categories[0]}"; left out`);
    return null;
  }
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  if (categories.length <= embedAbove) return { kind: 'category', name, type, categories, missing, reading };
  const embedding = Math.ceil(Math.sqrt(categories.length));
  notes.push(
    `column "${name}": ${categories.length} categories, each a learned vector of ${embedding} numbers`,
  );
  return { kind: 'category', name, type, categories, missing, embedding, reading };
}

/** Counts the words that some row holds. Words that mean "missing" are in the list but in no row. */
function usedWords(codes: Uint32Array, words: number): number {
  const used = new Uint8Array(words);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) used[codes[row]] = 1;
  return used.reduce((sum, one) => sum + one, 0);
}

/**
 * Throws DataError if the standard deviation is infinite. The square of a deviation beyond 1e154 is too large
 * for a double, and the scale would be 0.
 */
export function rejectOverflow({ source }: TableReader, name: string, std: number): void {
  if (std < Number.POSITIVE_INFINITY) return;
  throw new DataError(
    `${source}, column "${name}": its values spread too far to compute with (beyond 1e154); write them in another unit, or correct the largest`,
  );
}

function allMissing({ source }: TableReader, name: string): DataError {
  return new DataError(`${source}, column "${name}": every value is missing; remove the column or fill it`);
}
