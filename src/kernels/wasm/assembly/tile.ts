// The micro-kernels of xᵀ·dz keep the sums of 4 rows of xᵀ × 8 columns of dz in eight registers (6 × 8 would
// not fit), and add up the tree over the shards as shards.ts explains. k goes over the rows of x and dz, in
// order, one multiply-add after the other. Strides are in bytes.
import { LINE, TILE } from '../scratch';
import { bound, stackArea } from './scratch';
import { madd } from './vector';

/**
 * c[4,8] = the tree over the shards of Σ_k a[k,·]·panel[k,·], with aStep from one k to the next. With
 * `continued`, one shard's sum is added to what c holds. Nothing is called between shards and no sum starts
 * from memory, because shards of a few rows would spend half their time there. Each turn takes four k, as in
 * rows.ts.
 */
export function treeTile(c: usize, cRow: usize, a: usize, aStep: usize, panels: usize, shards: i32, continued: bool): void {
  let top = stackArea(), panel = panels;
  const first = bound(0);
  let begin = first;
  for (let shard = 0; shard < shards; shard++) {
    const end = bound(shard + 1);
    let c00 = f32x4.splat(0), c01 = f32x4.splat(0), c10 = f32x4.splat(0), c11 = f32x4.splat(0);
    let c20 = f32x4.splat(0), c21 = f32x4.splat(0), c30 = f32x4.splat(0), c31 = f32x4.splat(0);
    if (continued) {
      c00 = v128.load(c), c01 = v128.load(c, 16);
      c10 = v128.load(c + cRow), c11 = v128.load(c + cRow, 16);
      c20 = v128.load(c + 2 * cRow), c21 = v128.load(c + 2 * cRow, 16);
      c30 = v128.load(c + 3 * cRow), c31 = v128.load(c + 3 * cRow, 16);
    }
    let x: v128, b0: v128, b1: v128;
    for (let left = end - begin; ; left -= 4) {
      b0 = v128.load(panel), b1 = v128.load(panel, 16);
      x = v128.load32_splat(a), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 4), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 8), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 12), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      a += aStep;
      if (left == 1) break;
      b0 = v128.load(panel, 32), b1 = v128.load(panel, 48);
      x = v128.load32_splat(a), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 4), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 8), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 12), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      a += aStep;
      if (left == 2) break;
      b0 = v128.load(panel, 64), b1 = v128.load(panel, 80);
      x = v128.load32_splat(a), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 4), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 8), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 12), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      a += aStep;
      if (left == 3) break;
      b0 = v128.load(panel, 96), b1 = v128.load(panel, 112);
      x = v128.load32_splat(a), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a, 4), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a, 8), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a, 12), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      a += aStep;
      if (left == 4) break;
      panel += 4 * LINE;
    }
    begin = end;
    panel = panels + <usize>(end - first) * LINE;
    const last = shard + 1 == shards;
    for (let additions = last ? popcnt(shard) : ctz(shard + 1); additions > 0; additions--) {
      top -= TILE;
      c00 = f32x4.add(v128.load(top), c00);
      c01 = f32x4.add(v128.load(top, 16), c01);
      c10 = f32x4.add(v128.load(top, 32), c10);
      c11 = f32x4.add(v128.load(top, 48), c11);
      c20 = f32x4.add(v128.load(top, 64), c20);
      c21 = f32x4.add(v128.load(top, 80), c21);
      c30 = f32x4.add(v128.load(top, 96), c30);
      c31 = f32x4.add(v128.load(top, 112), c31);
    }
    const to = last ? c : top, stride = last ? cRow : LINE;
    v128.store(to, c00);
    v128.store(to, c01, 16);
    v128.store(to + stride, c10);
    v128.store(to + stride, c11, 16);
    v128.store(to + 2 * stride, c20);
    v128.store(to + 2 * stride, c21, 16);
    v128.store(to + 3 * stride, c30);
    v128.store(to + 3 * stride, c31, 16);
    top += TILE;
  }
}

/**
 * Goes on with a sum over `count` rows: c[rows,8] = start + Σ_k a[·,k]·panel[k,·], to which the `additions`
 * sums below `stack` are added from the top down. a[row, k] lie next to each other along the rows, and
 * `aStep` leads to the next k.
 */
export function columnTile(
  rows: i32, c: usize, cStride: usize, start: usize, startStride: usize, a: usize, aStep: usize, panel: usize, count: i32,
  stack: usize, additions: i32,
): void {
  if (rows == 4) {
    tile4(c, cStride, start, startStride, a, aStep, panel, count, stack, additions);
    return;
  }
  for (; rows > 0; rows--) {
    tile1(c, start, a, aStep, panel, count, stack, additions);
    c += cStride;
    start += startStride;
    stack += LINE;
    a += 4;
  }
}

// @ts-ignore: decorator
@inline
function tile4(
  c: usize, cStride: usize, start: usize, startStride: usize,
  a: usize, aStep: usize, panel: usize, count: i32, stack: usize, additions: i32,
): void {
  let c00 = v128.load(start), c01 = v128.load(start, 16);
  start += startStride;
  let c10 = v128.load(start), c11 = v128.load(start, 16);
  start += startStride;
  let c20 = v128.load(start), c21 = v128.load(start, 16);
  start += startStride;
  let c30 = v128.load(start), c31 = v128.load(start, 16);
  for (const end = panel + <usize>count * LINE; panel < end; panel += LINE) {
    const b0 = v128.load(panel), b1 = v128.load(panel, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00);
    c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10);
    c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20);
    c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30);
    c31 = madd(x, b1, c31);
    a += aStep;
  }
  for (; additions > 0; additions--) {
    stack -= TILE;
    c00 = f32x4.add(v128.load(stack), c00);
    c01 = f32x4.add(v128.load(stack, 16), c01);
    c10 = f32x4.add(v128.load(stack, 32), c10);
    c11 = f32x4.add(v128.load(stack, 48), c11);
    c20 = f32x4.add(v128.load(stack, 64), c20);
    c21 = f32x4.add(v128.load(stack, 80), c21);
    c30 = f32x4.add(v128.load(stack, 96), c30);
    c31 = f32x4.add(v128.load(stack, 112), c31);
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += cStride;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += cStride;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += cStride;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** Computes one row of the tile, with the same additions in the same order. */
// @ts-ignore: decorator
@inline
function tile1(
  c: usize, start: usize, a: usize, aStep: usize, panel: usize, count: i32, stack: usize, additions: i32,
): void {
  let c0 = v128.load(start), c1 = v128.load(start, 16);
  for (const end = panel + <usize>count * LINE; panel < end; panel += LINE) {
    const x = v128.load32_splat(a);
    c0 = madd(x, v128.load(panel), c0);
    c1 = madd(x, v128.load(panel, 16), c1);
    a += aStep;
  }
  for (; additions > 0; additions--) {
    stack -= TILE;
    c0 = f32x4.add(v128.load(stack), c0);
    c1 = f32x4.add(v128.load(stack, 16), c1);
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}
