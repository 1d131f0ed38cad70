// Operations on whole arrays: the addition of two, the test whether all values are finite, the sum of
// squares.
import { load, splat, store } from './vector';

/** dst += src */
export function add(dst: usize, src: usize, count: i32): void {
  for (const end = dst + (<usize>(count & ~15) << 2); dst < end; dst += 64, src += 64) {
    const v0 = f32x4.add(v128.load(dst), v128.load(src)), v1 = f32x4.add(v128.load(dst, 16), v128.load(src, 16));
    const v2 = f32x4.add(v128.load(dst, 32), v128.load(src, 32)), v3 = f32x4.add(v128.load(dst, 48), v128.load(src, 48));
    v128.store(dst, v0);
    v128.store(dst, v1, 16);
    v128.store(dst, v2, 32);
    v128.store(dst, v3, 48);
  }
  for (let left = count & 15; left > 0; left -= 4, dst += 16, src += 16) {
    store(dst, f32x4.add(load(dst, left, 0), load(src, left, 0)), left);
  }
}

/**
 * Whether all values times `headroom` are finite: a value minus itself is 0 if it is finite and NaN if not.
 */
export function allFinite(a: usize, count: i32, headroom: f32): bool {
  const h = splat(headroom);
  let s0 = splat(0), s1 = splat(0), s2 = splat(0), s3 = splat(0);
  for (const end = a + (<usize>(count & ~15) << 2); a < end; a += 64) {
    const v0 = f32x4.mul(v128.load(a), h), v1 = f32x4.mul(v128.load(a, 16), h);
    const v2 = f32x4.mul(v128.load(a, 32), h), v3 = f32x4.mul(v128.load(a, 48), h);
    s0 = v128.or(s0, f32x4.sub(v0, v0));
    s1 = v128.or(s1, f32x4.sub(v1, v1));
    s2 = v128.or(s2, f32x4.sub(v2, v2));
    s3 = v128.or(s3, f32x4.sub(v3, v3));
  }
  for (let left = count & 15; left > 0; left -= 4, a += 16) {
    const v = f32x4.mul(load(a, left, 0), h);
    s0 = v128.or(s0, f32x4.sub(v, v));
  }
  return !v128.any_true(v128.or(v128.or(s0, s1), v128.or(s2, s3)));
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
