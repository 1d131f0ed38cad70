/** What a bag tells beside the events of its trainings. */
import type { Metrics } from '../forward/metrics.js';

/** What came of a member of a bag. */
export interface TrainedMember {
  readonly seed: number;
  readonly status: 'completed' | 'early-stopped' | 'interrupted';
  readonly epochs: number;
  /** Epoch with the least loss, counted from 1; null before any epoch has ended. */
  readonly bestEpoch: number | null;
  /** Metrics on its own validation rows; null without such rows. */
  readonly val: Metrics | null;
  readonly weightsSha256: string;
}

/** A member of a bag, or a fold, as its session begins. */
export interface StartedMember {
  readonly seed: number;
  /** Its numbers of training and validation rows. */
  readonly rows: { readonly train: number; readonly val: number };
  readonly stepsPerEpoch: number;
  /** Whether it was trained in an earlier session, so that nothing is left to do. */
  readonly done: boolean;
}

/** Says that a member of a bag has ended, or was done before. */
export interface MemberEvent extends TrainedMember {
  readonly type: 'member';
  /** Counted from 1. */
  readonly member: number;
}

/**
 * What came of a bag. The result's own `val` is `outOfFold`, or the mean's metrics on validation data from a
 * source of its own; its `train` is measured with the final weights.
 */
export interface BagResult {
  /** Those that have begun. */
  readonly members: readonly TrainedMember[];
  /**
   * Metrics on the rows of all folds, each row predicted by the members that were not trained on it; null
   * without folds and after an interruption.
   */
  readonly outOfFold: OutOfFold | null;
  /**
   * The members one by one, on average, against their mean on the same rows that none of them was trained
   * on; null where no row is new to two of them.
   */
  readonly gain: BagGain | null;
}

/** Metrics of predictions for rows by members that were not trained on them. */
export interface OutOfFold extends Metrics {
  readonly rows: number;
  /** The fewest and the most members that predicted a row. */
  readonly fewest: number;
  readonly most: number;
}

/** What averaging the members gains. */
export interface BagGain {
  readonly on: 'test' | 'val' | 'outOfFold';
  readonly rows: number;
  /** The most members whose mean was taken for a row. */
  readonly members: number;
  /** The members' own metrics, on average. */
  readonly single: Metrics;
  /** The metrics of their mean. */
  readonly together: Metrics;
}
