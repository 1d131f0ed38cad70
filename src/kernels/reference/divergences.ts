import type { FloatArray } from '../floats.js';
import { sigmoid } from './activations.js';
import { exponentials, logSumExp } from './logsumexp.js';

/**
 * Computes one row: writes ∂Div/∂y of row r into dy and returns Div(y, d); p is the divergence's parameter.
 */
export type RowDivergence = (
  dy: FloatArray | null,
  y: FloatArray,
  d: FloatArray,
  r: number,
  N: number,
  p: number,
) => number;

/**
 * Divergences of probabilities stay finite where a probability is 0, as in PyTorch's BCELoss: log y counts as
 * at least −100, and the divisor of the derivative as at least 1e−12.
 */
const clampedLog = (y: number) => Math.max(Math.log(y), -100);
const clampedLog1p = (x: number) => Math.max(Math.log1p(x), -100);
const clampedDivisor = (y: number) => Math.max(y, 1e-12);

/** Returns d log d, with its limit 0 at d = 0. */
const dLogD = (d: number) => (d === 0 ? 0 : d * Math.log(d));
/** Returns the sign that y should have: 1 where d is 1, and −1 where d is −1 or 0. */
const side = (d: number) => (d > 0 ? 1 : -1);
/** Returns by how much y falls short of 1 on its side; hinge losses are made of it. */
const slack = (y: number, d: number) => Math.max(1 - side(d) * y, 0);

/** Makes a divergence that is the sum of Div(output, target) over a row. */
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

/**
 * Makes a divergence from the class whose index c is the target. A row with c outside 0 … N−1 becomes NaN.
 */
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
 * Computes the focal divergence of the true class's probability y, −(1−y)^p log y, and y times its
 * derivative, both from log y. As y → 1, (1−y)^(p−1) would raise 0 to a negative power for p < 1, so
 * (1−y)^(p−1) log y is computed as (1−y)^p times log y/(1−y), a ratio that goes to −1.
 */
function focalTerms(log: number, p: number): { value: number; slope: number } {
  const complement = -Math.expm1(log); // 1 − y
  const power = complement ** p;
  const ratio = complement > 0 ? log / complement : -1;
  return { value: -power * log, slope: power * (p * Math.exp(log) * ratio - 1) };
}

/** Returns max(τ(d−y), (τ−1)(d−y)), the pinball loss. */
const pinball = (y: number, d: number, level: number) => Math.max(level * (d - y), (level - 1) * (d - y));
const pinballSlope = (y: number, d: number, level: number) => (y > d ? 1 - level : y < d ? -level : y - d);

const squaredError = sumOverOutputs(
  (y, d) => ((y - d) * (y - d)) / 2,
  (y, d) => y - d,
);

/**
 * The divergences that every implementation of the kernels has. Those made by `againstClass` take d as [R,1]
 * class indices, `quantiles` as [R,2N], the others as [R,N]; p is the divergence's parameter. Those whose
 * first argument is z are fused: they take the input of an activation and stand for it as well.
 */
