// Over whole arrays: the addition of two, whether all is finite, the sum of squares.
import { load, splat, store } from './vector';

/** dst += src */
export function add(dst: usize, src: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    const at = <usize>i << 2, n = count - i;
    store(dst + at, f32x4.add(load(dst + at, n, 0), load(src + at, n, 0)), n);
  }
}

export function allFinite(a: usize, count: i32): bool {
  let finite = i32x4.splat(-1);
  for (let i = 0; i < count; i += 4) {
    finite = v128.and(finite, f32x4.lt(f32x4.abs(load(a + (<usize>i << 2), count - i, 0)), splat(Infinity as f32)));
  }
  return i32x4.all_true(finite);
}

/** Σ a² in float64, in four interleaved sums that are added in a fixed order. */
export function sumOfSquares(a: usize, count: i32): f64 {
  let low = f64x2.splat(0), high = f64x2.splat(0);
  for (let i = 0; i < count; i += 4) {
    const v = load(a + (<usize>i << 2), count - i, 0);
    const l = f64x2.promote_low_f32x4(v), h = f64x2.promote_low_f32x4(v128.shuffle<i32>(v, v, 2, 3, 0, 1));
    low = f64x2.add(low, f64x2.mul(l, l));
    high = f64x2.add(high, f64x2.mul(h, h));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}
