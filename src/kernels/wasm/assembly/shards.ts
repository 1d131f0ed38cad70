// Sums over rows, shard by shard: each shard's rows in order, then the binary tree over the shards.
//
// The tree is folded like a binary counter: before shard i (counted from the run's first) there is one sum on the stack for
// every 1 bit of i, and after it as many are merged as i + 1 ends in 0 bits; the last shard merges all that are left. These
// are the additions of doubling strides, `part[j] += part[j + stride]`, in an order that needs log₂ of the parts.
import { bound, edgeArea, FOLD_LEVELS, FOLD_STACKS, foldArea, LINE, panelArea, PANEL_ROWS, startArea, TILE } from './scratch';
import { loadEdge, packRows, setStart, storeEdge } from './matmul';
import { columnTile, treeTile } from './tile';
import { load, store } from './vector';

/** dw[K,N] = Σ xᵀ·dz over the rows of `shards` shards; `more`: of one shard, on top of dw. */
export function affineWeightGradient(dw: usize, x: usize, dz: usize, shards: i32, K: i32, N: i32, more: bool): void {
  const first = bound(0), last = bound(shards);
  setStart(0, 0);
  // Tiles whose rows fit one panel finish one after the other on one stack; the others keep theirs from panel to panel.
  const block = last - first <= PANEL_ROWS ? K : 4 * FOLD_STACKS;
  for (let k = 0; k < K; k += block) {
    const kEnd = min(K, k + block);
    for (let n = 0; n < N; n += 8) {
      let shard = 0;
      for (let r = first; r < last; r += PANEL_ROWS) {
        const rEnd = min(last, r + PANEL_ROWS);
        packRows(dz + ((<usize>r * N + n) << 2), <usize>N << 2, min(8, N - n), rEnd - r);
        let i = k;
        if (block == K && !more) {
          for (; i + 4 <= K; i += 4) wholeTile(dw, x, shards, i, n, K, N);
        }
        for (; i < kEnd; i += 4) {
          const stack = foldArea() + (block == K ? 0 : <usize>((i - k) >> 2) * FOLD_LEVELS * TILE);
          gradientTile(dw, x, shard, shards, i, n, r, rEnd, K, N, more, stack);
        }
        while (shard < shards && bound(shard + 1) <= rEnd) shard++;
      }
    }
  }
}

/** The tile of four rows at (k, n) when the panel holds all rows of the run. */
// @ts-ignore: decorator
@inline
function wholeTile(dw: usize, x: usize, shards: i32, k: i32, n: i32, K: i32, N: i32): void {
  const c = dw + ((<usize>k * N + n) << 2), a = x + ((<usize>bound(0) * K + k) << 2);
  const dwRow = <usize>N << 2, xRow = <usize>K << 2, width = min(8, N - n);
  if (width == 8) {
    treeTile(c, dwRow, a, xRow, panelArea(), shards);
  } else {
    treeTile(edgeArea(), LINE, a, xRow, panelArea(), shards);
    storeEdge(c, dwRow, 4, width);
  }
}

/** The tile at (k, n) goes over rows r … rEnd of the run, which lie in the panel and begin in `shard`. */
function gradientTile(
  dw: usize, x: usize, shard: i32, shards: i32, k: i32, n: i32, r: i32, rEnd: i32, K: i32, N: i32, more: bool, stack: usize,
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
      if (more) {
        start = edgeArea();
        startRow = LINE;
        loadEdge(c, dwRow, rows, width);
      }
    }
    if (end > rEnd) {
      columnTile(rows, top, LINE, start, startRow, a, xRow, panel, count, top, 0);
    } else if (shard + 1 < shards) {
      const merges = ctz(shard + 1);
      columnTile(rows, top - <usize>merges * TILE, LINE, start, startRow, a, xRow, panel, count, top, merges);
    } else if (width == 8) {
      columnTile(rows, c, dwRow, start, startRow, a, xRow, panel, count, top, height);
    } else {
      columnTile(rows, edgeArea(), LINE, start, startRow, a, xRow, panel, count, top, height);
      storeEdge(c, dwRow, rows, width);
    }
    r += count;
    panel += <usize>count * LINE;
  }
}

/** db[N] = Σ dz[r,·] over the rows of `shards` shards; `more`: of one shard, on top of db. */
export function columnSums(db: usize, dz: usize, shards: i32, N: i32, more: bool): void {
  const row = <usize>N << 2;
  for (let n = 0; n < N; n += 4) {
    const width = min(4, N - n);
    const dst = db + (<usize>n << 2);
    let top = foldArea();
    for (let shard = 0; shard < shards; shard++) {
      let sum = more ? load(dst, width, 0) : f32x4.splat(0);
      let at = dz + ((<usize>bound(shard) * N + n) << 2);
      for (let r = bound(shard); r < bound(shard + 1); r++) {
        sum = f32x4.add(sum, load(at, width, 0));
        at += row;
      }
      const last = shard + 1 == shards;
      for (let merges = last ? popcnt(shard) : ctz(shard + 1); merges > 0; merges--) {
        top -= 16;
        sum = f32x4.add(v128.load(top), sum);
      }
      if (last) store(dst, sum, width);
      else v128.store(top, sum);
      top += 16;
    }
  }
}
