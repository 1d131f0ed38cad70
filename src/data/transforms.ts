/**
 * Bends skewed numbers before they are scaled, so that most of a column does not lie in a corner of its
 * range. What a transform needs is fitted to the training rows and saved with the column.
 */
import { z } from 'zod';
import { ln } from '../elementary.js';
import { normalQuantile } from '../random.js';
import { linearQuantile } from './statistics.js';

/** Validates a transform that was saved in a model. */
export const transformSchema = z.discriminatedUnion('kind', [
  /** sign(x)·ln(1 + |x|/unit). */
  z.strictObject({ kind: z.literal('log'), unit: z.number().positive() }),
  /** The rank of x among the training rows, 0 to 1, or the normal distribution's quantile at that share. */
  z.strictObject({
    kind: z.enum(['quantileNormal', 'quantileUniform']),
    quantiles: z.array(z.number()).min(2).max(10_000),
  }),
]);
/** A fitted transform. */
export type Transform = z.infer<typeof transformSchema>;

/** Most quantiles that a transform holds; between two of them it is a line. */
const MOST_QUANTILES = 256;

/** Share of the magnitudes other than 0 that are smaller than the unit of a logarithm. */
const SMALL_SHARE = 0.05;

/** Fits a transform to the sorted values of the training rows, which are not all equal. */
export function fitTransform(kind: Transform['kind'], sorted: Float64Array): Transform {
  if (kind === 'log') {
    const magnitudes = sorted.map(Math.abs).filter((value) => value > 0);
    return { kind, unit: linearQuantile(magnitudes.sort(), SMALL_SHARE) };
  }
  const count = Math.min(MOST_QUANTILES, sorted.length);
  const quantiles = Array.from({ length: count }, (_, i) => linearQuantile(sorted, i / (count - 1)));
  let largest = Number.NEGATIVE_INFINITY; // rounding may make a quantile smaller than the one before it
  for (const [i, value] of quantiles.entries()) quantiles[i] = largest = Math.max(largest, value);
  return { kind, quantiles };
}

/** Returns the function that a fitted transform stands for. */
export function transformOf(transform: Transform): (value: number) => number {
  if (transform.kind === 'log') {
    const { unit } = transform;
    return (value) => Math.sign(value) * ln(1 + Math.abs(value) / unit);
  }
  const quantiles = Float64Array.from(transform.quantiles);
  if (transform.kind === 'quantileUniform') return (value) => rankOf(quantiles, value);
  return (value) => normalQuantile(Math.min(Math.max(rankOf(quantiles, value), EDGE), 1 - EDGE));
}

/** The share that the smallest and the largest value are given, which makes them ∓5.2, as in scikit-learn. */
const EDGE = 1e-7;

/**
 * Returns the share of the training values below a value, 0 to 1: on the line between the two quantiles
 * around it; the middle of the shares where several quantiles equal it.
 */
function rankOf(quantiles: Float64Array, value: number): number {
  const last = quantiles.length - 1;
  if (Number.isNaN(value)) return value;
  if (value < quantiles[0]) return 0;
  if (value > quantiles[last]) return 1;
  const first = firstWhere(quantiles, (quantile) => quantile >= value);
  if (quantiles[first] === value) {
    const after = firstWhere(quantiles, (quantile) => quantile > value);
    return (first + after - 1) / (2 * last);
  }
  const [low, high] = [quantiles[first - 1], quantiles[first]];
  return (first - 1 + (value - low) / (high - low)) / last;
}

/** Returns the first index of those at which a condition holds, all of which are at the end. */
function firstWhere(values: Float64Array, holds: (value: number) => boolean): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(values[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
