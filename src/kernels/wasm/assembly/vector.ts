// Operations on vectors of four floats, whose places are called lanes. The two builds differ in madd alone.

/** a·b + c, with one rounding in the build for relaxed SIMD and two in the portable one. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

// @ts-ignore: decorator
@inline
export function splat(x: f32): v128 {
  return f32x4.splat(x);
}

/** mask ? a : b, lane by lane. */
// @ts-ignore: decorator
@inline
export function select(mask: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, mask);
}

/**
 * Loads the first `n` ≥ 1 floats at `at` and puts `fill` into the lanes beyond: nothing past the end is read.
 */
export function load(at: usize, n: i32, fill: f32): v128 {
  if (n >= 4) return v128.load(at);
  let v = f32x4.replace_lane(f32x4.splat(fill), 0, f32.load(at, 0));
  if (n > 1) v = f32x4.replace_lane(v, 1, f32.load(at, 4));
  if (n > 2) v = f32x4.replace_lane(v, 2, f32.load(at, 8));
  return v;
}

/** Stores the first `n` ≥ 1 lanes: nothing past the end is written. */
export function store(at: usize, v: v128, n: i32): void {
  if (n >= 4) {
    v128.store(at, v);
    return;
  }
  f32.store(at, f32x4.extract_lane(v, 0));
  if (n > 1) f32.store(at, f32x4.extract_lane(v, 1), 4);
  if (n > 2) f32.store(at, f32x4.extract_lane(v, 2), 8);
}

/** (0 + 2) + (1 + 3), the fixed order in which lanes are summed. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

// @ts-ignore: decorator
@inline
export function maxLanes(v: v128): f32 {
  const pairs = f32x4.max(v, v128.shuffle<i32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(pairs, 0), f32x4.extract_lane(pairs, 1));
}

/**
 * As in PyTorch's BCELoss, log y counts as at least −100 and a divisor as at least 1e−12, which avoids ∞
 * where a probability is 0.
 */
// @ts-ignore: decorator
@inline
export function clampedLog(logarithm: v128): v128 {
  return f32x4.max(logarithm, splat(-100));
}

// @ts-ignore: decorator
@inline
export function clampedDivisor(y: v128): v128 {
  return f32x4.max(y, splat(1e-12));
}
