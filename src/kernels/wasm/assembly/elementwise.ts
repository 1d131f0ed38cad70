// Products and mixtures, element by element and column by column.
import { load, madd, splat, store } from './vector';

/** y = factor·x */
export function scale(y: usize, x: usize, count: i32, factor: f32): void {
  const by = splat(factor);
  for (const last = y + (<usize>(count & ~3) << 2); y < last; y += 16, x += 16) {
    v128.store(y, f32x4.mul(by, v128.load(x)));
  }
  const rest = count & 3;
  if (rest > 0) store(y, f32x4.mul(by, load(x, rest, 0)), rest);
}

/** y = a·b */
export function multiply(y: usize, a: usize, b: usize, count: i32): void {
  for (const last = y + (<usize>(count & ~3) << 2); y < last; y += 16, a += 16, b += 16) {
    v128.store(y, f32x4.mul(v128.load(a), v128.load(b)));
  }
  const rest = count & 3;
  if (rest > 0) store(y, f32x4.mul(load(a, rest, 0), load(b, rest, 0)), rest);
}

/** y = d·(a − b) */
export function multiplyDifference(y: usize, d: usize, a: usize, b: usize, count: i32): void {
  for (const last = y + (<usize>(count & ~3) << 2); y < last; y += 16, d += 16, a += 16, b += 16) {
    v128.store(y, f32x4.mul(v128.load(d), f32x4.sub(v128.load(a), v128.load(b))));
  }
  const rest = count & 3;
  if (rest > 0) store(y, f32x4.mul(load(d, rest, 0), f32x4.sub(load(a, rest, 0), load(b, rest, 0))), rest);
}

/** y[R,N] = a[N]·x in each row. */
export function scaleColumns(y: usize, x: usize, a: usize, R: i32, N: i32): void {
  for (let r = 0; r < R; r++) {
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2;
      store(y + at, f32x4.mul(load(a + at, N - n, 0), load(x + at, N - n, 0)), N - n);
    }
    y += <usize>N << 2;
    x += <usize>N << 2;
  }
}

/** y[R,N] = x + a[N]·(f − x) in each row. */
export function mixColumns(y: usize, x: usize, f: usize, a: usize, R: i32, N: i32): void {
  for (let r = 0; r < R; r++) {
    for (let n = 0; n < N; n += 4) {
      const at = <usize>n << 2, from = load(x + at, N - n, 0);
      store(y + at, madd(load(a + at, N - n, 0), f32x4.sub(load(f + at, N - n, 0), from), from), N - n);
    }
    y += <usize>N << 2;
    x += <usize>N << 2;
    f += <usize>N << 2;
  }
}
