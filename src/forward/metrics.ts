import type { Subset } from '../data/dataset.js';
import type { ProblemType } from '../data/schema.js';
import { allRows } from '../data/split.js';
import type { MetricName } from '../metrics/catalogue.js';

/**
 * The means over rows that are reported: the loss, and a score in the user's own terms. On validation rows
 * there is also the metric that the training goes by, a program's own one under its own name.
 */
export interface Metrics extends Readonly<Partial<Record<MetricName, number>>> {
  /** The mean divergence. */
  readonly loss: number;
  /** Classification: the share of rows whose class is right. */
  readonly accuracy?: number;
  /** Regression: the root mean squared error, in the target's own unit. */
  readonly rmse?: number;
  /**
   * Regression: R² = 1 − Σ(y−d)²/Σ(d−mean d)² over the rows and targets, so the rmse beside that of the best
   * constant; absent where the targets are constant.
   */
  readonly r2?: number;
}

/** The metrics that every evaluation adds up on its way; others need all predictions. */
export const SUMMED_METRICS = [
  'loss',
  'accuracy',
  'rmse',
  'r2',
] as const satisfies readonly (keyof Metrics)[];

/** Sums over rows, from which `Metrics` follow. */
interface MetricSums {
  /** Σ w·Div. */
  readonly loss: number;
  /** Rows whose class is right, or Σ squared error in the target's own unit. */
  readonly score: number;
  readonly rows: number;
  /** Σ w: what the rows count in the loss, which is their number unless they are weighted. */
  readonly weight: number;
  /** Regression: Σ(d−mean d)² a row, of all targets together; without it there is no R². */
  readonly variance?: number | undefined;
}

/** Returns the means of sums over rows of `outputs` targets each. While no row has counted, the loss is 0. */
export function meanMetrics(
  problemType: ProblemType,
  outputs: number,
  { loss, score, rows, weight, variance = 0 }: MetricSums,
): Metrics {
  const mean = weight === 0 ? 0 : loss / weight;
  if (problemType === 'classification') return { loss: mean, accuracy: score / rows };
  const r2 = 1 - score / rows / variance;
  const rmse = Math.sqrt(score / (rows * outputs));
  return variance > 0 && Number.isFinite(r2) ? { loss: mean, rmse, r2 } : { loss: mean, rmse };
}

/** Returns the variance of targets [R, N] in the order of their rows, as `targetVariance` does. */
export function varianceOf(targets: ArrayLike<number>, targetWidth: number): number {
  const rows = allRows(targets.length / targetWidth);
  const all = { dataset: { targets, targetWidth }, rows };
  return squaresAround(all, targetMeans(all));
}

/** The rows of which the targets alone count. */
interface TargetRows {
  readonly dataset: { readonly targets: ArrayLike<number>; readonly targetWidth: number };
  readonly rows: Uint32Array;
}

/** Returns the mean of each target over a subset's rows, in float64. */
export function targetMeans({ dataset: { targets, targetWidth }, rows }: TargetRows): number[] {
  const sums = new Array<number>(targetWidth).fill(0);
  for (const row of rows) for (let j = 0; j < targetWidth; j++) sums[j] += targets[row * targetWidth + j];
  return sums.map((sum) => sum / rows.length);
}

/**
 * Returns the mean over a subset's rows of Σⱼ (dⱼ − centerⱼ)²; with the targets' means it is their variance.
 */
export function squaresAround(
  { dataset: { targets, targetWidth }, rows }: TargetRows,
  center: readonly number[],
): number {
  let sum = 0;
  for (const row of rows) {
    for (let j = 0; j < targetWidth; j++) sum += (targets[row * targetWidth + j] - center[j]) ** 2;
  }
  return sum / rows.length;
}

/** Returns the variance of a subset's targets, summed over them; undefined for classes. */
export function targetVariance(problemType: ProblemType, subset: Subset): number | undefined {
  return problemType === 'regression' ? squaresAround(subset, targetMeans(subset)) : undefined;
}
