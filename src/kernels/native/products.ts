/**
 * Matrix products by a system library's gemm. How a library rounds depends on the shape that it is given, and
 * the result for a shard may depend on that shard alone (promise P1). So the library is given one shard at a
 * time, or several where a trial has shown that the bits stay the same.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmExports } from '../wasm/exports.js';
import type { BoundGemm } from './gemm.js';
import { createTrials } from './trials.js';

/**
 * Floats in a strip of a weight gradient: small enough for the shards' sums of it to be added up in the L2
 * cache.
 */
const STRIP = 32 * 1024;
/** Strips on the stack of the shard tree: enough for 1024 shards, and for one sum in the making. */
const LEVELS = 12;
/** Scratch memory that one instance of the products needs. */
export const STRIP_BYTES = 4 * STRIP * LEVELS;

/**
 * Returns matrix products by a library's gemm.
 * @param bytes size of an operand's element: 4 for float32, 2 for bfloat16
 * @param strips byte offset of STRIP_BYTES in the memory that belong to this instance alone
 */
export function nativeProducts(bound: BoundGemm, bytes: 2 | 4, wasm: WasmExports, strips: number): Products {
  const { gemm } = bound;
  const trials = createTrials(bound, bytes);
  /** Returns how many shards one product may go over: all of them, or one. */
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
      const height = Math.floor(STRIP / width); // whole rows, or part of one, so that a strip is contiguous
      for (let k = 0; k < K; k += height) {
        for (let n = 0; n < N; n += width) {
          const [rows, columns] = [Math.min(height, K - k), Math.min(width, N - n)];
          strip(dw + 4 * (k * N + n), x + bytes * k, dz + bytes * n, shards, rows, columns, K, N, mode);
        }
      }
    },
  };

  /**
   * Computes a strip dw[rows, columns] of contiguous floats. Sums of shards wait on a stack, as the bits of a
   * binary counter do (wasm/assembly/shards.ts explains it); the lowest sum on the stack is dw itself.
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
      let additions = shard + 1 === last ? height : trailingZeros(done);
      const addedByGemm = additions > 0 && trials.addsInOneRounding(rows, columns, count, K, N);
      if (addedByGemm) {
        height--;
        additions--;
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
        addedByGemm || mode === 'continue',
        place(height),
        columns,
      );
      if (additions > 0) {
        const bottom = height - additions;
        if (additions === 1) wasm.add(place(bottom), place(height), rows * columns);
        else wasm.addStack(place(bottom), place(height), additions - 1, 4 * STRIP, rows * columns);
        height = bottom;
      }
      height++;
    }
  }
}

/** Up to this many weights in a layer, calling the library costs more than it saves. */
const SMALL = 4096;

/** Returns products that multiply layers with few weights by `small`, and the others by `large`. */
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
