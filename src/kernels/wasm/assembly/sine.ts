// sin and cos of four floats, with an error of at most 2 ulp for |x| ≤ 10⁶. Beyond that, float32 is too
// coarse to tell an angle, and the values merely stay within ±1.
import { load, madd, select, splat, store } from './vector';

export function sin(x: v128): v128 {
  return quarterWave(x, 0);
}

export function cos(x: v128): v128 {
  return quarterWave(x, 1);
}

/** Stores the first `n` lanes of cos x and sin x, which takes little longer than one of them. */
// @ts-ignore: decorator
@inline
export function storeCosAndSin(cosAt: usize, sinAt: usize, x: v128, n: i32): void {
  const left = f64x2.promote_low_f32x4(x), right = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  const nLeft = nearestQuarter(left), nRight = nearestQuarter(right);
  const r = smallAngle(left, right, nLeft, nRight);
  const quarters = joined(i32x4.trunc_sat_f64x2_s_zero(nLeft), i32x4.trunc_sat_f64x2_s_zero(nRight));
  const c = cosine(r), s = sine(r);
  const odd = i32x4.ne(v128.and(quarters, i32x4.splat(1)), i32x4.splat(0));
  store(cosAt, v128.xor(select(odd, s, c), halfTurns(i32x4.add(quarters, i32x4.splat(1)))), n);
  store(sinAt, v128.xor(select(odd, c, s), halfTurns(quarters)), n);
}

/**
 * sin(x + quarters·π/2), with x = n·π/2 + r and |r| ≤ π/4. The number n + quarters of quarter turns decides:
 * where it is odd, cos r is taken, else sin r, both as polynomials, and after a half turn the sign changes.
 */
// @ts-ignore: decorator
@inline
function quarterWave(x: v128, quarters: i32): v128 {
  const left = f64x2.promote_low_f32x4(x), right = f64x2.promote_low_f32x4(v128.shuffle<i32>(x, x, 2, 3, 0, 1));
  const nLeft = nearestQuarter(left), nRight = nearestQuarter(right);
  const r = smallAngle(left, right, nLeft, nRight);
  let n = joined(i32x4.trunc_sat_f64x2_s_zero(nLeft), i32x4.trunc_sat_f64x2_s_zero(nRight));
  n = i32x4.add(n, i32x4.splat(quarters));
  const odd = i32x4.ne(v128.and(n, i32x4.splat(1)), i32x4.splat(0));
  return v128.xor(select(odd, cosine(r), sine(r)), halfTurns(n));
}

/** The sign bit where n quarter turns hold an odd number of half turns. */
// @ts-ignore: decorator
@inline
function halfTurns(n: v128): v128 {
  return i32x4.shl(v128.and(n, i32x4.splat(2)), 30);
}

/** What is left of an angle without its quarter turns, as four floats within ±π/4. */
// @ts-ignore: decorator
@inline
function smallAngle(left: v128, right: v128, nLeft: v128, nRight: v128): v128 {
  const r = joined(f32x4.demote_f64x2_zero(rest(left, nLeft)), f32x4.demote_f64x2_zero(rest(right, nRight)));
  return f32x4.max(f32x4.min(r, splat(0.785398186)), splat(-0.785398186));
}

// @ts-ignore: decorator
@inline
function nearestQuarter(x: v128): v128 {
  return f64x2.nearest(f64x2.mul(x, f64x2.splat(0.6366197723675814)));
}

/**
 * x − n·π/2 in float64, with π/2 in two parts. The first has 33 bits, so its product with n is exact for |n|
 * < 2²⁰.
 */
// @ts-ignore: decorator
@inline
function rest(x: v128, n: v128): v128 {
  const high = f64x2.sub(x, f64x2.mul(n, f64x2.splat(1.5707963267341256)));
  return f64x2.sub(high, f64x2.mul(n, f64x2.splat(6.077100506506192e-11)));
}

// @ts-ignore: decorator
@inline
function joined(left: v128, right: v128): v128 {
  return v128.shuffle<i32>(left, right, 0, 1, 4, 5);
}

// @ts-ignore: decorator
@inline
function sine(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const y = madd(madd(splat(-1.9515295891e-4), square, splat(8.3321608736e-3)), square, splat(-1.6666654611e-1));
  return madd(f32x4.mul(y, square), r, r);
}

// @ts-ignore: decorator
@inline
function cosine(r: v128): v128 {
  const square = f32x4.mul(r, r);
  const y = madd(madd(splat(2.443315711809948e-5), square, splat(-1.388731625493765e-3)), square, splat(4.166664568298827e-2));
  return madd(f32x4.mul(y, square), square, madd(splat(-0.5), square, splat(1)));
}

/** y = sin x, exported to measure its error. */
export function sinOf(y: usize, x: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) store(y + (<usize>i << 2), sin(load(x + (<usize>i << 2), count - i, 0)), count - i);
}

/** y = cos x, exported to measure its error. */
export function cosOf(y: usize, x: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) store(y + (<usize>i << 2), cos(load(x + (<usize>i << 2), count - i, 0)), count - i);
}
