/** Arrays in memory as a source: inputs of any shape and their labels, as a program has them in hand. */
import { DataError } from '../../errors.js';
import { allocate, type StoredTensor } from '../elements.js';
import { type ElementType, elementCount } from '../schema.js';
import type { ArraySource } from './arrayfiles.js';

type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;

/** Instances as one typed array, row after row, and a label or several values for each. */
export interface TensorData {
  readonly inputs: Numbers;
  /** of all inputs: [rows, 28, 28]; left out: a number for each label */
  readonly shape?: readonly number[];
  /** class labels or values to be regressed, the same number for each row */
  readonly labels: Numbers;
}

export function isTensorData(data: object): data is TensorData {
  const keys = Object.keys(data);
  const known = keys.every((key) => ['inputs', 'labels', 'shape'].includes(key));
  return known && 'inputs' in data && 'labels' in data && ArrayBuffer.isView(data.inputs);
}

export function openTensors(name: string, { inputs, labels, shape }: TensorData): ArraySource {
  const rows = shape?.[0] ?? labels.length;
  const sizes = shape ?? [rows, inputs.length / rows];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0) || elementCount(sizes) !== inputs.length) {
    throw new DataError(
      `${name}: inputs have ${inputs.length} numbers, which is not ${sizes.join(' x ')}; give their shape: [rows, …]`,
    );
  }
  if (labels.length === 0 || labels.length % rows !== 0) {
    throw new DataError(`${name}: ${labels.length} labels for ${rows} rows; give as many for each row`);
  }
  const width = labels.length / rows;
  return {
    kind: 'arrays',
    name: 'arrays',
    train: {
      inputs: () => tensor(`${name}: inputs`, sizes, inputs),
      labels: () => tensor(`${name}: labels`, width === 1 ? [rows] : [rows, width], labels),
      labelsFile: `${name}: labels`,
    },
    test: null,
  };
}

const TYPES: readonly [new (length: number) => Numbers, ElementType][] = [
  [Uint8Array, 'u8'],
  [Int8Array, 'i8'],
  [Uint16Array, 'u16'],
  [Int16Array, 'i16'],
  [Int32Array, 'i32'],
  [Float32Array, 'f32'],
];

/**
 * A copy in shared memory, in the type that the array has; what has no stored type of its own is widened to
 * float64.
 */
function tensor(file: string, shape: readonly number[], values: Numbers): StoredTensor {
  const type = TYPES.find(([Type]) => values instanceof Type)?.[1] ?? 'f64';
  const data = allocate(type, values.length);
  data.set(values);
  return { file, shape, data };
}
