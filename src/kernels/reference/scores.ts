/** What a step adds up row by row: losses, weights and scores. */
import type { Kernels } from '../kernels.js';

export const scoreKernels: Pick<Kernels, 'sum' | 'countRight'> = {
  sum(a, from, to, start) {
    let sum = start;
    for (let i = from; i < to; i++) sum += a[i];
    return sum;
  },

  countRight(y, classes, from, to, N, threshold) {
    let right = 0;
    for (let row = from; row < to; row++) {
      if (predictedClass(y, row, N, threshold) === classes[row]) right++;
    }
    return right;
  },
};

/**
 * Returns the class of a row's largest output, the first of equals. A single output means class 1 above the
 * threshold and class 0 otherwise.
 */
export function predictedClass(output: ArrayLike<number>, row: number, N: number, threshold: number): number {
  if (N === 1) return output[row] > threshold ? 1 : 0;
  let best = 0;
  for (let j = 1; j < N; j++) if (output[row * N + j] > output[row * N + best]) best = j;
  return best;
}
