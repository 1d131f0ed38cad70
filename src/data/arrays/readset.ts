/** Opens a set of arrays: inputs, and labels that belong to them. */
import { DataError } from '../../errors.js';
import type { Dataset, StoredArray } from '../dataset.js';
import type { StoredTensor } from '../elements.js';
import { elementCount } from '../schema.js';
import type { ArraySet } from './arrayfiles.js';
import type { TensorRows } from './tensorrows.js';

/** Opens the inputs of a set, and reads their labels. */
export function readSet(
  set: ArraySet,
  open: (set: ArraySet) => TensorRows,
): { inputs: TensorRows; labels: StoredTensor } {
  if (set.labels === null) {
    throw new DataError(`${set.labelsFile}: the labels are missing; put them there, beside the inputs`);
  }
  const inputs = open(set);
  const labels = set.labels();
  if (inputs.shape[0] !== labels.shape[0]) {
    inputs.close();
    throw new DataError(
      `${labels.file}: ${labels.shape[0]} labels for the ${inputs.shape[0]} instances of ${inputs.file}; the two do not belong together`,
    );
  }
  return { inputs, labels };
}

/** Returns the axes of one instance. */
export function instanceShape({ shape }: Pick<StoredTensor, 'shape'>): number[] {
  return shape.length === 1 ? [1] : shape.slice(1);
}

/** Returns the dataset of some inputs and their targets. */
export function tensorDataset(inputs: StoredTensor, targets: StoredArray, targetWidth: number): Dataset {
  const rows = inputs.shape[0];
  return {
    rows,
    numbers: inputs.data,
    numberWidth: elementCount(inputs.shape) / rows,
    codes: new Uint16Array(new SharedArrayBuffer(0)),
    codeWidth: 0,
    targets,
    targetWidth,
  };
}
