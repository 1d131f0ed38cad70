import { DIVERGENCE_CODES } from '../codes.js';
import type { FloatArray, Kernels } from '../kernels.js';
import { sigmoid } from './activations.js';

/** Writes ∂Div/∂y of row r into dy and returns Div(y, d) of that row. */
type RowDivergence = (dy: FloatArray | null, y: FloatArray, d: FloatArray, r: number, N: number) => number;

/**
 * Divergences of probabilities stay finite where a probability is 0, as in PyTorch's BCELoss: log y is at least
 * −100, and the divisor of the derivative at least 1e−12.
 */
const clampedLog = (y: number) => Math.max(Math.log(y), -100);
const clampedLog1p = (x: number) => Math.max(Math.log1p(x), -100);
const clampedDivisor = (y: number) => Math.max(y, 1e-12);

/** A sum over the row of Div of one output against one target. */
function sumOverOutputs(
  value: (y: number, d: number) => number,
  derivative: (y: number, d: number) => number,
): RowDivergence {
  return (dy, y, d, r, N) => {
    let loss = 0;
    for (let i = r * N; i < (r + 1) * N; i++) {
      loss += value(y[i], d[i]);
      if (dy !== null) dy[i] = derivative(y[i], d[i]);
    }
    return loss;
  };
}

/** Divergences against a class c; a class outside 0 … N−1 makes the row NaN. */
const ROW_DIVERGENCES: Readonly<Record<keyof typeof DIVERGENCE_CODES, RowDivergence>> = {
  squaredError: sumOverOutputs(
    (y, d) => ((y - d) * (y - d)) / 2,
    (y, d) => y - d,
  ),

  crossEntropy(dy, y, d, r, N) {
    const c = d[r];
    const known = c >= 0 && c < N;
    const yc = known ? y[r * N + c] : NaN;
    dy?.fill(known ? 0 : NaN, r * N, (r + 1) * N);
    if (dy !== null && known) dy[r * N + c] = -1 / clampedDivisor(yc);
    return -clampedLog(yc);
  },

  softmaxCrossEntropy(dy, z, d, r, N) {
    const c = d[r];
    const known = c >= 0 && c < N;
    const zc = known ? z[r * N + c] : NaN;
    const { max, sum } = exponentials(z, r, N);
    if (dy !== null) {
      for (let n = 0; n < N; n++) {
        dy[r * N + n] = known ? Math.exp(z[r * N + n] - max) / sum - (n === c ? 1 : 0) : NaN;
      }
    }
    return Math.log(sum) - (zc - max);
  },

  binaryCrossEntropy: sumOverOutputs(
    (y, d) => -(d * clampedLog(y) + (1 - d) * clampedLog1p(-y)),
    (y, d) => (y - d) / clampedDivisor(y * (1 - y)),
  ),

  sigmoidCrossEntropy: sumOverOutputs(
    (z, d) => Math.max(z, 0) - z * d + Math.log1p(Math.exp(-Math.abs(z))),
    (z, d) => sigmoid(z) - d,
  ),
};

/** Row r's maximum and Σ exp(z − max). */
function exponentials(z: FloatArray, r: number, N: number): { max: number; sum: number } {
  let max = Number.NEGATIVE_INFINITY;
  for (let i = r * N; i < (r + 1) * N; i++) max = Math.max(max, z[i]);
  let sum = 0;
  for (let i = r * N; i < (r + 1) * N; i++) sum += Math.exp(z[i] - max);
  return { max, sum };
}

const BY_CODE: readonly RowDivergence[] = Object.keys(DIVERGENCE_CODES)
  .map((name) => name as keyof typeof DIVERGENCE_CODES)
  .sort((a, b) => DIVERGENCE_CODES[a] - DIVERGENCE_CODES[b])
  .map((name) => ROW_DIVERGENCES[name]);

export const divergences: Pick<Kernels, 'softmax' | 'softmaxBackward' | 'divergence'> = {
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

  divergence(code, losses, dy, y, d, R, N) {
    const divergence = BY_CODE[code];
    for (let r = 0; r < R; r++) losses[r] = divergence(dy, y, d, r, N);
  },
};
