/**
 * Multiplies matrices with a system library's gemm. How a library rounds depends on the shape that it is
 * given, and the result for a shard may depend on that shard alone (promise P1). So the library is given one
 * shard at a time, or several where a trial has shown that the bits stay the same.
 */
import type { ShardRows, SumMode } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmExports } from '../wasm/exports.js';
import type { BoundGemm } from './gemm.js';
import { createTrials } from './trials.js';

/**
 * Floats in a part of a weight gradient. Parts are computed one after the other, each small enough for its
 * sums over the shards to be added up in the L2 cache.
 */
const PART_FLOATS = 32 * 1024;
const PART_BYTES = 4 * PART_FLOATS;
/** Sums on the stack of the shard tree: enough for 1024 shards, and for one sum in the making. */
const LEVELS = 12;
/** Bytes of the stack, which is scratch memory of one instance. */
export const PART_STACK_BYTES = PART_BYTES * LEVELS;

/**
 * Returns matrix products by a library's gemm.
 * @param bytes size of an operand's element: 4 for float32, 2 for bfloat16
 * @param stack byte offset of PART_STACK_BYTES in the memory that belong to this instance alone
 */
export function nativeProducts(bound: BoundGemm, bytes: 2 | 4, wasm: WasmExports, stack: number): Products {
  const { gemm } = bound;
  const trials = createTrials(bound, bytes);
  /**
   * Returns over how many shards one call of gemm goes: all of them if that leaves the bits alone, else one.
   */
  const shardsPerCall = (
    transposeB: boolean,
    add: boolean,
    shards: ShardRows,
    N: number,
    K: number,
    w: number,
  ) => {
    const count = shards.last - shards.first;
    return count === 1 || trials.keepsRowsApart(transposeB, add, shards, N, K, w) ? count : 1;
  };

  return {
    affine(z, x, w, b, shards, K, N) {
      const { bounds, first, last } = shards;
      const count = shardsPerCall(false, b !== 0, shards, N, K, w);
      for (let shard = first; shard < last; shard += count) {
        const from = bounds[shard];
        const rows = bounds[shard + count] - from;
        const to = z + 4 * from * N;
        if (b !== 0) wasm.fillRows(to, b, rows, N);
        gemm(false, false, rows, N, K, x + bytes * from * K, K, w, N, b !== 0, to, N);
      }
    },

    affineInputGradient(dx, dz, w, shards, K, N) {
      const { bounds, first, last } = shards;
      const count = shardsPerCall(true, false, shards, K, N, w);
      for (let shard = first; shard < last; shard += count) {
        const from = bounds[shard];
        const rows = bounds[shard + count] - from;
        gemm(false, true, rows, K, N, dz + bytes * from * N, N, w, N, false, dx + 4 * from * K, K);
      }
    },

    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      const columns = Math.min(N, PART_FLOATS);
      const rows = Math.floor(PART_FLOATS / columns); // whole rows, or part of one, so a part is contiguous
      for (let k = 0; k < K; k += rows) {
        for (let n = 0; n < N; n += columns) {
          const part = {
            dw: dw + 4 * (k * N + n),
            x: x + bytes * k,
            dz: dz + bytes * n,
            rows: Math.min(rows, K - k),
            columns: Math.min(columns, N - n),
          };
          gradientPart(part, shards, K, N, mode);
        }
      }
    },
  };

  /**
   * Computes a part of a weight gradient. Sums of shards wait on a stack, as the bits of a binary counter do
   * (wasm/assembly/shards.ts explains it); the lowest sum on the stack is the part itself.
   */
  function gradientPart(part: GradientPart, shards: ShardRows, K: number, N: number, mode: SumMode): void {
    const { dw, x, dz, rows, columns } = part;
    const { bounds, first, last } = shards;
    const place = (level: number) => (level === 0 ? dw : stack + PART_BYTES * (level - 1));
    let height = 0;
    for (let shard = first; shard < last; shard++) {
      const from = bounds[shard];
      const count = bounds[shard + 1] - from;
      const [left, right] = [x + bytes * from * K, dz + bytes * from * N];
      let additions = shard + 1 === last ? height : trailingZeros(shard - first + 1);
      // Where gemm adds in one rounding, it makes the first addition itself, onto the top of the stack.
      const addedByGemm = additions > 0 && trials.addsInOneRounding(rows, columns, count, K, N);
      if (addedByGemm) {
        height--;
        additions--;
      }
      const add = addedByGemm || mode === 'continue';
      gemm(true, false, rows, columns, count, left, K, right, N, add, place(height), columns);
      if (additions > 0) {
        const bottom = height - additions;
        if (additions === 1) wasm.add(place(bottom), place(height), rows * columns);
        else wasm.addStack(place(bottom), place(height), additions - 1, PART_BYTES, rows * columns);
        height = bottom;
      }
      height++;
    }
  }
}

/**
 * A part dw[rows, columns] of a weight gradient, contiguous, and the operands at its first row and column.
 */
interface GradientPart {
  readonly dw: number;
  readonly x: number;
  readonly dz: number;
  readonly rows: number;
  readonly columns: number;
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
