/**
 * What fitting arrays and fitting tables have in common: the options, the result, the task, the fingerprint.
 */
import { createHash } from 'node:crypto';
import type { Dataset, StoredArray } from './dataset.js';
import type { ProblemType, Schema } from './schema.js';
import { allRows, type Split, split } from './split.js';
import type { TableOverrides } from './tables/overrides.js';

export interface FitOptions {
  readonly target: string | undefined;
  readonly task: 'auto' | ProblemType;
  /** of the rows, taken for validation; 0 for none */
  readonly valFraction: number;
  /** of the rows, kept for the test; 0 for none */
  readonly testFraction: number;
  readonly seed: number;
  /** a category column is embedded above this many categories, else one-hot encoded */
  readonly embedAbove: number;
  /** the column of sample weights */
  readonly weights?: string | undefined;
  /** what the user says of a table's columns */
  readonly overrides?: TableOverrides;
}

export interface FittedDataset {
  readonly name: string;
  readonly schema: Schema;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly notes: string[];
  readonly fingerprint: string;
}

/** What a schema makes of a raw source. */
export interface LoadedDataset {
  readonly dataset: Dataset;
  /** all rows, less those without a target where targets are needed */
  readonly rows: Uint32Array<SharedArrayBuffer>;
  readonly notes: string[];
}

/** Class indices are stored in 16 bits. */
export const MAX_CLASSES = 65_535;

/** Beyond this many distinct values whole numbers are a quantity, unless --task says otherwise. */
export const MANY_VALUES = 20;

/**
 * Whole numbers with few distinct values are taken for classes: two values always, up to MANY_VALUES when
 * each comes twice on average.
 */
export function inferProblemType(distinct: number, rows: number, whole: boolean): ProblemType {
  const few = distinct <= 2 || (distinct <= MANY_VALUES && 2 * distinct <= rows);
  return whole && few ? 'classification' : 'regression';
}

/**
 * The split for these options; where too few rows are there to keep some of them back, none are and a note
 * says so.
 */
export function splitRows(
  rows: number,
  options: Pick<FitOptions, 'valFraction' | 'testFraction' | 'seed'>,
  strata: ArrayLike<number> | null,
  notes: string[],
): Split {
  const fractions = { val: options.valFraction, test: options.testFraction };
  if (fractions.val === 0 && fractions.test === 0) {
    return { train: allRows(rows), val: allRows(0), test: allRows(0) };
  }
  const parts = split(rows, fractions, options.seed, strata);
  for (const [part, name] of [
    ['val', 'validation'],
    ['test', 'test'],
  ] as const) {
    if (fractions[part] > 0 && parts[part].length === 0)
      notes.push(`${name}: ${rows} rows are too few to keep ${fractions[part]} of them back; none are`);
  }
  return parts;
}

/** SHA-256 over what describes the data and the stored bytes, before anything is fitted or filled. */
export function fingerprint(
  description: unknown,
  arrays: readonly (StoredArray | Uint32Array | Float64Array)[],
): string {
  const hash = createHash('sha256').update(JSON.stringify(description));
  for (const array of arrays) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
