import type { FloatArray } from '../floats.js';

/**
 * Returns row r's maximum and Σ exp(z − max): with the maximum subtracted, nothing overflows and one term is
 * 1.
 */
export function exponentials(z: FloatArray, r: number, N: number): { max: number; sum: number } {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = r * N; i < (r + 1) * N; i++) max = Math.max(max, z[i]);
  let sum = 0;
  for (let i = r * N; i < (r + 1) * N; i++) sum += Math.exp(z[i] - max);
  return { max, sum };
}

/** Returns row r's maximum and the logarithm of Σ exp(z − max): log softmax is z − max − logSum. */
export function logSumExp(z: FloatArray, r: number, N: number): { max: number; logSum: number } {
  const { max, sum } = exponentials(z, r, N);
  return { max, logSum: Math.log(sum) };
}
