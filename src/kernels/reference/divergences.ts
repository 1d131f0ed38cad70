import { DIVERGENCE_CODES } from '../codes.js';
import type { FloatArray, Kernels } from '../kernels.js';
import { sigmoid } from './activations.js';
import { exponentials, logSumExp } from './softmax.js';

/** Writes ∂Div/∂y of row r into dy and returns Div(y, d) of that row; p is the divergence's parameter. */
type RowDivergence = (
  dy: FloatArray | null,
  y: FloatArray,
  d: FloatArray,
  r: number,
  N: number,
  p: number,
) => number;

/**
 * Divergences of probabilities stay finite where a probability is 0, as in PyTorch's BCELoss: log y is at least
 * −100, and the divisor of the derivative at least 1e−12.
 */
const clampedLog = (y: number) => Math.max(Math.log(y), -100);
const clampedLog1p = (x: number) => Math.max(Math.log1p(x), -100);
const clampedDivisor = (y: number) => Math.max(y, 1e-12);

/** d log d with its limit 0 at d = 0. */
const entropy = (d: number) => (d === 0 ? 0 : d * Math.log(d));
/** Which side of its margin y is on is said by the sign of d, so that 0 and 1 serve as well as −1 and 1. */
const side = (d: number) => (d > 0 ? 1 : -1);
const slack = (y: number, d: number) => Math.max(1 - side(d) * y, 0);

/** A sum over the row of Div of one output against one target. */
function sumOverOutputs(
  value: (y: number, d: number, p: number) => number,
  derivative: (y: number, d: number, p: number) => number,
): RowDivergence {
  return (dy, y, d, r, N, p) => {
    let loss = 0;
    for (let i = r * N; i < (r + 1) * N; i++) {
      loss += value(y[i], d[i], p);
      if (dy !== null) dy[i] = derivative(y[i], d[i], p);
    }
    return loss;
  };
}

/** Div against a class c; where there is no such class, among 0 … N−1, the row becomes NaN. */
function againstClass(
  divergence: (dy: FloatArray | null, y: FloatArray, c: number, p: number) => number,
): RowDivergence {
  return (dy, y, d, r, N, p) => {
    const [from, to, c] = [r * N, (r + 1) * N, d[r]];
    if (c >= 0 && c < N) return divergence(dy?.subarray(from, to) ?? null, y.subarray(from, to), c, p);
    dy?.fill(Number.NaN, from, to);
    return Number.NaN;
  };
}

/**
 * −(1−y)^p log y and, times y, its derivative: the focal divergence of the true class's probability y, from log y.
 * (1−y)^(p−1) log y is taken as (1−y)^p times a ratio that goes to −1, so that no power of 0 is ever negative.
 */
function focalTerms(log: number, p: number): { value: number; slope: number } {
  const rest = -Math.expm1(log);
  const power = rest ** p;
  const ratio = rest > 0 ? log / rest : -1;
  return { value: -power * log, slope: power * (p * Math.exp(log) * ratio - 1) };
}

