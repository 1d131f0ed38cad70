/** What the DATA argument names: a built-in, files in an array format, or a table. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { DataError } from '../errors.js';
import {
  type ArraySource,
  BUILT_IN,
  isArrayFile,
  isDirectory,
  openArrayFile,
  openDirectory,
  openMnist,
  TABLE_NAME,
} from './arrayfiles.js';
import { didYouMean } from './words.js';

export interface TableSource {
  readonly kind: 'table';
  readonly name: string;
  /** a file, a pattern of files, or a query that starts with SELECT, WITH or FROM */
  readonly text: string;
  readonly form: 'file' | 'query';
}

export type Source = ArraySource | TableSource;

const QUERY = /^\s*(select|with|from)\s/i;
const PATTERN = /[*?[]/;

export function openSource(data: string): Source {
  if (data === 'mnist') return openMnist();
  if (QUERY.test(data)) return { kind: 'table', name: 'query', text: data, form: 'query' };
  if (isDirectory(data)) return openDirectory(data);
  if (isArrayFile(data)) return openArrayFile(data);
  const name =
    basename(data)
      .replace(/\..*$/, '')
      .replace(/[^\w-]+/g, '_') || 'table';
  if (TABLE_NAME.test(data) && (PATTERN.test(data) || existsSync(data))) {
    return { kind: 'table', name, text: data, form: 'file' };
  }
  if (existsSync(data)) {
    throw new DataError(
      `${data}: the kind of data is not known from this name; expected .csv, .tsv, .json, .jsonl, .parquet (also .gz, .zst), .npy, .npz or an IDX file such as train-images-idx3-ubyte`,
    );
  }
  throw missing(data);
}

function missing(data: string): DataError {
  const meant = didYouMean(data, BUILT_IN);
  if (/^[\w-]+$/.test(data)) {
    return new DataError(
      `${data}: neither a file, a directory nor a built-in data set (${BUILT_IN.join(', ')})${meant}`,
    );
  }
  const neighbours = didYouMean(basename(data), filesBeside(data));
  if (neighbours !== '') return new DataError(`${data}: there is no such file or directory${neighbours}`);
  const remedy = /\s/.test(data)
    ? 'check the path (a query starts with SELECT, WITH or FROM)'
    : 'check the path';
  return new DataError(`${data}: there is no such file or directory; ${remedy}`);
}

function filesBeside(path: string): string[] {
  const directory = dirname(path);
  return isDirectory(directory) ? readdirSync(directory) : [];
}
