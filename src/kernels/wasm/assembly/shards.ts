// Sums over rows, shard by shard: each shard's rows in order, then the binary tree over the shards.
//
// The additions are those of doubling strides, `part[j] += part[j + stride]`, but in an order in which only
// log₂ of the parts exist at a time. They wait on a stack that works like a binary counter. Before shard i
// (from 0, the first at hand) the stack holds one sum for every 1 bit of i: before shard 3, binary 11, the
// sum of shards 0 and 1 and, on top of it, that of shard 2. When shard i is summed, as many sums are taken
// from the top and added to it as i + 1 has 0 bits at its end, and the result goes onto the stack. For shard
// 3 these are two sums: first that of shard 2, then that of shards 0 and 1. The last shard takes all that are
// left.
import { LINE, PANEL_ROWS, STACK_LEVELS, STACKS, STRIP_ROWS, TILE } from '../scratch';
import { copyRows, packRows, packStrips } from './pack';
import { bound, edgeArea, panelArea, panelStride, panelsThatFit, stackArea, startArea, stripArea } from './scratch';
import { columnTile, treeTile } from './tile';
import { load, store } from './vector';

/**
 * dw[K,N] = Σ xᵀ·dz over the rows of `shards` shards. With `continued`, the rows of one shard are added to
 * what dw holds.
 */
export function affineWeightGradient(dw: usize, x: usize, dz: usize, shards: i32, K: i32, N: i32, continued: bool): void {
  const first = bound(0), rows = bound(shards) - first;
  if (rows > STRIP_ROWS) {
    longGradient(dw, x, dz, shards, K, N, continued);
    return;
  }
  x += <usize>first * K << 2;
  dz += <usize>first * N << 2;
  const stride = panelStride(rows);
  // Several panels of few rows stay in the L1 cache together; in any case a packed strip meets at least four.
  const block = 8 * min(panelsThatFit(stride), max(8, PANEL_ROWS / rows));
  for (let n = 0; n < N; n += block) {
    const columns = min(block, N - n);
    packRows(dz + (<usize>n << 2), <usize>N << 2, columns, rows, stride);
    for (let k = 0; k < K; k += 16) {
      const height = min(16, K - k);
      const at = x + (<usize>k << 2), to = dw + ((<usize>k * N + n) << 2);
      // A strip is read from x itself where few panels use it or where its columns stay cached, else packed.
      if ((height & 3) == 0 && (columns <= 16 || rows <= rowsThatStayCached(K))) {
        stripsTimesPanels(to, <usize>N << 2, at, <usize>K << 2, 16, shards, height, columns, stride, continued);
      } else {
        packStrips(at, <usize>K << 2, height, rows);
        stripsTimesPanels(to, <usize>N << 2, stripArea(), 16, <usize>rows << 4, shards, height, columns, stride, continued);
      }
    }
  }
}

/**
 * The number of rows of x up to which one column stays in half an L1 cache (64 sets of 8 lines). Each row's
 * number is in another cache line, and the more factors of two K has, the fewer sets these lines fall into.
 */
function rowsThatStayCached(K: i32): i32 {
  return 256 >> min(6, max(0, ctz(K) - 4));
}

/**
 * dw[height,columns] = strips times the packed panels, the tree over the shards included. `row` leads from
 * one row of a strip to the next and `next` from one strip to the next, so a strip may also be x itself.
 */
function stripsTimesPanels(
  dw: usize, dwRow: usize, strip: usize, row: usize, next: usize, shards: i32, height: i32, columns: i32, stride: usize, continued: bool,
): void {
  const edge = edgeArea();
  for (; height > 0; height -= 4) {
    let panel = panelArea(), c = dw;
    for (let left = columns; left > 0; left -= 8) {
      if (height >= 4 && left >= 8) {
        treeTile(c, dwRow, strip, row, panel, shards, continued);
      } else {
        const tall = min(4, height), width = min(8, left);
        if (continued) copyRows(edge, LINE, c, dwRow, tall, width);
        treeTile(edge, LINE, strip, row, panel, shards, continued);
        copyRows(c, dwRow, edge, LINE, tall, width);
      }
      panel += stride;
      c += LINE;
    }
    strip += next;
    dw += dwRow << 2;
  }
}