export const ROW_DIVERGENCES = {
  /** ½‖y−d‖² */
  squaredError,
  /** ‖y−d‖²/N */
  meanSquaredError(dy, y, d, r, N) {
    const loss = squaredError(dy, y, d, r, N, 0);
    if (dy !== null) for (let i = r * N; i < (r + 1) * N; i++) dy[i] *= 2 / N;
    return (2 / N) * loss;
  },
  /** Σ |y−d| */
  absoluteError: sumOverOutputs(
    (y, d) => Math.abs(y - d),
    (y, d) => Math.sign(y - d),
  ),
  /**
   * Σ ½e² where |e| ≤ p, else p(|e| − p/2), with e = y−d: at p the parabola goes over into straight lines.
   */
  huber: sumOverOutputs(
    (y, d, p) => {
      const size = Math.abs(y - d);
      return size <= p ? (size * size) / 2 : p * (size - p / 2);
    },
    (y, d, p) => Math.min(Math.max(y - d, -p), p),
  ),
  /**
   * Σ log cosh e, with e = y−d: cosh e = 1 + 2 sinh²(e/2) near 0, e^|e|/2·(1 + e^−2|e|) beyond; neither
   * cancels nor overflows.
   */
  logCosh: sumOverOutputs(
    (y, d) => {
      const size = Math.abs(y - d);
      return size < 1
        ? Math.log1p(2 * Math.sinh(size / 2) ** 2)
        : size + Math.log1p(Math.exp(-2 * size)) - Math.LN2;
    },
    (y, d) => Math.tanh(y - d),
  ),
  /** Σ max(p(d−y), (p−1)(d−y)), with p the share of under-estimates, τ. */
  quantile: sumOverOutputs(pinball, pinballSlope),
  /**
   * Σ max(τ(d−y), (τ−1)(d−y))/p, with p the number of levels that each target has, and d [R,2N]: a row's N
   * targets, then a τ for each of its N outputs.
   */
  quantiles(dy, y, d, r, N, p) {
    let loss = 0;
    for (let j = 0; j < N; j++) {
      const [i, target, level] = [r * N + j, d[2 * r * N + j], d[(2 * r + 1) * N + j]];
      loss += pinball(y[i], target, level) / p;
      if (dy !== null) dy[i] = pinballSlope(y[i], target, level) / p;
    }
    return loss;
  },

  /** Σ max(0, 1 − s·y), with s = 1 where d > 0, else −1. */
  hinge: sumOverOutputs(slack, (y, d) => -side(d) * Math.sign(slack(y, d))),
  /** Σ max(0, 1 − s·y)² */
  squaredHinge: sumOverOutputs(
    (y, d) => slack(y, d) ** 2,
    (y, d) => -2 * side(d) * slack(y, d),
  ),

  /** Σ −d log y − (1−d) log(1−y), y probabilities. */
  binaryCrossEntropy: sumOverOutputs(
    (y, d) => -(d * clampedLog(y) + (1 - d) * clampedLog1p(-y)),
    (y, d) => (y - d) / clampedDivisor(y * (1 - y)),
  ),
  /** binaryCrossEntropy of the sigmoid of logits z: ∂/∂z = σ(z) − d. */
  sigmoidCrossEntropy: sumOverOutputs(
    (z, d) => Math.max(z, 0) - z * d + Math.log1p(Math.exp(-Math.abs(z))),
    (z, d) => sigmoid(z) - d,
  ),
  /** Σ y − d log y, y rates. */
  poisson: sumOverOutputs(
    (y, d) => y - d * clampedLog(y),
    (y, d) => 1 - d / clampedDivisor(y),
  ),
  /** poisson of e^z: ∂/∂z = e^z − d. */
  expPoisson: sumOverOutputs(
    (z, d) => Math.exp(z) - d * z,
    (z, d) => Math.exp(z) - d,
  ),
  /** Σ d log d − d log y, y probabilities. */
  kl: sumOverOutputs(
    (y, d) => dLogD(d) - d * clampedLog(y),
    (y, d) => -d / clampedDivisor(y),
  ),
  /** kl of the softmax of logits z: ∂/∂z = softmax(z)·Σd − d. */
  softmaxKl(dy, z, d, r, N) {
    const { max, logSum } = logSumExp(z, r, N);
    let loss = 0;
    let mass = 0;
    for (let i = r * N; i < (r + 1) * N; i++) {
      loss += dLogD(d[i]) - d[i] * (z[i] - max - logSum);
      mass += d[i];
    }
    if (dy !== null) {
      for (let i = r * N; i < (r + 1) * N; i++) dy[i] = mass * Math.exp(z[i] - max - logSum) - d[i];
    }
    return loss;
  },

  /**
   * −Σ t_j log y_j, y probabilities; p is the label smoothing ε, so the target t is (1−p)·onehot(c) + p/N,
   * and without smoothing this is −log y_c.
   */
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
  /** crossEntropy of the softmax of logits z: log Σ e^z − z_c, ∂/∂z = softmax(z) − onehot(c); p as above. */
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
  /** −y_c, y logarithms of probabilities. */
  nll: againstClass((dy, y, c) => {
    dy?.fill(0);
    if (dy !== null) dy[c] = -1;
    return -y[c];
  }),
  /**
   * −(1−y_c)^p log y_c, y probabilities; p is γ: the larger it is, the less a row counts whose class is
   * already recognised.
   */
  focal: againstClass((dy, y, c, p) => {
    const { value, slope } = focalTerms(clampedLog(y[c]), p);
    dy?.fill(0);
    if (dy !== null) dy[c] = slope / clampedDivisor(y[c]);
    return value;
  }),
  /** focal of the softmax of logits z. */
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
} as const satisfies Record<string, RowDivergence>;

/** Names a divergence, fused or not. */
export type DivergenceKernel = keyof typeof ROW_DIVERGENCES;
