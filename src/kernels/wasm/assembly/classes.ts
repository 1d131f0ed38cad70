// Divergences against one class c of a row, on probabilities, their logarithms or logits.
import { exp, expm1, log } from './math';
import { divideRow, expRow, logOne, rowMax, rowSum, sumExp } from './softmax';
import { clampedDivisor, clampedLog, load, select, splat, store, sumLanes } from './vector';

/** The numbers of the divergences from a class. They begin at 64, above those of `Divergence`. */
export enum ClassDivergence {
  crossEntropy = 64,
  softmaxCrossEntropy,
  focal,
  softmaxFocal,
  nll,
}

/** Whether a divergence takes d as class indices [R,1]. */
export function takesClass(code: i32): bool {
  return code >= ClassDivergence.crossEntropy;
}

/** One row's divergence from class c. Where c is not among 0 … N−1, the row becomes NaN. */
export function classRow(code: i32, dy: usize, y: usize, c: f32, N: i32, p: f32): f32 {
  if (!(c >= 0 && c < <f32>N)) {
    if (dy != 0) fill(dy, N, NaN as f32);
    return NaN as f32;
  }
  const at = <usize>c << 2; // bytes from the beginning of the row to class c
  switch (code) {
    case ClassDivergence.crossEntropy: return crossEntropy(dy, y, at, N, p);
    case ClassDivergence.softmaxCrossEntropy: return softmaxCrossEntropy(dy, y, at, N, p);
    case ClassDivergence.focal: return focal(dy, y, at, N, p);
    case ClassDivergence.softmaxFocal: return softmaxFocal(dy, y, at, N, p);
    default: { // nll
      if (dy != 0) {
        fill(dy, N, 0);
        f32.store(dy + at, -1);
      }
      return -f32.load(y + at);
    }
  }
}

/** −Σ t log y, where the target t is (1−p)·onehot(c) + p/N: p is the label smoothing. */
function crossEntropy(dy: usize, y: usize, at: usize, N: i32, p: f32): f32 {
  const share = p / <f32>N;
  const yc = f32.load(y + at);
  let loss: f32 = -(1 - p) * logOneClamped(yc);
  if (p > 0) loss -= share * sumClampedLogs(y, N);
  if (dy != 0) {
    fill(dy, N, 0);
    if (p > 0) divideByClamped(dy, -share, y, N);
    f32.store(dy + at, f32.load(dy + at) - (1 - p) / oneDivisor(yc));
  }
  return loss;
}

function softmaxCrossEntropy(dy: usize, z: usize, at: usize, N: i32, p: f32): f32 {
  const share = p / <f32>N;
  const highest = rowMax(z, N);
  // These are read before dy is written, because dy may be z.
  const zc = f32.load(z + at), all: f32 = p > 0 ? rowSum(z, N) : 0;
  const sum = dy != 0 ? expRow(dy, z, N, highest) : sumExp(z, N, highest);
  let loss: f32 = logOne(sum) - (1 - p) * (zc - highest);
  if (p > 0) loss -= p * (all / <f32>N - highest);
  if (dy != 0) {
    divideRow(dy, N, sum);
    if (p > 0) addToAll(dy, -share, N);
    f32.store(dy + at, f32.load(dy + at) - (1 - p));
  }
  return loss;
}

/** −(1−y)^p log y */
function focal(dy: usize, y: usize, at: usize, N: i32, p: f32): f32 {
  const yc = f32.load(y + at);
  const logY = logOneClamped(yc);
  const power = focalPower(logY, p);
  if (dy != 0) {
    fill(dy, N, 0);
    f32.store(dy + at, focalSlope(logY, power, p) / oneDivisor(yc));
  }
  return -power * logY;
}

function softmaxFocal(dy: usize, z: usize, at: usize, N: i32, p: f32): f32 {
  const highest = rowMax(z, N);
  const zc = f32.load(z + at); // read before dy is written, because dy may be z
  const sum = dy != 0 ? expRow(dy, z, N, highest) : sumExp(z, N, highest);
  const logY = zc - highest - logOne(sum);
  const power = focalPower(logY, p);
  if (dy != 0) {
    const slope = focalSlope(logY, power, p);
    divideRow(dy, N, sum);
    for (let n = 0; n < N; n += 4) {
      const here = dy + (<usize>n << 2);
      store(here, f32x4.mul(load(here, N - n, 0), splat(-slope)), N - n);
    }
    f32.store(dy + at, f32.load(dy + at) + slope);
  }
  return -power * logY;
}

/** (1−y)^p from log y, where 0^0 is 1. */
function focalPower(logY: f32, p: f32): f32 {
  const power = firstLane(exp(f32x4.mul(splat(p), log(splat(complement(logY))))));
  return p > 0 ? power : complement(logY) * 0 + 1;
}

/**
 * y times the derivative of −(1−y)^p log y. As y → 1, (1−y)^(p−1) would raise 0 to a negative power for p <
 * 1, so (1−y)^(p−1) log y is computed as (1−y)^p times log y/(1−y), a ratio that goes to −1.
 */
function focalSlope(logY: f32, power: f32, p: f32): f32 {
  const ratio: f32 = complement(logY) == 0 ? -1 : logY / complement(logY);
  return power * (p * firstLane(exp(splat(logY))) * ratio - 1);
}

/** 1 − y from log y. */
function complement(logY: f32): f32 {
  return -firstLane(expm1(splat(logY)));
}

function sumClampedLogs(y: usize, N: i32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) sum = f32x4.add(sum, clampedLog(log(load(y + (<usize>n << 2), N - n, 1))));
  return sumLanes(sum);
}

/** dy = x/y */
function divideByClamped(dy: usize, x: f32, y: usize, N: i32): void {
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2;
    store(dy + at, f32x4.div(splat(x), clampedDivisor(load(y + at, N - n, 1))), N - n);
  }
}

function addToAll(dy: usize, x: f32, N: i32): void {
  for (let n = 0; n < N; n += 4) {
    const here = dy + (<usize>n << 2);
    store(here, f32x4.add(load(here, N - n, 0), splat(x)), N - n);
  }
}

function fill(dy: usize, N: i32, x: f32): void {
  for (let n = 0; n < N; n += 4) store(dy + (<usize>n << 2), splat(x), N - n);
}

function logOneClamped(x: f32): f32 {
  return firstLane(clampedLog(log(splat(x))));
}

function oneDivisor(x: f32): f32 {
  return firstLane(clampedDivisor(splat(x)));
}

// @ts-ignore: decorator
@inline
function firstLane(x: v128): f32 {
  return f32x4.extract_lane(x, 0);
}
