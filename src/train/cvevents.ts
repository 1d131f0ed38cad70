/** What a cross-validation tells beside the events of its trainings. */
import type { Metrics } from '../forward/metrics.js';

/** What came of a fold's network. */
export interface TrainedFold {
  /** Counted from 1. */
  readonly repetition: number;
  /** The value that names the fold in the user's own column; null where the folds are drawn. */
  readonly name: string | null;
  /** Numbers of rows that it was trained on, and that were held out and score it. */
  readonly rows: { readonly train: number; readonly held: number };
  readonly status: 'completed' | 'early-stopped' | 'interrupted';
  readonly epochs: number;
  /** Epoch with the least loss, counted from 1; null before any epoch has ended. */
  readonly bestEpoch: number | null;
  /** Metrics on the held-out rows; null after an interruption. */
  readonly held: Metrics | null;
  readonly weightsSha256: string;
}

/** Says that a fold's network has ended, or was done before. */
export interface FoldEvent extends TrainedFold {
  readonly type: 'fold';
  /** Counted from 1, through all repetitions. */
  readonly fold: number;
}

/** A metric over the folds. */
export interface FoldScore {
  readonly mean: number;
  /** The sample standard deviation from fold to fold. */
  readonly deviation: number;
  /** The ends of the mean's 95 % interval, with the corrected variance of Nadeau and Bengio (2003). */
  readonly low: number | null;
  readonly high: number | null;
}

/** What came of a cross-validation. */
export interface CrossValidation {
  /** Folds of each repetition. */
  readonly folds: number;
  readonly repetitions: number;
  /** The networks in the order of the folds; those that have begun. */
  readonly trained: readonly TrainedFold[];
  /**
   * The part of each fold's data that its held-out rows are: `val`, or `test` where validation rows were kept
   * back from the training rows.
   */
  readonly held: 'val' | 'test';
  /** Test rows over training rows, which the intervals account for. */
  readonly testToTrain: number;
  /** Each metric over the folds; empty after an interruption. */
  readonly scores: { readonly [Name in keyof Metrics]?: FoldScore };
  /**
   * Metrics of all held-out rows together, each predicted by the network of its fold; null after an
   * interruption.
   */
  readonly outOfFold: (Metrics & { readonly rows: number }) | null;
}
