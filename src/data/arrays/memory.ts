/** Opens arrays that a program has in memory: inputs of any shape and their labels. */
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

/**
 * Tensor data is a set of instances in one typed array, row after row, with a label or several values for
 * each. The values are copied once, when training loads them.
 */
export interface TensorData {
  readonly inputs: Numbers;
  /** Shape of the inputs, rows first: [rows, 28, 28]. If left out there are as many rows as labels. */
  readonly shape?: readonly number[];
  /** Class labels or values to predict; every row has the same number of them. */
  readonly labels: Numbers;
}

/** Whether data in memory is arrays, rather than a table of columns. */
export function isTensorData(data: object): data is TensorData {
  const keys = Object.keys(data);
  const known = keys.every((key) => ['inputs', 'labels', 'shape'].includes(key));
  return known && 'inputs' in data && 'labels' in data && ArrayBuffer.isView(data.inputs);
}

/** Name of the source, in messages and for the run's directory. */
const NAME = 'arrays';

/** Opens arrays in memory as a source. Throws DataError if inputs, shape and labels do not fit together. */
export function openTensors({ inputs, labels, shape }: TensorData): ArraySource {
  const rows = shape?.[0] ?? labels.length;
  const sizes = shape ?? [rows, inputs.length / rows];
  if (!sizes.every((size) => Number.isInteger(size) && size > 0) || elementCount(sizes) !== inputs.length) {
    throw new DataError(
      `${NAME}: inputs have ${inputs.length} numbers, which is not ${sizes.join(' x ')}; give their shape: [rows, …]`,
    );
  }
  if (labels.length === 0 || labels.length % rows !== 0) {
    throw new DataError(`${NAME}: ${labels.length} labels for ${rows} rows; give every row the same number`);
  }
  const width = labels.length / rows;
  return {
    kind: 'arrays',
    name: NAME,
    train: {
      inputs: () => tensor(`${NAME}: inputs`, sizes, inputs),
      labels: () => tensor(`${NAME}: labels`, width === 1 ? [rows] : [rows, width], labels),
      labelsFile: `${NAME}: labels`,
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

/** Copies an array to shared memory, in its own type if that is a stored type, else widened to float64. */
function tensor(file: string, shape: readonly number[], values: Numbers): StoredTensor {
  const type = TYPES.find(([Type]) => values instanceof Type)?.[1] ?? 'f64';
  const data = allocate(type, values.length);
  data.set(values);
  return { file, shape, data };
}
