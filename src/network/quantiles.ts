/**
 * Several quantiles of each target, one output for each. Outputs go target by target, and within a target
 * level by level: [R, targets, levels].
 */
import type { FloatArray } from '../kernels/kernels.js';

/** A network predicts at most this many quantiles of a target. */
export const MOST_LEVELS = 100;

/** Returns the index of the level nearest to 0.5, whose quantile is the point prediction. */
export function pointLevel(levels: readonly number[]): number {
  return levels.reduce(
    (best, level, i) => (Math.abs(level - 0.5) < Math.abs(levels[best] - 0.5) ? i : best),
    0,
  );
}

/**
 * Returns the pairs of quantiles between which a share of the targets lies, the outermost first, as indices
 * into a target's values in rising order. A single value, or the one in the middle, is a pair with itself.
 */
export function quantilePairs(levels: number): { readonly low: number; readonly high: number }[] {
  const values = Math.max(1, levels);
  return Array.from({ length: Math.ceil(values / 2) }, (_, i) => ({ low: i, high: values - 1 - i }));
}

/**
 * Returns the k-th smallest of `count` values from `at` on, with k counted from 0. It allocates nothing; NaN
 * where one of the values is NaN.
 */
export function kthSmallest(values: ArrayLike<number>, at: number, count: number, k: number): number {
  for (let i = at; i < at + count; i++) {
    let before = 0;
    for (let j = at; j < at + count; j++) {
      if (values[j] < values[i] || (values[j] === values[i] && j < i)) before++;
    }
    if (before === k) return values[i];
  }
  return Number.NaN;
}

/**
 * Writes what the divergence `quantiles` compares the outputs with: for each row, each target once for every
 * level, and then the levels themselves, once for every target.
 * @param desired [R, 2, targets·levels]
 * @param targets [R, targets]
 */
export function writeQuantileTargets(
  desired: FloatArray,
  targets: ArrayLike<number>,
  rows: number,
  width: number,
  levels: readonly number[],
): void {
  const Q = levels.length;
  const N = width * Q;
  for (let row = 0; row < rows; row++) {
    for (let j = 0; j < N; j++) {
      desired[2 * row * N + j] = targets[row * width + Math.floor(j / Q)];
      desired[(2 * row + 1) * N + j] = levels[j % Q];
    }
  }
}
