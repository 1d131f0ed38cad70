/**
 * What a cell can be guilty of: it is named with its file, row, column and value, and what to do about it.
 */
import { DataError } from '../../errors.js';
import { firstFar, TOO_FAR } from '../finite.js';
import { describeReading, type Reading } from '../reading.js';
import { shorten } from '../words.js';
import type { ConvertedColumn } from './convert.js';
import { exampleNumber } from './numbers.js';
import type { TableReader } from './reader.js';

export async function cellError(
  reader: Pick<TableReader, 'locate'>,
  row: number,
  column: string,
  fault: string,
): Promise<DataError> {
  return new DataError(`${await reader.locate(row)}, column "${column}": ${fault}`);
}

/** Refuses a column in which some cell is not what the reading takes. */
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

/** Refuses a number that the arithmetic cannot take, for all that it is one. */
export async function rejectFarCell(
  reader: Pick<TableReader, 'locate'>,
  name: string,
  { column }: ConvertedColumn,
  shift: number,
  scale: number,
): Promise<void> {
  if (column.kind !== 'numbers') return;
  const row = firstFar(column.values, shift, scale);
  if (row >= 0) throw await cellError(reader, row, name, `${column.values[row]} ${TOO_FAR}`);
}

/** `"abc" is not a number, where the column holds numbers; …` */
export function misfitText(word: string, reading: Reading, isTarget: boolean): string {
  const shown = shorten(word.trim());
  if (/^[+-]?inf(inity)?$/i.test(word.trim())) {
    return `"${shown}" is not a finite number; correct or empty the cell`;
  }
  const remedy = isTarget
    ? `correct the cell, or leave such rows out with --missing ${quoted(word.trim())}`
    : 'correct the cell, or empty it to mark it as missing';
  if (reading.as === 'date') {
    const kind = /^hh/.test(reading.format) ? 'time' : 'date';
    return `"${shown}" is not a ${kind} of the form ${reading.format}, where the column holds such ${kind}s; ${remedy}`;
  }
  if (reading.as === 'number' && Number.isFinite(Number(word))) {
    return `"${shown}" is written otherwise than the column's ${describeReading(reading)} (such as ${exampleNumber(reading)}); ${remedy}`;
  }
  return `"${shown}" is not a number, where the column holds ${reading.as === 'number' ? describeReading(reading) : 'numbers'}; ${remedy}`;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;
