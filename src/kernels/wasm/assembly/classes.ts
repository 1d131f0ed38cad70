// Divergences against one class c of a row, on probabilities, their logarithms or logits.
import { exp, expm1, log } from './math';
import { divideRow, expRow, logOne, rowMax, rowSum, sumExp } from './softmax';
import { clampedDivisor, clampedLog, load, select, splat, store, sumLanes } from './vector';

/** The numbers of the divergences from a class, apart from those of the divergences from values. */
export enum ClassDivergence {
  crossEntropy = 64,
  softmaxCrossEntropy,
  focal,
  softmaxFocal,
  nll,
}

/** Whether a divergence takes d as class indices [R,1]. */
export function isOfClass(code: i32): bool {
  return code >= ClassDivergence.crossEntropy;
}

/** Where there is no class c, among 0 … N−1, the row becomes NaN. */
export function classRow(code: i32, dy: usize, y: usize, c: f32, N: i32, p: f32): f32 {
  if (!(c >= 0 && c < <f32>N)) {
    if (dy != 0) fill(dy, N, NaN as f32);
    return NaN as f32;
  }
  const at = <usize>c << 2;
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

/** p of the desired probability is spread over all classes. */
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
  // Read before dy is written, which may be z.
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
  const zc = f32.load(z + at); // read before dy is written, which may be z
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

/** (1−y)^p from log y: 0^0 is 1. */
function focalPower(logY: f32, p: f32): f32 {
  const power = one(exp(f32x4.mul(splat(p), log(splat(rest(logY))))));
  return p > 0 ? power : rest(logY) * 0 + 1;
}

/**
 * y times the derivative of −(1−y)^p log y. (1−y)^(p−1) log y is taken as (1−y)^p times a ratio that goes to −1, so that no
 * power of 0 is ever negative.
 */
function focalSlope(logY: f32, power: f32, p: f32): f32 {
  const ratio: f32 = rest(logY) == 0 ? -1 : logY / rest(logY);
  return power * (p * one(exp(splat(logY))) * ratio - 1);
}

/** 1 − y from log y. */
function rest(logY: f32): f32 {
  return -one(expm1(splat(logY)));
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
  return one(clampedLog(log(splat(x))));
}

function oneDivisor(x: f32): f32 {
  return one(clampedDivisor(splat(x)));
}

// @ts-ignore: decorator
@inline
function one(x: v128): f32 {
  return f32x4.extract_lane(x, 0);
}
