/** The divergences of one row with 31 digits, written as their definitions (lecture, section 5). */
import type { DivergenceKernel } from '../../kernels/reference/divergences.js';
import { type DoubleDouble, LN2, preciseOf, preciseSum, ZERO } from './doubledouble.js';

/** Returns Div(y, d) of one row; p is the divergence's parameter. */
type PreciseDivergence = (y: readonly DoubleDouble[], d: readonly number[], p: number) => DoubleDouble;

const NOT_TOLD = preciseOf(Number.NaN);

/**
 * Returns ln y, or NaN below 1e-12: there backpropagation bounds the derivative 1/y
 * (reference/divergences.ts), so it is not the derivative of the logarithm, and differences have nothing to
 * say about it.
 */
const boundedLn = (y: DoubleDouble) => (y.high > 1e-12 ? y.ln() : NOT_TOLD);

const dLogD = (d: number) => (d === 0 ? ZERO : preciseOf(d).ln().times(d));
const sideOf = (d: number) => (d > 0 ? 1 : -1);
const slack = (y: DoubleDouble, d: number) =>
  preciseOf(1)
    .minus(y.times(sideOf(d)))
    .atLeast(0);

function sumOverOutputs(term: (y: DoubleDouble, d: number, p: number) => DoubleDouble): PreciseDivergence {
  return (y, d, p) => preciseSum(y.map((value, j) => term(value, d[j], p)));
}

function pinball(y: DoubleDouble, d: number, level: number): DoubleDouble {
  const short = preciseOf(d).minus(y);
  return short.times(short.high > 0 ? level : level - 1);
}

const squaredError = sumOverOutputs((y, d) => y.minus(d).times(y.minus(d)).times(0.5));
/** Returns log(1 + e^−|z|). */
const lnOnePlusExp = (z: DoubleDouble) => z.magnitude().negated().exp().plus(1).ln();

/** Returns z − log Σ e^z, the largest z taken out of the sum. */
function logSoftmaxOf(z: readonly DoubleDouble[]): DoubleDouble[] {
  const largest = z.reduce((a, b) => (b.exceeds(a) ? b : a));
  const logSum = preciseSum(z.map((value) => value.minus(largest).exp())).ln();
  return z.map((value) => value.minus(largest).minus(logSum));
}

/** Returns −(1−y)^p log y from log y. */
function focalOf(log: DoubleDouble, p: number): DoubleDouble {
  return precisePower(preciseOf(1).minus(log.exp()), p).times(log).negated();
}

/** Returns −Σ t_j log y_j, with the target t = (1−ε)·onehot(c) + ε/N. */
function smoothed(log: (j: number) => DoubleDouble, c: number, N: number, smoothing: number): DoubleDouble {
  const own = log(c).times(smoothing - 1);
  if (smoothing === 0) return own;
  return preciseSum(Array.from({ length: N }, (_, j) => log(j)))
    .times(-smoothing / N)
    .plus(own);
}

/** Returns x^power for x ≥ 0: by multiplication for whole powers from 0 on, else exp(power·ln x). */
export function precisePower(x: DoubleDouble, power: number): DoubleDouble {
  if (!Number.isInteger(power) || power < 0) return x.high > 0 ? x.ln().times(power).exp() : NOT_TOLD;
  let value = preciseOf(1);
  for (let i = 0; i < power; i++) value = value.times(x);
  return value;
}

export const PRECISE_DIVERGENCES: Readonly<Record<DivergenceKernel, PreciseDivergence>> = {
  squaredError,
  meanSquaredError: (y, d, p) => squaredError(y, d, p).times(2).over(y.length),
  absoluteError: sumOverOutputs((y, d) => y.minus(d).magnitude()),
  huber: sumOverOutputs((y, d, p) => {
    const size = y.minus(d).magnitude();
    return size.exceeds(p) ? size.minus(p / 2).times(p) : size.times(size).times(0.5);
  }),
  logCosh: sumOverOutputs((y, d) => {
    const size = y.minus(d).magnitude();
    return lnOnePlusExp(size.times(2)).plus(size).minus(LN2);
  }),
  quantile: sumOverOutputs(pinball),
  quantiles: (y, d, p) => preciseSum(y.map((value, j) => pinball(value, d[j], d[y.length + j]))).over(p),
  hinge: sumOverOutputs(slack),
  squaredHinge: sumOverOutputs((y, d) => slack(y, d).times(slack(y, d))),
  binaryCrossEntropy: sumOverOutputs((y, d) => {
    const other = preciseOf(1).minus(y);
    if (!(y.times(other).high > 1e-12)) return NOT_TOLD;
    return y
      .ln()
      .times(-d)
      .plus(other.ln().times(d - 1));
  }),
  sigmoidCrossEntropy: sumOverOutputs((z, d) => z.atLeast(0).minus(z.times(d)).plus(lnOnePlusExp(z))),
  poisson: sumOverOutputs((y, d) => (d === 0 ? y : y.minus(boundedLn(y).times(d)))),
  expPoisson: sumOverOutputs((z, d) => z.exp().minus(z.times(d))),
  kl: sumOverOutputs((y, d) => (d === 0 ? ZERO : dLogD(d).minus(boundedLn(y).times(d)))),
  softmaxKl: (z, d) => preciseSum(logSoftmaxOf(z).map((log, j) => dLogD(d[j]).minus(log.times(d[j])))),
  crossEntropy: (y, [c], p) => smoothed((j) => boundedLn(y[j]), c, y.length, p),
  softmaxCrossEntropy(z, [c], p) {
    const logs = logSoftmaxOf(z);
    return smoothed((j) => logs[j], c, z.length, p);
  },
  nll: (y, [c]) => y[c].negated(),
  focal: (y, [c], p) => focalOf(boundedLn(y[c]), p),
  softmaxFocal: (z, [c], p) => focalOf(logSoftmaxOf(z)[c], p),
};
