// Softmax and the divergences: row by row, every sum in an order that depends on N alone; the codes are those of ../../codes.ts.
import { exp, log, log1p, sigmoid } from './math';
import { load, madd, maxLanes, select, splat, store, sumLanes } from './vector';

const SQUARED_ERROR = 0;
const CROSS_ENTROPY = 1;
const SOFTMAX_CROSS_ENTROPY = 2;
const BINARY_CROSS_ENTROPY = 3;

// @ts-ignore: decorator
@inline
const LEAST: f32 = -Infinity;

/** y[R,N] = softmax of each row of z. */
export function softmax(y: usize, z: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    const highest = rowMax(z, N);
    softmaxRow(y, z, N, highest, sumExp(z, N, highest));
    y += row;
    z += row;
  }
}

function rowMax(z: usize, N: i32): f32 {
  let highest = splat(LEAST);
  for (let n = 0; n < N; n += 4) highest = f32x4.max(highest, load(z + (<usize>n << 2), N - n, LEAST));
  return maxLanes(highest);
}

/** Σ exp(z − highest) */
function sumExp(z: usize, N: i32, highest: f32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    sum = f32x4.add(sum, exp(f32x4.sub(load(z + (<usize>n << 2), N - n, LEAST), splat(highest))));
  }
  return sumLanes(sum);
}

function softmaxRow(y: usize, z: usize, N: i32, highest: f32, sum: f32): void {
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2;
    const e = exp(f32x4.sub(load(z + at, N - n, 0), splat(highest)));
    store(y + at, f32x4.div(e, splat(sum)), N - n);
  }
}

/** dz = y (dy − Σ dy·y) */
export function softmaxBackward(dz: usize, dy: usize, y: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    let sum = splat(0);
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2;
      sum = madd(load(dy + at, N - n, 0), load(y + at, N - n, 0), sum);
    }
    const dot = splat(sumLanes(sum));
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2;
      store(dz + at, f32x4.mul(load(y + at, N - n, 0), f32x4.sub(load(dy + at, N - n, 0), dot)), N - n);
    }
    dz += row;
    dy += row;
    y += row;
  }
}

/** losses[R] = Div(y, d) and, unless dy = 0, dy[R,N] = ∂Div/∂y. */
export function divergence(code: i32, losses: usize, dy: usize, y: usize, d: usize, R: i32, N: i32): void {
  const ofClass = code == CROSS_ENTROPY || code == SOFTMAX_CROSS_ENTROPY;
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    f32.store(losses, ofClass ? classRow(code, dy, y, f32.load(d), N) : outputsRow(code, dy, y, d, N));
    losses += 4;
    y += row;
    d += ofClass ? 4 : row;
    if (dy != 0) dy += row;
  }
}

/** Sums over the row of the divergence of one output from one target. */
function outputsRow(code: i32, dy: usize, y: usize, d: usize, N: i32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2, left = N - n;
    const out = load(y + at, left, 0), target = load(d + at, left, 0);
    let value: v128, slope: v128;
    if (code == SQUARED_ERROR) {
      slope = f32x4.sub(out, target);
      value = f32x4.mul(f32x4.mul(slope, slope), splat(0.5));
    } else if (code == BINARY_CROSS_ENTROPY) {
      const rest = f32x4.sub(splat(1), target);
      value = f32x4.mul(target, clampedLog(log(out)));
      value = f32x4.neg(madd(rest, clampedLog(log1p(f32x4.neg(out))), value));
      slope = f32x4.div(f32x4.sub(out, target), clampedDivisor(f32x4.mul(out, f32x4.sub(splat(1), out))));
    } else {
      value = f32x4.sub(f32x4.max(out, splat(0)), f32x4.mul(out, target));
      value = f32x4.add(value, log1p(exp(f32x4.neg(f32x4.abs(out)))));
      slope = f32x4.sub(sigmoid(out), target);
    }
    sum = f32x4.add(sum, beyondIsZero(value, left));
    if (dy != 0) store(dy + at, slope, left);
  }
  return sumLanes(sum);
}

/** Lanes past the end of the row hold the divergence of 0 from 0, which is not 0 on logits. */
// @ts-ignore: decorator
@inline
function beyondIsZero(value: v128, n: i32): v128 {
  return v128.and(value, i32x4.gt_s(i32x4.splat(n), i32x4(0, 1, 2, 3)));
}

/** Divergences against class c, on probabilities or logits; a class outside 0 … N−1 makes the row NaN. */
function classRow(code: i32, dy: usize, y: usize, c: f32, N: i32): f32 {
  const known = c >= 0 && c < <f32>N;
  const at = known ? <usize>c << 2 : 0;
  const yc = known ? f32.load(y + at) : NaN as f32;
  if (code == SOFTMAX_CROSS_ENTROPY) {
    const highest = rowMax(y, N);
    const sum = sumExp(y, N, highest);
    if (dy != 0) {
      softmaxRow(dy, y, N, highest, known ? sum : NaN as f32);
      f32.store(dy + at, f32.load(dy + at) - 1);
    }
    return f32x4.extract_lane(log(splat(sum)), 0) - (yc - highest);
  }
  if (dy != 0) {
    for (let n = 0; n < N; n += 4) store(dy + (<usize>n << 2), splat(known ? 0 : NaN as f32), N - n);
    f32.store(dy + at, -1 / f32x4.extract_lane(clampedDivisor(splat(yc)), 0));
  }
  return -f32x4.extract_lane(clampedLog(log(splat(yc))), 0);
}

/** As in PyTorch's BCELoss, log y counts as at least −100 and a divisor as at least 1e−12: no ∞ where y is 0. */
// @ts-ignore: decorator
@inline
function clampedLog(logarithm: v128): v128 {
  return f32x4.max(logarithm, splat(-100));
}

// @ts-ignore: decorator
@inline
function clampedDivisor(y: v128): v128 {
  return f32x4.max(y, splat(1e-12));
}
