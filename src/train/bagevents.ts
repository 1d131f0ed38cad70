/** What the members of a bag reach together. */
import type { Metrics } from '../forward/metrics.js';

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
