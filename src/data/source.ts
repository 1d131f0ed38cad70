/** Finds out what the DATA argument names: a built-in data set, files of arrays, or a table. */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { didYouMean } from '../didyoumean.js';
import { DataError, UsageError } from '../errors.js';
import {
  type ArraySource,
  isArrayFile,
  isDirectory,
  openArrayFile,
  openDirectory,
  openMnist,
  TABLE_NAME,
} from './arrays/arrayfiles.js';
import { isTensorData, openTensors, type TensorData } from './arrays/memory.js';
import { hasSize, openProblem, PROBLEM_NAMES, problemName } from './problems/index.js';
import type { TableRows } from './tables/records.js';

/** A table source is a table that was named but not read yet. */
export type TableSource = {
  readonly kind: 'table';
  /** Short name for the run's directory. */
  readonly name: string;
  /**
   * The text that the user wrote: a file, a pattern of files, or a query that starts with SELECT, WITH or
   * FROM. For rows in memory, what messages call them.
   */
  readonly text: string;
} & ({ readonly form: 'file' | 'query' } | { readonly form: 'rows'; readonly rows: TableRows });

/** A source is arrays or a table. */
export type Source = ArraySource | TableSource;

const QUERY = /^\s*(select|with|from)\s/i;
const PATTERN = /[*?[]/;

const BUILT_IN = ['mnist', ...PROBLEM_NAMES] as const;

/**
 * Whether DATA is a SQL query. An existing file is a file even if its name begins like one: `from 2024.csv`.
 */
export function isQuery(data: string): boolean {
  return QUERY.test(data) && !existsSync(data);
}

/** Whether DATA is a built-in name. Built-in names win over files of the same name. */
export function isBuiltIn(data: string): boolean {
  return data === 'mnist' || problemName(data) !== null;
}

/**
 * A data source is the name of one (a file, a pattern, a directory, a query, a built-in), or data in memory.
 */
export type DataSource = string | DataInMemory;
/** Data in memory is a table as rows or columns, or arrays of inputs and labels. */
export type DataInMemory = TableRows | TensorData;

/** Name of data in memory, in messages and in a run's configuration. */
const ROWS = '(rows in memory)';

/** Returns what a source is called in messages and in a run's configuration. */
export const sourceName = (data: DataSource): string => (typeof data === 'string' ? data : ROWS);

const ENDING = /\.(csv|tsv|txt|jsonl?|parquet|npy|npz)(\.(gz|zst))?$/i;
const LONGEST_NAME = 60;

/**
 * Returns a short name for what a configuration calls its data, fit for a folder's name: that of the file
 * without folders and ending, for a pattern that of its folder where the file's own says nothing, the
 * built-in name, or `query` or `rows`.
 */
export function shortName(data: string): string {
  if (data === ROWS) return 'rows';
  if (isQuery(data)) return 'query';
  const plain = (text: string) =>
    text.replaceAll(/[^\p{L}\p{N}_.-]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '');
  const path = isBuiltIn(data)
    ? [data]
    : data
        .split(/[\\/]+/)
        .filter(Boolean)
        .reverse();
  const names = path.map((part) => plain(part.replace(ENDING, '')).slice(0, LONGEST_NAME));
  return names.find(Boolean) ?? 'data';
}

/**
 * Finds out what kind of source DATA is and where its parts are. Throws UsageError for a built-in with an
 * unknown option, DataError where DATA names nothing that can be read.
 */
export function openSource(data: DataSource): Source {
  if (typeof data !== 'string' && isTensorData(data)) return openTensors(data);
  if (typeof data !== 'string')
    return { kind: 'table', name: 'rows', text: 'rows', form: 'rows', rows: data };
  if (data === ROWS) {
    throw new UsageError(
      'the run was begun on rows in memory: give them again, as in resume(run, { data: rows })',
    );
  }
  if (data === 'mnist') return openMnist();
  const problem = problemName(data);
  if (problem !== null) return openProblem(problem, data);
  if (isQuery(data)) return { kind: 'table', name: 'query', text: data, form: 'query' };
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
      `${data}: the name does not say what kind of data this is; expected .csv, .tsv, .json, .jsonl, .parquet (also .gz, .zst), .npy, .npz or an IDX file such as train-images-idx3-ubyte`,
    );
  }
  throw nothingNamed(data);
}

/** Returns the error for DATA that names nothing, with the names it may have meant. */
function nothingNamed(data: string): DataError {
  if (/^[\w-]+(:.*)?$/.test(data)) {
    return new DataError(
      `${data}: neither a file, a directory nor a built-in data set (${BUILT_IN.join(', ')})${didYouMean(data, builtInNames(data), '"')}`,
    );
  }
  const meant = didYouMean(basename(data), filesBeside(data), '"');
  if (meant !== '') return new DataError(`${data}: there is no such file or directory${meant}`);
  const remedy = /\s/.test(data)
    ? 'check the path (a query starts with SELECT, WITH or FROM)'
    : 'check the path';
  return new DataError(`${data}: there is no such file or directory; ${remedy}`);
}

/** Returns the built-in names with the size that the user wrote, so that `parity-4` suggests `parity:4`. */
function builtInNames(data: string): string[] {
  const size = /\d.*$/.exec(data)?.[0];
  return BUILT_IN.map((name) => (size !== undefined && hasSize(name) ? `${name}:${size}` : name));
}

function filesBeside(path: string): string[] {
  const directory = dirname(path);
  return isDirectory(directory) ? readdirSync(directory) : [];
}
