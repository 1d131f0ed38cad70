/** Reports cells that cannot be used, each with file, row, column, value and what to do about it. */
import { DataError } from '../../errors.js';
import { firstFar, TOO_FAR } from '../finite.js';
import { describeReading, type Reading } from '../reading.js';
import type { Scale } from '../statistics.js';
import { shellQuoted, shorten } from '../words.js';
import { numberPieces } from './cells.js';
import type { ConvertedColumn } from './convert.js';
import { exampleNumber } from './numbers.js';
import type { TableReader } from './reader.js';

/** Returns an error about a cell, with its place before the reason. */
export async function cellError(
  reader: Pick<TableReader, 'locate'>,
  row: number,
  column: string,
  reason: string,
): Promise<DataError> {
  return new DataError(`${await reader.locate(row)}, column "${column}": ${reason}`);
}

/** Throws DataError if a cell of the column does not fit the reading. */
export async function rejectMisfitCell(
  reader: Pick<TableReader, 'locate'>,
  name: string,
  { misfit }: ConvertedColumn,
  reading: Reading,
  isTarget: boolean,
): Promise<void> {
  if (misfit === null) return;
  throw await cellError(reader, misfit.row, name, misfitText(misfit.word, reading, isTarget));
}

/** Throws DataError for a number that is too far from the training rows to be computed with. */
export async function rejectFarCell(
  reader: Pick<TableReader, 'locate'>,
  name: string,
  { column }: ConvertedColumn,
  scaling: Scale & { readonly clip?: boolean | undefined },
): Promise<void> {
  if (column.kind !== 'numbers') return;
  let first = 0;
  for (const values of numberPieces(column)) {
    const row = firstFar(values, scaling);
    if (row >= 0) throw await cellError(reader, first + row, name, `${values[row]} ${TOO_FAR}`);
    first += values.length;
  }
}

/** Explains why a word does not fit a reading: `"abc" is not a number, where the column holds numbers; …`. */
export function misfitText(word: string, reading: Reading, isTarget: boolean): string {
  const shown = shorten(word.trim());
  if (/^[+-]?inf(inity)?$/i.test(word.trim())) {
    return `"${shown}" is not a finite number; correct or empty the cell`;
  }
  const remedy = isTarget
    ? `correct the cell, or leave such rows out with --missing ${shellQuoted(word.trim())}`
    : 'correct the cell, or empty it to mark it as missing';
  if (reading.as === 'date') {
    const kind = /^hh/.test(reading.format) ? 'time' : 'date';
    return `"${shown}" is not a ${kind} of the form ${reading.format}, where the column holds such ${kind}s; ${remedy}`;
  }
  if (reading.as === 'number' && Number.isFinite(Number(word))) {
    return `"${shown}" is not written like the column's ${describeReading(reading)} (such as ${exampleNumber(reading)}); ${remedy}`;
  }
  return `"${shown}" is not a number, where the column holds ${reading.as === 'number' ? describeReading(reading) : 'numbers'}; ${remedy}`;
}
