// exp, log, tanh and related functions of four floats, and the normal distribution. There is no lookup and no
// branch, so a float gets the same bits in any lane, and in the portable build on any machine.
// test/kernels/math.test.ts measures the errors.
import { load, madd, select, splat, store } from './vector';

/**
 * e^x, at most 2 ulp from subnormal results to overflow: n = round(x / ln 2), a polynomial in x − n·ln 2,
 * times 2ⁿ.
 */
export function exp(x: v128): v128 {
  const bounded = f32x4.min(f32x4.max(x, splat(-104)), splat(89));
  const n = f32x4.nearest(f32x4.mul(bounded, splat(1.44269504)));
  const y = f32x4.add(smallExpm1(minusLn2(bounded, n)), splat(1));
  // 2ⁿ in two factors: n reaches from −150, below the least exponent, to 128, above the greatest.
  const exponent = i32x4.trunc_sat_f32x4_s(n);
  const half = i32x4.shr_s(exponent, 1);
  return f32x4.mul(f32x4.mul(y, powerOfTwo(half)), powerOfTwo(i32x4.sub(exponent, half)));
}

/** e^x − 1 for x ≤ 0, at most 2 ulp: 2ⁿ(e^r − 1) + (2ⁿ − 1), of which the last is exact. */
export function expm1(x: v128): v128 {
  const bounded = f32x4.max(x, splat(-80));
  const n = f32x4.nearest(f32x4.mul(bounded, splat(1.44269504)));
  const power = powerOfTwo(i32x4.trunc_sat_f32x4_s(n));
  return madd(power, smallExpm1(minusLn2(bounded, n)), f32x4.sub(power, splat(1)));
}

/** x − n·ln 2, with ln 2 in two parts, the first with so few bits that its product with n is exact. */
// @ts-ignore: decorator
@inline
function minusLn2(x: v128, n: v128): v128 {
  return madd(n, splat(2.12194440e-4), madd(n, splat(-0.693359375), x));
}

/** e^r − 1 for |r| ≤ ½ ln 2 */
// @ts-ignore: decorator
@inline
function smallExpm1(r: v128): v128 {
  let y = splat(1.9875691500e-4);
  y = madd(y, r, splat(1.3981999507e-3));
  y = madd(y, r, splat(8.3334519073e-3));
  y = madd(y, r, splat(4.1665795894e-2));
  y = madd(y, r, splat(1.6666665459e-1));
  y = madd(y, r, splat(5.0000001201e-1));
  return madd(f32x4.mul(r, r), y, r);
}

// @ts-ignore: decorator
@inline
function powerOfTwo(n: v128): v128 {
  return i32x4.shl(i32x4.add(n, i32x4.splat(127)), 23);
}

/** 2^-126, the smallest float that is not subnormal. */
export const SMALLEST_NORMAL: f32 = 1.17549435e-38;

/** ln x, at most 2 ulp: x = m·2ⁿ with m in √½ … √2, a polynomial in m − 1, plus n·ln 2. */
export function log(x: v128): v128 {
  const subnormal = f32x4.lt(x, splat(SMALLEST_NORMAL));
  const scaled = select(subnormal, f32x4.mul(x, splat(8388608)), x);
  // Counting exponents from √½ instead of 1 brings m below √2.
  const bits = i32x4.sub(scaled, i32x4.splat(0x3f3504f3));
  let n = f32x4.convert_i32x4_s(i32x4.shr_s(bits, 23));
  n = f32x4.sub(n, v128.and(subnormal, splat(23)));
  const m = i32x4.add(v128.and(bits, i32x4.splat(0x007fffff)), i32x4.splat(0x3f3504f3));
  const f = f32x4.sub(m, splat(1));
  const square = f32x4.mul(f, f);
  let y = splat(7.0376836292e-2);
  y = madd(y, f, splat(-1.1514610310e-1));
  y = madd(y, f, splat(1.1676998740e-1));
  y = madd(y, f, splat(-1.2420140846e-1));
  y = madd(y, f, splat(1.4249322787e-1));
  y = madd(y, f, splat(-1.6668057665e-1));
  y = madd(y, f, splat(2.0000714765e-1));
  y = madd(y, f, splat(-2.4999993993e-1));
  y = madd(y, f, splat(3.3333331174e-1));
  y = f32x4.mul(f32x4.mul(y, f), square);
  y = madd(n, splat(-2.12194440e-4), y);
  y = madd(square, splat(-0.5), y);
  y = madd(n, splat(0.693359375), f32x4.add(f, y));
  y = select(f32x4.eq(x, splat(0)), splat(-Infinity as f32), y);
  y = select(f32x4.eq(x, splat(Infinity as f32)), x, y);
  return select(f32x4.ge(x, splat(0)), y, splat(NaN as f32));
}

