// Divergences, row by row. Every sum has an order that depends on N alone.
import { classRow, takesClass } from './classes';
import { exp, expm1, log, log1p, sigmoid, tanh } from './math';
import { logOne, rowMax, rowSum, sumExp } from './softmax';
import { clampedDivisor, clampedLog, load, madd, select, splat, store, sumLanes } from './vector';

/**
 * The numbers of the divergences from values, by their names in reference/divergences.ts: the host reads them
 * from the exports. Those from classes are in classes.ts.
 */
export enum Divergence {
  squaredError,
  meanSquaredError,
  absoluteError,
  huber,
  logCosh,
  quantile,
  hinge,
  squaredHinge,
  binaryCrossEntropy,
  sigmoidCrossEntropy,
  poisson,
  expPoisson,
  kl,
  softmaxKl,
  quantiles,
}

/** losses[R] = Div(y, d) and, unless dy = 0, dy[R,N] = ∂Div/∂y. */
export function divergence(code: i32, losses: usize, dy: usize, y: usize, d: usize, R: i32, N: i32, p: f32): void {
  const ofClass = takesClass(code);
  const row = <usize>N << 2;
  if (code == Divergence.meanSquaredError) p = 2 / <f32>N;
  for (let r = 0; r < R; r++) {
    f32.store(losses, ofClass ? classRow(code, dy, y, f32.load(d), N, p)
      : code == Divergence.softmaxKl ? softmaxKlRow(dy, y, d, N)
      : code == Divergence.quantiles ? quantilesRow(dy, y, d, N, p)
      : outputsRow(code, dy, y, d, N, p));
    losses += 4;
    y += row;
    d += ofClass ? 4 : code == Divergence.quantiles ? 2 * row : row;
    if (dy != 0) dy += row;
  }
}

/** The sum over a row of the divergence of each output from its target. */
function outputsRow(code: i32, dy: usize, y: usize, d: usize, N: i32, p: f32): f32 {
  const parameter = splat(p);
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2, rest = N - n;
    const out = load(y + at, rest, 0), target = load(d + at, rest, 0);
    sum = f32x4.add(sum, beyondIsZero(value(code, out, target, parameter), rest));
    if (dy != 0) store(dy + at, slope(code, out, target, parameter), rest);
  }
  return sumLanes(sum);
}

/** The divergence of each of four outputs from its target. */
function value(code: i32, y: v128, d: v128, p: v128): v128 {
  const error = f32x4.sub(y, d);
  const half = splat(0.5);
  switch (code) {
    case Divergence.squaredError: return f32x4.mul(f32x4.mul(error, error), half);
    case Divergence.meanSquaredError: return f32x4.mul(f32x4.mul(error, error), f32x4.mul(p, half));
    case Divergence.absoluteError: return f32x4.abs(error);
    case Divergence.huber: {
      const size = f32x4.abs(error);
      const line = f32x4.mul(p, f32x4.sub(size, f32x4.mul(p, half)));
      return select(f32x4.gt(size, p), line, f32x4.mul(f32x4.mul(size, size), half));
    }
    case Divergence.logCosh: return logCosh(f32x4.abs(error));
    case Divergence.quantile: return f32x4.max(f32x4.mul(f32x4.neg(p), error), f32x4.mul(f32x4.sub(splat(1), p), error));
    case Divergence.hinge: return slack(y, d);
    case Divergence.squaredHinge: return f32x4.mul(slack(y, d), slack(y, d));
    case Divergence.binaryCrossEntropy: {
      const rest = f32x4.sub(splat(1), d);
      return f32x4.neg(madd(rest, clampedLog(log1p(f32x4.neg(y))), f32x4.mul(d, clampedLog(log(y)))));
    }
    case Divergence.sigmoidCrossEntropy: {
      const line = f32x4.sub(f32x4.max(y, splat(0)), f32x4.mul(y, d));
      return f32x4.add(line, log1p(exp(f32x4.neg(f32x4.abs(y)))));
    }
    case Divergence.poisson: return f32x4.sub(y, f32x4.mul(d, clampedLog(log(y))));
    case Divergence.expPoisson: return f32x4.sub(exp(y), f32x4.mul(d, y));
    default: return f32x4.sub(dLogD(d), f32x4.mul(d, clampedLog(log(y)))); // kl
  }
}

