/**
 * The matrix products by a system library's gemm. How a library rounds depends on the shape it is given, so it is given one
 * shard at a time: what a shard's rows become, and its gradient, depend on that shard alone (promise P1).
 */
import type { ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import type { WasmExports } from '../wasm/exports.js';

/** c[M,N] = (add ? c : 0) + op(a)[M,K]·op(b)[K,N], row-major; byte offsets of the shared memory, row lengths in elements. */
export type Gemm = (
  transposeA: boolean,
  transposeB: boolean,
  M: number,
  N: number,
  K: number,
  a: number,
  aRow: number,
  b: number,
  bRow: number,
  add: boolean,
  c: number,
  cRow: number,
) => void;

/** Floats of a strip of a weight gradient: the shards' parts of it are added up while they are in the L2 cache. */
const STRIP = 24 * 1024;
/** Strips on the stack of the shard tree: over 1024 shards, and one in the making. */
const LEVELS = 12;
export const STRIP_BYTES = 4 * STRIP * LEVELS;

/**
 * @param bytes of an operand's element: 4 for float32, 2 for bfloat16
 * @param strips byte offset of STRIP_BYTES that belong to this instance alone
 */
export function nativeProducts(gemm: Gemm, bytes: 2 | 4, wasm: WasmExports, strips: number): Products {
  return {
    affine(z, x, w, b, { bounds, first, last }, K, N) {
      for (let shard = first; shard < last; shard++) {
        const from = bounds[shard];
        const rows = bounds[shard + 1] - from;
        const to = z + 4 * from * N;
        if (b !== 0) wasm.fillRows(to, b, rows, N);
        gemm(false, false, rows, N, K, x + bytes * from * K, K, w, N, b !== 0, to, N);
      }
    },

    affineInputGradient(dx, dz, w, { bounds, first, last }, K, N) {
      for (let shard = first; shard < last; shard++) {
        const from = bounds[shard];
        const rows = bounds[shard + 1] - from;
        gemm(false, true, rows, K, N, dz + bytes * from * N, N, w, N, false, dx + 4 * from * K, K);
      }
    },

    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      const { bounds, first, last } = shards;
      if (last - first === 1) {
        const from = bounds[first];
        const rows = bounds[last] - from;
        const [left, right] = [x + bytes * from * K, dz + bytes * from * N];
        gemm(true, false, K, N, rows, left, K, right, N, mode === 'continue', dw, N);
        return;
      }
      const width = Math.min(N, STRIP);
      const height = Math.floor(STRIP / width);
      for (let k = 0; k < K; k += height) {
        for (let n = 0; n < N; n += width) {
          const [rows, columns] = [Math.min(height, K - k), Math.min(width, N - n)];
          strip(dw + 4 * (k * N + n), x + bytes * k, dz + bytes * n, shards, rows, columns, K, N);
        }
      }
    },
  };

  /** dw[rows, columns] at its place in a matrix [K,N]: the shard tree folded like a binary counter, as in wasm/assembly/shards.ts. */
  function strip(
    dw: number,
    x: number,
    dz: number,
    { bounds, first, last }: ShardRows,
    rows: number,
    columns: number,
    K: number,
    N: number,
  ): void {
    const level = 4 * STRIP;
    let top = strips;
    for (let shard = first; shard < last; shard++) {
      const from = bounds[shard];
      const count = bounds[shard + 1] - from;
      const [left, right] = [x + bytes * from * K, dz + bytes * from * N];
      gemm(true, false, rows, columns, count, left, K, right, N, false, top, columns);
      const done = shard - first + 1;
      if (shard + 1 === last) {
        const merges = ones(done - 1);
        if (columns === N) wasm.foldStrip(dw, top, merges, level, rows * columns);
        else {
          for (let row = 0; row < rows; row++) {
            const skip = 4 * row;
            wasm.foldStrip(dw + skip * N, top + skip * columns, merges, level, columns);
          }
        }
      } else {
        const merges = trailingZeros(done);
        const into = top - merges * level;
        if (merges > 0) wasm.foldStrip(into, top, merges, level, rows * columns);
        top = into + level;
      }
    }
  }
}

const trailingZeros = (n: number): number => 31 - Math.clz32(n & -n);

function ones(n: number): number {
  let count = 0;
  for (let rest = n; rest > 0; rest &= rest - 1) count++;
  return count;
}
