/**
 * Defines what the fits of all columns of a table have in common, and the errors that any of them may meet.
 */
import { DataError } from '../../errors.js';
import type { CompletePreprocessing } from '../preprocessing.js';
import type { TableReader } from './reader.js';

/** A column fit holds what the fits of all columns of a table have in common. */
export interface ColumnFit {
  readonly reader: TableReader;
  /** Ascending. */
  readonly trainRows: Uint32Array;
  /** Room for a value of each training row, which the columns use one after the other. */
  readonly room: Float64Array;
  /** Most categories that a column may have and still be one-hot encoded. */
  readonly embedAbove: number;
  readonly preprocessing: CompletePreprocessing;
  readonly notes: string[];
}

/**
 * Throws DataError if the standard deviation or the range is infinite. The square of a deviation beyond 1e154
 * is too large for a double, and the scale would be 0.
 */
export function rejectOverflow({ source }: TableReader, name: string, spread: number): void {
  if (spread < Number.POSITIVE_INFINITY) return;
  throw new DataError(
    `${source}, column "${name}": its values spread too far to compute with (beyond 1e154); write them in another unit, or correct the largest`,
  );
}

/** Returns the error for a column without a single value. */
export function allMissing({ source }: TableReader, name: string): DataError {
  return new DataError(`${source}, column "${name}": every value is missing; remove the column or fill it`);
}
