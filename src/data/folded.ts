/** The data of a cross-validation: one source, of which each fold's network is trained on other rows. */
import type { Subset } from './dataset.js';
import { fitFor, type LoadOptions, partsOf, schemaFacts, type TrainingData } from './load.js';
import { partingOf } from './parting.js';
import { openSource } from './source.js';

/** The data of one fold's network. */
interface FoldData {
  /** The value of the user's column that names the fold; null where the folds are drawn. */
  readonly name: string | null;
  /** Counted from 1. */
  readonly repetition: number;
  /** Everything is fitted to the fold's own training rows. */
  readonly data: TrainingData;
}

/** The data of a cross-validation. */
export interface FoldedData {
  /** The source with all rows that are not test rows as training rows; the encoding is fitted to these. */
  readonly whole: TrainingData;
  readonly folds: readonly FoldData[];
  /**
   * The part of each fold's data that its network is scored on: `test` where validation rows are kept back
   * from its training rows.
   */
  readonly held: 'val' | 'test';
}

/** Returns the rows on which a fold's network is scored. */
export const heldOut = ({ data }: FoldData, held: FoldedData['held']): Subset => data[held]!;

/**
 * Reads a source once, parts its rows into folds, and fits what is fitted to the training rows of each fold.
 * @param options `val` is the share of each fold's training rows that is kept back for validation; with
 *   'auto' the fold's own rows validate it
 * @throws UsageError and DataError as `loadTrainingData` does, and for folds that the rows do not allow
 */
export async function loadFolds(options: LoadOptions): Promise<FoldedData> {
  const source = openSource(options.data);
  const val = options.val === 'auto' ? 0 : options.val;
  const fitted = await fitFor(source, { ...options, val }, partingOf(options));
  const whole = await partsOf(source, { ...options, val: 0 }, fitted);
  const folds = fitted.folds.map(({ name, repetition, split, schema, dataset }): FoldData => {
    const subset = (rows: Subset['rows']) => (rows.length > 0 ? { dataset, rows } : null);
    const { train, val, test } = split;
    const parts = { train: { dataset, rows: train }, val: subset(val), test: subset(test) };
    return {
      name,
      repetition,
      data: { ...whole, ...schemaFacts(schema), ...parts, notes: [], findings: [] },
    };
  });
  return { whole, folds, held: val === 0 ? 'val' : 'test' };
}

/** Returns test rows over training rows, of all folds together, by which their scores vary together. */
export function testToTrain({ folds, held }: FoldedData): number {
  const rows = (count: (fold: FoldData) => number) => folds.reduce((sum, fold) => sum + count(fold), 0);
  const test = rows((fold) => heldOut(fold, held).rows.length);
  const train = rows(
    ({ data }) => data.train.rows.length + (held === 'test' ? (data.val?.rows.length ?? 0) : 0),
  );
  return test / train;
}