/**
 * The gradient over more rows than a strip holds. The rows are taken a panel at a time: for each panel, 16
 * tiles go on with the shard at hand, each with a stack of its own for the sums of its shards.
 */
function longGradient(dw: usize, x: usize, dz: usize, shards: i32, K: i32, N: i32, continued: bool): void {
  const first = bound(0), last = bound(shards), start = startArea();
  v128.store(start, f32x4.splat(0));
  v128.store(start, f32x4.splat(0), 16);
  for (let k = 0; k < K; k += 4 * STACKS) {
    const kEnd = min(K, k + 4 * STACKS);
    for (let n = 0; n < N; n += 8) {
      let shard = 0;
      for (let r = first; r < last; r += PANEL_ROWS) {
        const rEnd = min(last, r + PANEL_ROWS);
        packRows(dz + ((<usize>r * N + n) << 2), <usize>N << 2, min(8, N - n), rEnd - r, 0);
        for (let i = k; i < kEnd; i += 4) {
          const stack = stackArea() + <usize>((i - k) >> 2) * STACK_LEVELS * TILE;
          gradientTile(dw, x, shard, shards, i, n, r, rEnd, K, N, continued, stack);
        }
        while (shard < shards && bound(shard + 1) <= rEnd) shard++;
      }
    }
  }
}

/**
 * Continues the tile at (k, n) over rows r … rEnd − 1, which lie in the panel and begin in `shard`. A shard
 * that ends beyond the panel leaves its sum so far on top of the stack, where the next panel finds it.
 */
function gradientTile(
  dw: usize, x: usize, shard: i32, shards: i32, k: i32, n: i32, r: i32, rEnd: i32, K: i32, N: i32, continued: bool, stack: usize,
): void {
  const rows = min(4, K - k), width = min(8, N - n);
  const dwRow = <usize>N << 2, xRow = <usize>K << 2;
  const c = dw + ((<usize>k * N + n) << 2);
  let panel = panelArea();
  for (; r < rEnd; shard++) {
    const begin = bound(shard), end = bound(shard + 1);
    const count = min(end, rEnd) - r;
    const height = popcnt(shard);
    const top = stack + <usize>height * TILE;
    const a = x + ((<usize>r * K + k) << 2);

    let start = top, startRow = LINE;
    if (r == begin) {
      start = startArea();
      startRow = 0;
      if (continued) {
        start = edgeArea();
        startRow = LINE;
        copyRows(edgeArea(), LINE, c, dwRow, rows, width);
      }
    }
    if (end > rEnd) {
      columnTile(rows, top, LINE, start, startRow, a, xRow, panel, count, top, 0);
    } else if (shard + 1 < shards) {
      const additions = ctz(shard + 1);
      columnTile(rows, top - <usize>additions * TILE, LINE, start, startRow, a, xRow, panel, count, top, additions);
    } else if (width == 8) {
      columnTile(rows, c, dwRow, start, startRow, a, xRow, panel, count, top, height);
    } else {
      columnTile(rows, edgeArea(), LINE, start, startRow, a, xRow, panel, count, top, height);
      copyRows(c, dwRow, edgeArea(), LINE, rows, width);
    }
    r += count;
    panel += <usize>count * LINE;
  }
}

/**
 * db[N] = Σ dz[r,·] over the rows of `shards` shards. With `continued`, the rows of one shard are added to
 * what db holds.
 */
export function columnSums(db: usize, dz: usize, shards: i32, N: i32, continued: bool): void {
  const row = <usize>N << 2;
  for (let n = 0; n < N; n += 4) {
    const width = min(4, N - n);
    const dst = db + (<usize>n << 2);
    let top = stackArea();
    for (let shard = 0; shard < shards; shard++) {
      let sum = continued ? load(dst, width, 0) : f32x4.splat(0);
      let at = dz + ((<usize>bound(shard) * N + n) << 2);
      for (let r = bound(shard); r < bound(shard + 1); r++) {
        sum = f32x4.add(sum, load(at, width, 0));
        at += row;
      }
      const last = shard + 1 == shards;
      for (let additions = last ? popcnt(shard) : ctz(shard + 1); additions > 0; additions--) {
        top -= 16;
        sum = f32x4.add(v128.load(top), sum);
      }
      if (last) store(dst, sum, width);
      else v128.store(top, sum);
      top += 16;
    }
  }
}
