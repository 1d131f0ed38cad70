import type { ProblemType } from '../data/schema.js';

/** The means over rows that are reported: the loss, and a score in the user's own terms. */
export interface Metrics {
  /** The mean divergence. */
  readonly loss: number;
  /** Classification: the share of rows whose class is right. */
  readonly accuracy?: number;
  /** Regression: the root mean squared error, in the target's own unit. */
  readonly rmse?: number;
}

/** Sums over rows, from which `Metrics` follow. */
interface MetricSums {
  /** Σ w·Div. */
  readonly loss: number;
  /** Rows whose class is right, or Σ squared error in the target's own unit. */
  readonly score: number;
  readonly rows: number;
  /** Σ w: what the rows count in the loss, which is their number unless they are weighted. */
  readonly weight: number;
}

/** Returns the means of sums over rows of `outputs` targets each. While no row has counted, the loss is 0. */
export function meanMetrics(
  problemType: ProblemType,
  outputs: number,
  { loss, score, rows, weight }: MetricSums,
): Metrics {
  const mean = weight === 0 ? 0 : loss / weight;
  if (problemType === 'classification') return { loss: mean, accuracy: score / rows };
  return { loss: mean, rmse: Math.sqrt(score / (rows * outputs)) };
}
