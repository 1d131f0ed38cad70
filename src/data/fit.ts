/**
 * Holds what fitting arrays and fitting tables have in common: options, result, the choice of the problem
 * type, the split and the fingerprint.
 */
import { createHash } from 'node:crypto';
import { revivedError, thrownError, UserError } from '../errors.js';
import type { Dataset, StoredArray } from './dataset.js';
import type { ExaminedTable } from './findings/profile.js';
import type { Parting, RowKeys } from './parting.js';
import { type Fold, type Parted, partRows } from './partrows.js';
import type { CompletePreprocessing } from './preprocessing.js';
import type { ProblemType, Schema } from './schema.js';
import type { Split } from './split.js';
import type { TableOverrides } from './tables/overrides.js';

/** Says how a source is fitted, with all defaults filled in. */
export interface FitOptions {
  /** The target column of a table. */
  readonly target: string | undefined;
  readonly problemType: 'auto' | ProblemType;
  /** Fraction of the rows kept back for validation; 0 for none. */
  readonly valFraction: number;
  /** Fraction of the rows kept back for the test; 0 for none. */
  readonly testFraction: number;
  readonly seed: number;
  /**
   * Largest number of categories that a column may have and still be one-hot encoded; with more it is
   * embedded.
   */
  readonly embedAbove: number;
  /** How columns become inputs. */
  readonly preprocessing: CompletePreprocessing;
  /** The column of sample weights. */
  readonly weights?: string | undefined;
  /** How rows are parted; at random, with every class's share kept, unless it says otherwise. */
  readonly parting?: Parting;
  /** Decisions about a table's columns that the user makes instead of the rules. */
  readonly overrides?: TableOverrides;
}

/** A fold with the schema fitted to its training rows, and the rows as they are stored by it. */
interface FittedFold extends Fold {
  readonly schema: Schema;
  readonly dataset: Dataset;
}

/** A fitted dataset is a source that was read for training, with its split and the schema fitted to it. */
export interface FittedDataset {
  readonly name: string;
  readonly schema: Schema;
  readonly dataset: Dataset;
  readonly split: Split;
  /** Empty without a cross-validation. */
  readonly folds: readonly FittedFold[];
  readonly notes: string[];
  readonly fingerprint: string;
  /** Tables: what was read, to be examined for findings. */
  readonly examined?: ExaminedTable;
}

/** A loaded dataset is a source that was read by the schema of a trained model. */
export interface LoadedDataset {
  readonly dataset: Dataset;
  /** All rows; where targets are needed, the rows that have one. */
  readonly rows: Uint32Array<SharedArrayBuffer>;
  readonly notes: string[];
  /** Tables with targets: what was read, to be examined for findings. */
  readonly examined?: ExaminedTable;
}

/** Largest number of classes, since class indices are stored in 16 bits. */
export const MAX_CLASSES = 65_535;

/** Largest number of classes that a numeric target is taken to hold, unless --task says otherwise. */
export const MAX_INFERRED_CLASSES = 20;

/**
 * Infers whether a numeric target holds classes. Whole numbers with few distinct values do: two values
 * always, and up to MAX_INFERRED_CLASSES if each occurs twice on average.
 */
export function inferProblemType(distinct: number, rows: number, whole: boolean): ProblemType {
  const few = distinct <= 2 || (distinct <= MAX_INFERRED_CLASSES && 2 * distinct <= rows);
  return whole && few ? 'classification' : 'regression';
}

/** Parts the rows as the options say. Adds a note for a part that gets no rows because there are too few. */
export function splitRows(
  rows: number,
  keys: RowKeys,
  options: Pick<FitOptions, 'valFraction' | 'testFraction' | 'seed' | 'parting'>,
  notes: string[],
): Parted {
  const { valFraction, testFraction, seed, parting = {} } = options;
  const fractions = { val: valFraction, test: testFraction };
  const strata = (parting.stratify ?? true) ? keys.strata : null;
  const parted = partRows(rows, { ...keys, strata }, { ...parting, valFraction, testFraction, seed });
  const kept = { ...parted.whole, ...(parted.folds.length > 0 ? { val: parted.folds[0].split.val } : {}) };
  for (const [part, name] of [
    ['val', 'validation'],
    ['test', 'test'],
  ] as const) {
    if (fractions[part] > 0 && kept[part].length === 0)
      notes.push(`${name}: ${rows} rows are too few to keep ${fractions[part]} of them back; none are`);
  }
  return parted;
}

/** Does what may fail for one fold only, and names the fold in the error. */
export function namingFold<T>(index: number, folds: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw inFold(error, index, folds);
  }
}

/** Returns an error of the user's with the fold's number before its message. */
export function inFold(error: unknown, index: number, folds: number): unknown {
  if (!(error instanceof UserError)) return error;
  return revivedError({ ...thrownError(error), message: `fold ${index + 1} of ${folds}: ${error.message}` });
}

/** Returns the SHA-256 of a description of the data and of its bytes as they were read, before fitting. */
export function fingerprint(
  description: unknown,
  arrays: Iterable<StoredArray | Uint32Array | Float64Array>,
): string {
  return fingerprintOfText([JSON.stringify(description)], arrays);
}

/** Returns the SHA-256 of a text that comes in pieces, and of arrays after it. */
export function fingerprintOfText(
  text: Iterable<string>,
  arrays: Iterable<StoredArray | Uint32Array | Float64Array>,
): string {
  const hash = createHash('sha256');
  for (const piece of text) hash.update(piece);
  for (const array of arrays) hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return hash.digest('hex');
}
