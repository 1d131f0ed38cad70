/**
 * The mean of repeated measurements with its interval. Repeats with other seeds are independent; folds share
 * training rows, which the corrected variance of Nadeau and Bengio (2003) accounts for.
 */
import { mean } from './statistics.js';
import { studentQuantile } from './student.js';

/** Folds of a cross-validation, which share rows. */
export interface Folds {
  /** Test rows over training rows: 1/(k − 1) with k folds. */
  readonly testToTrain: number;
}

/** A mean with the ends of its 95 % interval; null where one value says nothing about the spread. */
export interface MeanInterval {
  readonly mean: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly count: number;
}

/** Returns the sample variance, which divides by one less than the number of values. */
export function sampleVariance(values: readonly number[]): number {
  const middle = mean(values);
  return values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
}

/**
 * Returns what the variance of single values is multiplied with to give that of their mean: 1/n for seeds,
 * 1/n + test rows/training rows for folds.
 */
export function variancePerMean(count: number, folds: Folds | undefined): number {
  return 1 / count + (folds?.testToTrain ?? 0);
}

/**
 * Returns the mean of a metric over seeds or folds with its 95 % interval.
 *
 * @example
 * ```js
 * import { meanInterval } from 'gradpool';
 *
 * const { mean, low, high } = meanInterval([0.91, 0.93, 0.92, 0.9, 0.94]);
 * console.log(mean.toFixed(3), low?.toFixed(3), high?.toFixed(3)); // → 0.920 0.900 0.940
 * const folds = { testToTrain: 1 / 4 }; // the values are those of 5 folds
 * console.log(meanInterval([0.91, 0.93, 0.92, 0.9, 0.94], folds).low?.toFixed(3)); // → 0.891
 * ```
 */
export function meanInterval(values: readonly number[], folds?: Folds, confidence = 0.95): MeanInterval {
  const count = values.length;
  const middle = mean(values);
  if (count < 2) return { mean: middle, low: null, high: null, count };
  const error = Math.sqrt(sampleVariance(values) * variancePerMean(count, folds));
  const half = studentQuantile((1 + confidence) / 2, count - 1) * error;
  return { mean: middle, low: middle - half, high: middle + half, count };
}
