// The micro-kernel of products with rows of the left factor keeps 4 rows × 8 columns of sums in eight
// registers; 6 × 8 would not fit.
import { LINE } from '../scratch';
import { madd } from './vector';

/**
 * c[rows,8] = start + a[rows,count]·panel[count,8]. Each sum takes k in order, one multiply-add after the
 * other, so that it may stop at any k and be continued. Strides are in bytes from row to row. Each turn takes
 * four k, which hides the cost of counting and comparing.
 */
export function rowTiles(
  rows: i32, c: usize, cRow: usize, start: usize, startRow: usize, a: usize, aRow: usize, panelBegin: usize, count: i32,
): void {
  const end = panelBegin + <usize>count * LINE;
  for (; rows >= 4; rows -= 4) {
    let panel = panelBegin;
    let c00 = v128.load(start), c01 = v128.load(start, 16);
    start += startRow;
    let c10 = v128.load(start), c11 = v128.load(start, 16);
    start += startRow;
    let c20 = v128.load(start), c21 = v128.load(start, 16);
    start += startRow;
    let c30 = v128.load(start), c31 = v128.load(start, 16);
    start += startRow;
    let a1 = a + aRow, a2 = a1 + aRow, a3 = a2 + aRow;
    const next = a3 + aRow;
    let x: v128, b0: v128, b1: v128;
    for (let left = count; ; left -= 4) {
      b0 = v128.load(panel), b1 = v128.load(panel, 16);
      x = v128.load32_splat(a), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      if (left == 1) break;
      b0 = v128.load(panel, 32), b1 = v128.load(panel, 48);
      x = v128.load32_splat(a, 4), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1, 4), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2, 4), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3, 4), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      if (left == 2) break;
      b0 = v128.load(panel, 64), b1 = v128.load(panel, 80);
      x = v128.load32_splat(a, 8), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1, 8), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2, 8), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3, 8), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      if (left == 3) break;
      b0 = v128.load(panel, 96), b1 = v128.load(panel, 112);
      x = v128.load32_splat(a, 12), c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1, 12), c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2, 12), c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3, 12), c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
      if (left == 4) break;
      a += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
      panel += 4 * LINE;
    }
    a = next;
    v128.store(c, c00);
    v128.store(c, c01, 16);
    c += cRow;
    v128.store(c, c10);
    v128.store(c, c11, 16);
    c += cRow;
    v128.store(c, c20);
    v128.store(c, c21, 16);
    c += cRow;
    v128.store(c, c30);
    v128.store(c, c31, 16);
    c += cRow;
  }
  for (; rows > 0; rows--) {
    let c0 = v128.load(start), c1 = v128.load(start, 16);
    for (let panel = panelBegin, at = a; panel < end; panel += LINE, at += 4) {
      const x = v128.load32_splat(at);
      c0 = madd(x, v128.load(panel), c0);
      c1 = madd(x, v128.load(panel, 16), c1);
    }
    v128.store(c, c0);
    v128.store(c, c1, 16);
    c += cRow;
    start += startRow;
    a += aRow;
  }
}
