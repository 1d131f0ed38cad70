import type { FloatArray, Kernels } from '../kernels.js';

/** Row r's maximum and Σ exp(z − max): with the maximum subtracted nothing overflows, and one term is 1. */
export function exponentials(z: FloatArray, r: number, N: number): { max: number; sum: number } {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = r * N; i < (r + 1) * N; i++) max = Math.max(max, z[i]);
  let sum = 0;
  for (let i = r * N; i < (r + 1) * N; i++) sum += Math.exp(z[i] - max);
  return { max, sum };
}

/** log softmax of row r is z − max − logSum. */
export function logSumExp(z: FloatArray, r: number, N: number): { max: number; logSum: number } {
  const { max, sum } = exponentials(z, r, N);
  return { max, logSum: Math.log(sum) };
}

export const softmax: Pick<Kernels, 'softmax' | 'softmaxBackward' | 'logSoftmax' | 'logSoftmaxBackward'> = {
  softmax(y, z, R, N) {
    for (let r = 0; r < R; r++) {
      const { max, sum } = exponentials(z, r, N);
      for (let i = r * N; i < (r + 1) * N; i++) y[i] = Math.exp(z[i] - max) / sum;
    }
  },
  softmaxBackward(dz, dy, y, R, N) {
    for (let r = 0; r < R; r++) {
      let dot = 0;
      for (let i = r * N; i < (r + 1) * N; i++) dot += dy[i] * y[i];
      for (let i = r * N; i < (r + 1) * N; i++) dz[i] = y[i] * (dy[i] - dot);
    }
  },

  logSoftmax(y, z, R, N) {
    for (let r = 0; r < R; r++) {
      const { max, logSum } = logSumExp(z, r, N);
      for (let i = r * N; i < (r + 1) * N; i++) y[i] = z[i] - max - logSum;
    }
  },
  logSoftmaxBackward(dz, dy, y, R, N) {
    for (let r = 0; r < R; r++) {
      let sum = 0;
      for (let i = r * N; i < (r + 1) * N; i++) sum += dy[i];
      for (let i = r * N; i < (r + 1) * N; i++) dz[i] = dy[i] - Math.exp(y[i]) * sum;
    }
  },
};
