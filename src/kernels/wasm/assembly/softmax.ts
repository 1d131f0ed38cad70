// Softmax and its logarithm, row by row. Every sum has an order that depends on N alone.
import { exp, log } from './math';
import { load, madd, maxLanes, splat, store, sumLanes } from './vector';

// @ts-ignore: decorator
@inline
const LEAST: f32 = -Infinity;

/** y[R,N] = softmax of each row of z. */
export function softmax(y: usize, z: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    const highest = rowMax(z, N);
    divideRow(y, N, expRow(y, z, N, highest));
    y += row;
    z += row;
  }
}

export function rowMax(z: usize, N: i32): f32 {
  let highest = splat(LEAST);
  for (let n = 0; n < N; n += 4) highest = f32x4.max(highest, load(z + (<usize>n << 2), N - n, LEAST));
  return maxLanes(highest);
}

/** Σ exp(z − highest) */
export function sumExp(z: usize, N: i32, highest: f32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    sum = f32x4.add(sum, exp(f32x4.sub(load(z + (<usize>n << 2), N - n, LEAST), splat(highest))));
  }
  return sumLanes(sum);
}

/** e = exp(z − highest); returns their sum, with the bits of sumExp. */
export function expRow(e: usize, z: usize, N: i32, highest: f32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2, left = N - n;
    const v = exp(f32x4.sub(load(z + at, left, LEAST), splat(highest)));
    store(e + at, v, left);
    sum = f32x4.add(sum, v);
  }
  return sumLanes(sum);
}

/** y = y/x */
export function divideRow(y: usize, N: i32, x: f32): void {
  for (let n = 0; n < N; n += 4) {
    const at = <usize>n << 2;
    store(y + at, f32x4.div(load(y + at, N - n, 0), splat(x)), N - n);
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

/** y[R,N] = log softmax of each row of z. */
export function logSoftmax(y: usize, z: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    const highest = rowMax(z, N);
    const logSum = logOne(sumExp(z, N, highest));
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2;
      const shifted = f32x4.sub(load(z + at, N - n, 0), splat(highest));
      store(y + at, f32x4.sub(shifted, splat(logSum)), N - n);
    }
    y += row;
    z += row;
  }
}

/** dz = dy − e^y Σ dy */
export function logSoftmaxBackward(dz: usize, dy: usize, y: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (let r = 0; r < R; r++) {
    const sum = splat(rowSum(dy, N));
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2, left = N - n;
      store(dz + at, f32x4.sub(load(dy + at, left, 0), f32x4.mul(exp(load(y + at, left, 0)), sum)), left);
    }
    dz += row;
    dy += row;
    y += row;
  }
}

export function rowSum(a: usize, N: i32): f32 {
  let sum = splat(0);
  for (let n = 0; n < N; n += 4) sum = f32x4.add(sum, load(a + (<usize>n << 2), N - n, 0));
  return sumLanes(sum);
}

/** ln x of one float. */
// @ts-ignore: decorator
@inline
export function logOne(x: f32): f32 {
  return f32x4.extract_lane(log(splat(x)), 0);
}
