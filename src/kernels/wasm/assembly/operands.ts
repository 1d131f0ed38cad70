// Helps products that are computed outside WebAssembly: fills rows with the bias, rounds operands to
// bfloat16, and adds up the shard tree over parts of a gradient.
import { load, store } from './vector';

/** z[R,N] = b[N] in every row. */
export function fillRows(z: usize, b: usize, R: i32, N: i32): void {
  const row = <usize>N << 2;
  for (const end = z + <usize>R * row; z < end; z += row) memory.copy(z, b, row);
}

/**
 * bottom += the sum at `top` and the `between` sums below it, which lie `stride` bytes apart. They are added
 * from the top down, as the shard tree asks (shards.ts).
 */
export function addStack(bottom: usize, top: usize, between: i32, stride: usize, count: i32): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    let at = top + (<usize>i << 2);
    let a = v128.load(at), b = v128.load(at, 16);
    for (let sum = 0; sum < between; sum++) {
      at -= stride;
      a = f32x4.add(v128.load(at), a);
      b = f32x4.add(v128.load(at, 16), b);
    }
    const to = bottom + (<usize>i << 2);
    v128.store(to, f32x4.add(v128.load(to), a));
    v128.store(to, f32x4.add(v128.load(to, 16), b), 16);
  }
  for (; i < count; i += 4) {
    let at = top + (<usize>i << 2);
    let a = load(at, count - i, 0);
    for (let sum = 0; sum < between; sum++) {
      at -= stride;
      a = f32x4.add(load(at, count - i, 0), a);
    }
    const to = bottom + (<usize>i << 2);
    store(to, f32x4.add(load(to, count - i, 0), a), count - i);
  }
}

/** The upper half of each lane, rounded to nearest, ties to even; NaN stays NaN. */
// @ts-ignore: decorator
@inline
function upperHalf(x: v128): v128 {
  const odd = v128.and(i32x4.shr_u(x, 16), i32x4.splat(1));
  const rounded = i32x4.add(x, i32x4.add(i32x4.splat(0x7fff), odd));
  const nan = i32x4.gt_s(v128.and(x, i32x4.splat(0x7fffffff)), i32x4.splat(0x7f800000));
  return i32x4.shr_u(v128.bitselect(v128.or(x, i32x4.splat(0x400000)), rounded, nan), 16);
}

/**
 * dst (bfloat16, two bytes each) = src. Whole vectors of eight are written: dst has room for `count` rounded
 * up.
 */
export function toBfloat16(dst: usize, src: usize, count: i32): void {
  let i = 0;
  for (; i + 8 <= count; i += 8) {
    const low = upperHalf(v128.load(src)), high = upperHalf(v128.load(src, 16));
    v128.store(dst, i16x8.narrow_i32x4_u(low, high));
    src += 32;
    dst += 16;
  }
  if (i === count) return;
  const low = upperHalf(load(src, count - i, 0));
  const high = count - i > 4 ? upperHalf(load(src + 16, count - i - 4, 0)) : i32x4.splat(0);
  v128.store(dst, i16x8.narrow_i32x4_u(low, high));
}

/**
 * dst = src rounded to bfloat16 but stored as float32: the same operands, for products that take no bfloat16.
 */
export function roundToBfloat16(dst: usize, src: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2;
    store(dst + at, i32x4.shl(upperHalf(load(src + at, count - i, 0)), 16), count - i);
  }
}
