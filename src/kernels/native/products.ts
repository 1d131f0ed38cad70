/**
 * The matrix products by a system library's gemm. How a library rounds depends on the shape it is given, so it is given one
 * shard at a time, or several where that has been tried to leave the same bits: what a shard's rows become, and its gradient,
 * depend on that shard alone (promise P1).
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmExports } from '../wasm/exports.js';
import type { BoundGemm } from './gemm.js';
import { createTrials } from './trials.js';

/** Floats of a strip of a weight gradient: the shards' parts of it are added up while they are in the L2 cache. */
const STRIP = 32 * 1024;
/** Strips on the stack of the shard tree: over 1024 shards, and one in the making. */
const LEVELS = 12;
export const STRIP_BYTES = 4 * STRIP * LEVELS;

/**
 * @param bytes of an operand's element: 4 for float32, 2 for bfloat16
 * @param strips byte offset in the memory of STRIP_BYTES that belong to this instance alone
 */
export function nativeProducts(bound: BoundGemm, bytes: 2 | 4, wasm: WasmExports, strips: number): Products {
  const { gemm } = bound;
  const trials = createTrials(bound, bytes);
  /** The runs of shards that one product may go over. */
  const pieces = (transposeB: boolean, add: boolean, shards: ShardRows, N: number, K: number, w: number) => {
    const { first, last } = shards;
    return last - first === 1 || trials.keepsRowsApart(transposeB, add, shards, N, K, w) ? last - first : 1;
  };

  return {
    affine(z, x, w, b, shards, K, N) {
      const { bounds, first, last } = shards;
      const piece = pieces(false, b !== 0, shards, N, K, w);
      for (let shard = first; shard < last; shard += piece) {
        const from = bounds[shard];
        const rows = bounds[shard + piece] - from;
        const to = z + 4 * from * N;
        if (b !== 0) wasm.fillRows(to, b, rows, N);
        gemm(false, false, rows, N, K, x + bytes * from * K, K, w, N, b !== 0, to, N);
      }
    },

    affineInputGradient(dx, dz, w, shards, K, N) {
      const { bounds, first, last } = shards;
      const piece = pieces(true, false, shards, K, N, w);
      for (let shard = first; shard < last; shard += piece) {
        const from = bounds[shard];
        const rows = bounds[shard + piece] - from;
        gemm(false, true, rows, K, N, dz + bytes * from * N, N, w, N, false, dx + 4 * from * K, K);
      }
    },

    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      const width = Math.min(N, STRIP);
      const height = Math.floor(STRIP / width); // of whole rows, or 1: a strip lies in one piece
      for (let k = 0; k < K; k += height) {
        for (let n = 0; n < N; n += width) {
          const [rows, columns] = [Math.min(height, K - k), Math.min(width, N - n)];
          strip(dw + 4 * (k * N + n), x + bytes * k, dz + bytes * n, shards, rows, columns, K, N, mode);
        }
      }
    },
  };

  /**
   * A strip dw[rows, columns], one run of floats: the shard tree folded like a binary counter, as in wasm/assembly/shards.ts.
   * The lowest sum of its stack is dw itself.
   */
  function strip(
    dw: number,
    x: number,
    dz: number,
    { bounds, first, last }: ShardRows,
    rows: number,
    columns: number,
    K: number,
    N: number,
    mode: SumMode,
  ): void {
    const place = (level: number) => (level === 0 ? dw : strips + 4 * STRIP * (level - 1));
    let height = 0;
    for (let shard = first; shard < last; shard++) {
      const from = bounds[shard];
      const count = bounds[shard + 1] - from;
      const [left, right] = [x + bytes * from * K, dz + bytes * from * N];
      const done = shard - first + 1;
      let merges = shard + 1 === last ? height : trailingZeros(done);
      const merged = merges > 0 && trials.addsInOneRounding(rows, columns, count, K, N);
      if (merged) {
        height--;
        merges--;
      }
      gemm(
        true,
        false,
        rows,
        columns,
        count,
        left,
        K,
        right,
        N,
        merged || mode === 'continue',
        place(height),
        columns,
      );
      if (merges > 0) {
        const bottom = height - merges;
        if (merges === 1) wasm.add(place(bottom), place(height), rows * columns);
        else wasm.foldStrip(place(bottom), place(height), merges - 1, 4 * STRIP, rows * columns);
        height = bottom;
      }
      height++;
    }
  }
}

/** Weights of a layer up to which calling the library costs more than it saves. */
const SMALL = 4096;

/** Layers with few weights by the first, the others by the second. */
export function bySize(small: Products, large: Products): Products {
  const chosen = (K: number, N: number) => (K * N <= SMALL ? small : large);
  return {
    affine: (z, x, w, b, shards, K, N) => chosen(K, N).affine(z, x, w, b, shards, K, N),
    affineInputGradient: (dx, dz, w, shards, K, N) =>
      chosen(K, N).affineInputGradient(dx, dz, w, shards, K, N),
    affineWeightGradient: (dw, x, dz, shards, K, N, mode) =>
      chosen(K, N).affineWeightGradient(dw, x, dz, shards, K, N, mode),
  };
}

const trailingZeros = (n: number): number => 31 - Math.clz32(n & -n);