/** ∂Div/∂y of each of four outputs. */
function slope(code: i32, y: v128, d: v128, p: v128): v128 {
  const error = f32x4.sub(y, d);
  const zero = splat(0), one = splat(1);
  switch (code) {
    case Divergence.squaredError: return error;
    case Divergence.meanSquaredError: return f32x4.mul(error, p);
    case Divergence.absoluteError: return bySign(error, splat(-1), one);
    case Divergence.huber: return f32x4.min(f32x4.max(error, f32x4.neg(p)), p);
    case Divergence.logCosh: return tanh(error);
    case Divergence.quantile: return bySign(error, f32x4.neg(p), f32x4.sub(one, p));
    case Divergence.hinge: return f32x4.mul(f32x4.neg(side(d)), bySign(slack(y, d), zero, one));
    case Divergence.squaredHinge: return f32x4.mul(f32x4.mul(splat(-2), side(d)), slack(y, d));
    case Divergence.binaryCrossEntropy: return f32x4.div(error, clampedDivisor(f32x4.mul(y, f32x4.sub(one, y))));
    case Divergence.sigmoidCrossEntropy: return f32x4.sub(sigmoid(y), d);
    case Divergence.poisson: return f32x4.sub(one, f32x4.div(d, clampedDivisor(y)));
    case Divergence.expPoisson: return f32x4.sub(exp(y), d);
    default: return f32x4.neg(f32x4.div(d, clampedDivisor(y))); // kl
  }
}

/**
 * Clears the lanes past the end of the row: they hold the divergence of 0 from 0, which is not 0 on logits.
 */
// @ts-ignore: decorator
@inline
function beyondIsZero(value: v128, n: i32): v128 {
  return v128.and(value, i32x4.gt_s(i32x4.splat(n), i32x4(0, 1, 2, 3)));
}

/** `left` where x < 0, `right` where x > 0, and x itself where it is 0 or NaN. */
// @ts-ignore: decorator
@inline
function bySign(x: v128, left: v128, right: v128): v128 {
  return select(f32x4.gt(x, splat(0)), right, select(f32x4.lt(x, splat(0)), left, x));
}

/** The sign that y should have: 1 where d is 1, and −1 where d is −1 or 0. */
// @ts-ignore: decorator
@inline
function side(d: v128): v128 {
  return select(f32x4.gt(d, splat(0)), splat(1), splat(-1));
}

/** By how much y falls short of 1 on its side; hinge losses are made of it. */
// @ts-ignore: decorator
@inline
function slack(y: v128, d: v128): v128 {
  return f32x4.max(f32x4.sub(splat(1), f32x4.mul(side(d), y)), splat(0));
}

/** d log d, with its limit 0 at d = 0. */
// @ts-ignore: decorator
@inline
function dLogD(d: v128): v128 {
  return select(f32x4.eq(d, splat(0)), splat(0), f32x4.mul(d, log(d)));
}

/**
 * With q = e^−x − 1: cosh x = 1 + q²/(2 + 2q) near 0, e^x (1 + e^−2x)/2 beyond. Neither cancels nor
 * overflows.
 */
// @ts-ignore: decorator
@inline
function logCosh(x: v128): v128 {
  const q = expm1(f32x4.neg(x));
  const near = log1p(f32x4.div(f32x4.mul(q, q), f32x4.add(splat(2), f32x4.add(q, q))));
  const far = f32x4.sub(f32x4.add(x, log1p(exp(f32x4.mul(splat(-2), x)))), splat(0.693147182));
  return select(f32x4.lt(x, splat(1)), near, far);
}

/** Σ d log d − d log softmax(z), and softmax(z)·Σd − d. */
function softmaxKlRow(dy: usize, z: usize, d: usize, N: i32): f32 {
  const highest = rowMax(z, N);
  const logSum = splat(logOne(sumExp(z, N, highest)));
  const mass = splat(rowSum(d, N));
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2, rest = N - n;
    const target = load(d + at, rest, 0);
    const logY = f32x4.sub(f32x4.sub(load(z + at, rest, 0), splat(highest)), logSum);
    sum = f32x4.add(sum, f32x4.sub(dLogD(target), f32x4.mul(target, logY)));
    if (dy != 0) store(dy + at, f32x4.sub(f32x4.mul(mass, exp(logY)), target), rest);
  }
  return sumLanes(sum);
}

/** The mean over levels of the pinball loss: d holds N targets, then the level of each of the N outputs. */
function quantilesRow(dy: usize, y: usize, d: usize, N: i32, levels: f32): f32 {
  const share = splat(1 / levels);
  const tau = d + (<usize>N << 2);
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2, rest = N - n;
    const out = load(y + at, rest, 0), target = load(d + at, rest, 0), level = load(tau + at, rest, 0);
    sum = f32x4.add(sum, f32x4.mul(share, value(Divergence.quantile, out, target, level)));
    if (dy != 0) store(dy + at, f32x4.mul(share, slope(Divergence.quantile, out, target, level)), rest);
  }
  return sumLanes(sum);
}
