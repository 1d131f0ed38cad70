/** Every array that reaches the arithmetic is finite, and stays so when it is scaled. */
import { DataError } from '../../errors.js';
import type { Dataset } from '../dataset.js';
import type { StoredTensor } from '../elements.js';
import { type FarValue, findFarInput, findFarTarget, TOO_FAR } from '../finite.js';
import { encodingOf, type Schema } from '../schema.js';
import type { Moments } from '../statistics.js';

/** The numbers of one row. */
export const widthOf = ({ data, shape }: StoredTensor): number => data.length / shape[0];

/** Throws DataError naming file, row and column of the first value that is NaN or infinite. */
export function rejectNotFinite(tensor: StoredTensor): void {
  const { data } = tensor;
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return;
  const width = widthOf(tensor);
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue;
    const at = { row: Math.floor(i / width), column: i % width, value: data[i] };
    throw new DataError(`${place(tensor, at)} is not a finite number; fill or remove it`);
  }
}

/** Throws DataError for a value of these rows that overflows when it is scaled as the training rows were. */
export function rejectFar(
  { inputs, labels }: { inputs: StoredTensor; labels: StoredTensor | null },
  dataset: Dataset,
  schema: Schema,
  rows: Uint32Array,
): void {
  const encoding = encodingOf(schema);
  const input = findFarInput(dataset, encoding, rows);
  if (input !== null) throw new DataError(`${place(inputs, input)} ${TOO_FAR}`);
  const target = labels && findFarTarget(dataset, encoding, rows);
  if (labels && target) throw new DataError(`${place(labels, target)} ${TOO_FAR}`);
}

/**
 * Throws DataError for training values whose squares overflow, or that differ by too little to be told apart.
 */
export function rejectUnscalable(tensor: StoredTensor, { mean, std }: Moments): void {
  const usable = (one: number, j: number) =>
    Number.isFinite(mean[j]) && Number.isFinite(one) && (one === 0 || Number.isFinite(1 / one));
  const column = std.findIndex((one, j) => !usable(one, j));
  if (column === -1) return;
  const where = std.length === 1 ? '' : ` column ${column + 1}:`;
  throw new DataError(
    `${tensor.file}:${where} its values are too large or too close together to be scaled (mean ${mean[column]}, standard deviation ${std[column]}); divide or multiply them first`,
  );
}

function place(tensor: StoredTensor, { row, column, value }: FarValue): string {
  const where = widthOf(tensor) === 1 ? '' : `, column ${column + 1}`;
  return `${tensor.file}: row ${row + 1}${where}: ${value}`;
}
