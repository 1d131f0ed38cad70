/**
 * The matrix products of kernels on shared memory, by byte offsets: WASM's own, a system library's (native/), and either of
 * them with operands in bfloat16 (bfloat16.ts). Shapes and meaning as in `Kernels`.
 */
import type { ShardRows, SumMode } from './kernels.js';

export interface Products {
  /** b = 0: no bias */
  affine(z: number, x: number, w: number, b: number, shards: ShardRows, K: number, N: number): void;
  affineInputGradient(dx: number, dz: number, w: number, shards: ShardRows, K: number, N: number): void;
  affineWeightGradient(
    dw: number,
    x: number,
    dz: number,
    shards: ShardRows,
    K: number,
    N: number,
    mode: SumMode,
  ): void;
}