const ROW_DIVERGENCES: Readonly<Record<keyof typeof DIVERGENCE_CODES, RowDivergence>> = {
  squaredError: sumOverOutputs(
    (y, d) => ((y - d) * (y - d)) / 2,
    (y, d) => y - d,
  ),
  meanSquaredError(dy, y, d, r, N) {
    const loss = ROW_DIVERGENCES.squaredError(dy, y, d, r, N, 0);
    if (dy !== null) for (let i = r * N; i < (r + 1) * N; i++) dy[i] *= 2 / N;
    return (2 / N) * loss;
  },
  absoluteError: sumOverOutputs(
    (y, d) => Math.abs(y - d),
    (y, d) => Math.sign(y - d),
  ),
  /** p: δ, where the parabola goes over into straight lines */
  huber: sumOverOutputs(
    (y, d, p) => {
      const size = Math.abs(y - d);
      return size <= p ? (size * size) / 2 : p * (size - p / 2);
    },
    (y, d, p) => Math.min(Math.max(y - d, -p), p),
  ),
  /** cosh e = 1 + 2 sinh²(e/2) near 0, e^|e|/2·(1 + e^−2|e|) beyond: neither cancels nor overflows. */
  logCosh: sumOverOutputs(
    (y, d) => {
      const size = Math.abs(y - d);
      return size < 1
        ? Math.log1p(2 * Math.sinh(size / 2) ** 2)
        : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    },
    (y, d) => Math.tanh(y - d),
  ),
  /** p: the share of under-estimates, τ */
  quantile: sumOverOutputs(
    (y, d, p) => Math.max(p * (d - y), (p - 1) * (d - y)),
    (y, d, p) => (y > d ? 1 - p : y < d ? -p : y - d),
  ),

  hinge: sumOverOutputs(slack, (y, d) => -side(d) * Math.sign(slack(y, d))),
  squaredHinge: sumOverOutputs(
    (y, d) => slack(y, d) ** 2,
    (y, d) => -2 * side(d) * slack(y, d),
  ),

  binaryCrossEntropy: sumOverOutputs(
    (y, d) => -(d * clampedLog(y) + (1 - d) * clampedLog1p(-y)),
    (y, d) => (y - d) / clampedDivisor(y * (1 - y)),
  ),
  sigmoidCrossEntropy: sumOverOutputs(
    (z, d) => Math.max(z, 0) - z * d + Math.log1p(Math.exp(-Math.abs(z))),
    (z, d) => sigmoid(z) - d,
  ),
  poisson: sumOverOutputs(
    (y, d) => y - d * clampedLog(y),
    (y, d) => 1 - d / clampedDivisor(y),
  ),
  expPoisson: sumOverOutputs(
    (z, d) => Math.exp(z) - d * z,
    (z, d) => Math.exp(z) - d,
  ),
  kl: sumOverOutputs(
    (y, d) => entropy(d) - d * clampedLog(y),
    (y, d) => -d / clampedDivisor(y),
  ),
  softmaxKl(dy, z, d, r, N) {
    const { max, logSum } = logSumExp(z, r, N);
    let loss = 0;
    let mass = 0;
    for (let i = r * N; i < (r + 1) * N; i++) {
      loss += entropy(d[i]) - d[i] * (z[i] - max - logSum);
      mass += d[i];
    }
    if (dy !== null) {
      for (let i = r * N; i < (r + 1) * N; i++) dy[i] = mass * Math.exp(z[i] - max - logSum) - d[i];
    }
    return loss;
  },

  /** p: ε, the share of the desired probability that is spread over all classes */
  crossEntropy: againstClass((dy, y, c, p) => {
    const N = y.length;
    dy?.fill(0);
    let loss = -(1 - p) * clampedLog(y[c]);
    if (p > 0) {
      for (const [j, value] of y.entries()) {
        loss -= (p / N) * clampedLog(value);
        if (dy !== null) dy[j] = -p / N / clampedDivisor(value);
      }
    }
    if (dy !== null) dy[c] -= (1 - p) / clampedDivisor(y[c]);
    return loss;
  }),
  softmaxCrossEntropy: againstClass((dy, z, c, p) => {
    const N = z.length;
    const { max, sum } = exponentials(z, 0, N);
    let mean = 0;
    if (p > 0) for (const value of z) mean += (value - max) / N;
    if (dy !== null) {
      for (let j = 0; j < N; j++) {
        dy[j] = Math.exp(z[j] - max) / sum - p / N - (j === c ? 1 - p : 0);
      }
    }
    return Math.log(sum) - (1 - p) * (z[c] - max) - p * mean;
  }),
  nll: againstClass((dy, y, c) => {
    dy?.fill(0);
    if (dy !== null) dy[c] = -1;
    return -y[c];
  }),
  /** p: γ, how much less a class counts that is recognised already */
  focal: againstClass((dy, y, c, p) => {
    const { value, slope } = focalTerms(clampedLog(y[c]), p);
    dy?.fill(0);
    if (dy !== null) dy[c] = slope / clampedDivisor(y[c]);
    return value;
  }),
  softmaxFocal: againstClass((dy, z, c, p) => {
    const { max, logSum } = logSumExp(z, 0, z.length);
    const { value, slope } = focalTerms(z[c] - max - logSum, p);
    if (dy !== null) {
      for (let j = 0; j < z.length; j++) {
        dy[j] = slope * ((j === c ? 1 : 0) - Math.exp(z[j] - max - logSum));
      }
    }
    return value;
  }),
};

const BY_CODE: readonly RowDivergence[] = Object.keys(DIVERGENCE_CODES)
  .map((name) => name as keyof typeof DIVERGENCE_CODES)
  .sort((a, b) => DIVERGENCE_CODES[a] - DIVERGENCE_CODES[b])
  .map((name) => ROW_DIVERGENCES[name]);

export const divergences: Pick<Kernels, 'divergence'> = {
  divergence(code, losses, dy, y, d, R, N, p) {
    const divergence = BY_CODE[code];
    for (let r = 0; r < R; r++) losses[r] = divergence(dy, y, d, r, N, p);
  },
};
