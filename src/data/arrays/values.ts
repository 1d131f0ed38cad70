/** Checks that arrays are finite and stay finite when they are scaled, before any arithmetic sees them. */
import { DataError } from '../../errors.js';
import type { Dataset } from '../dataset.js';
import type { StoredTensor } from '../elements.js';
import { type FarValue, findFarInput, findFarTarget, TOO_FAR } from '../finite.js';
import type { Moments } from '../moments.js';
import { encodingOf, type Schema } from '../schema.js';

/** Returns how many numbers a row has. */
export const widthOf = ({ data, shape }: StoredTensor): number => data.length / shape[0];

/**
 * Throws DataError for the first value that is NaN or infinite, naming its file, row and column.
 * @param firstRow the number of the tensor's first row in its file
 */
export function rejectNotFinite(tensor: StoredTensor, firstRow = 0): void {
  const { data } = tensor;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const width = widthOf(tensor);
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const found = { row: firstRow + Math.floor(i / width), column: i % width, value: data[i] };
    throw new DataError(`${place(tensor, found)} is not a finite number; fill or remove it`);
  }
}

/**
 * Throws DataError for an input of these rows that is too far from the training rows to be computed with.
 * @param firstRow the number of the tensor's first row in its file
 */
export function rejectFar(
  inputs: StoredTensor,
  dataset: Dataset,
  schema: Schema,
  rows: Uint32Array,
  firstRow = 0,
): void {
  const found = findFarInput(dataset, encodingOf(schema), rows);
  if (found !== null)
    throw new DataError(`${place(inputs, { ...found, row: firstRow + found.row })} ${TOO_FAR}`);
}

/** Throws DataError for a label of these rows that is too far from those of the training rows. */
export function rejectFarLabel(
  labels: StoredTensor,
  targets: Pick<Dataset, 'targets' | 'targetWidth'>,
  schema: Schema,
  rows: Uint32Array,
): void {
  const found = findFarTarget(targets, encodingOf(schema), rows);
  if (found !== null) throw new DataError(`${place(labels, found)} ${TOO_FAR}`);
}

/**
 * Throws DataError for training values whose squares overflow, or whose deviation is too small to divide by.
 */
export function rejectUnscalable(tensor: Pick<StoredTensor, 'file'>, { mean, std }: Moments): void {
  const isUsable = (deviation: number, j: number) =>
    Number.isFinite(mean[j]) &&
    Number.isFinite(deviation) &&
    (deviation === 0 || Number.isFinite(1 / deviation));
  const column = std.findIndex((deviation, j) => !isUsable(deviation, j));
  if (column === -1) return;
  const where = std.length === 1 ? '' : ` column ${column + 1}:`;
  throw new DataError(
    `${tensor.file}:${where} its values are too large or too close together to be scaled (mean ${mean[column]}, standard deviation ${std[column]}); divide or multiply them first`,
  );
}

/** Returns the place of a value and the value: `file: row 3, column 2: NaN`. */
function place(tensor: StoredTensor, { row, column, value }: FarValue): string {
  const where = widthOf(tensor) === 1 ? '' : `, column ${column + 1}`;
  return `${tensor.file}: row ${row + 1}${where}: ${value}`;
}