/** ln(1 + x) for x ≥ −1: the quotient makes up for the rounding of 1 + x (Goldberg 1991, theorem 4). */
export function log1p(x: v128): v128 {
  const u = f32x4.add(x, splat(1));
  const rest = f32x4.sub(u, splat(1));
  const y = f32x4.div(f32x4.mul(log(u), x), rest);
  return select(f32x4.eq(rest, splat(0)), x, y);
}

/** tanh x, at most 2 ulp: an odd polynomial near 0, 1 − 2/(e^2|x| + 1) beyond. */
export function tanh(x: v128): v128 {
  const size = f32x4.abs(x);
  const square = f32x4.mul(x, x);
  let y = splat(-5.70498872745e-3);
  y = madd(y, square, splat(2.06390887954e-2));
  y = madd(y, square, splat(-5.37397155531e-2));
  y = madd(y, square, splat(1.33314422036e-1));
  y = madd(y, square, splat(-3.33332819422e-1));
  const near = madd(f32x4.mul(y, square), x, x);
  const e = exp(f32x4.add(size, size));
  const far = f32x4.sub(splat(1), f32x4.div(splat(2), f32x4.add(e, splat(1))));
  // −0 is the sign bit alone, so this takes the sign from x and all other bits from the result.
  return select(splat(-0.0), x, select(f32x4.lt(size, splat(0.625)), near, far));
}

/** 1/(1 + e^−z), written with e^−|z|: nothing overflows and both tails keep their relative accuracy. */
export function sigmoid(z: v128): v128 {
  const e = exp(f32x4.neg(f32x4.abs(z)));
  const numerator = select(f32x4.lt(z, splat(0)), e, splat(1));
  return f32x4.div(numerator, f32x4.add(e, splat(1)));
}

/** log(1 + e^z), in a form in which the exponential never overflows. */
export function softplus(z: v128): v128 {
  return f32x4.add(f32x4.max(z, splat(0)), log1p(exp(f32x4.neg(f32x4.abs(z)))));
}

/**
 * Φ(z) = ½ erfc(−z/√2), from N. Juffa's erff: e^polynomial is erfc(t) in the tail, a polynomial is erf(t)
 * near 0.
 */
export function normalCdf(z: v128): v128 {
  const t = f32x4.mul(f32x4.abs(z), splat(0.707106781));
  const s = f32x4.mul(t, t);
  const u = madd(splat(-3.88396438e-3), t, splat(2.42546219e-2));
  let tail = madd(splat(-1.72853470e-5), t, splat(3.83197126e-4));
  tail = madd(tail, s, u);
  tail = madd(tail, t, splat(-1.06777877e-1));
  tail = madd(tail, t, splat(-6.34846687e-1));
  tail = madd(tail, t, splat(-1.28717512e-1));
  tail = madd(tail, t, f32x4.neg(t));
  let near = splat(-5.96761703e-4);
  near = madd(near, s, splat(4.99119423e-3));
  near = madd(near, s, splat(-2.67681349e-2));
  near = madd(near, s, splat(1.12819925e-1));
  near = madd(near, s, splat(-3.76125336e-1));
  near = madd(near, s, splat(1.28379166e-1));
  near = madd(near, t, t);
  const erfc = select(f32x4.gt(t, splat(0.927734375)), exp(tail), f32x4.sub(splat(1), near));
  const left = f32x4.mul(splat(0.5), erfc);
  return select(f32x4.gt(z, splat(0)), f32x4.sub(splat(1), left), left);
}

/** e^(−z²/2)/√(2π) */
export function normalPdf(z: v128): v128 {
  return f32x4.mul(exp(f32x4.mul(f32x4.mul(z, z), splat(-0.5))), splat(0.398942280));
}

/** y = e^x, exported to measure its error. */
export function expOf(y: usize, x: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) store(y + (<usize>i << 2), exp(load(x + (<usize>i << 2), count - i, 0)), count - i);
}

/** y = ln x, exported to measure its error. */
export function logOf(y: usize, x: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) store(y + (<usize>i << 2), log(load(x + (<usize>i << 2), count - i, 0)), count - i);
}
