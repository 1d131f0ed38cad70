// Turns stored bytes into the network's input.

/**
 * x[i] = (b[i] − shift)·scale, in float64 and rounded once. The bytes b lie in the last quarter of x's
 * memory; going from the front, the loop writes only over bytes that it has read already.
 */
export function scaleBytes(x: usize, count: i32, shift: f64, scale: f64): void {
  const low = f64x2.splat(shift), by = f64x2.splat(scale);
  let bytes = x + 3 * <usize>count;
  for (const end = x + (<usize>(count & ~15) << 2); x < end; x += 64, bytes += 16) {
    const all = v128.load(bytes);
    const first = i16x8.extend_low_i8x16_u(all), last = i16x8.extend_high_i8x16_u(all);
    v128.store(x, scaled(i32x4.extend_low_i16x8_u(first), low, by));
    v128.store(x, scaled(i32x4.extend_high_i16x8_u(first), low, by), 16);
    v128.store(x, scaled(i32x4.extend_low_i16x8_u(last), low, by), 32);
    v128.store(x, scaled(i32x4.extend_high_i16x8_u(last), low, by), 48);
  }
  for (let rest = count & 15; rest > 0; rest--, x += 4, bytes++) {
    f32.store(x, <f32>((<f64>load<u8>(bytes) - shift) * scale));
  }
}

// @ts-ignore: decorator
@inline
function scaled(v: v128, shift: v128, scale: v128): v128 {
  const a = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(v), shift), scale);
  const upper = v128.shuffle<i32>(v, v, 2, 3, 0, 1);
  const b = f64x2.mul(f64x2.sub(f64x2.convert_low_i32x4_s(upper), shift), scale);
  return v128.shuffle<i64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2);
}
