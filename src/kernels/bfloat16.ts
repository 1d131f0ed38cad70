/**
 * `--precision bf16`: the operands of every matrix product are rounded to bfloat16 (to nearest, ties to even); products are
 * added up in float32, and weights, gradients and everything else stay float32. Rounding is exact arithmetic, so any
 * implementation of the products may follow it: one that takes bfloat16, or one for float32 that gets the rounded values.
 */
import type { ShardRows } from './kernels.js';
import type { Products } from './products.js';
import type { WasmExports } from './wasm/exports.js';

export const PRECISIONS = ['f32', 'bf16'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Where rounded operands are kept; offsets in bytes. */
export interface RoundedPlaces {
  /** the block of all parameters: every `w` lies in it */
  readonly weights: number;
  readonly parameters: number;
  /** its rounded twin, shared by all instances; as large as the block */
  readonly twin: number;
  /** two areas of an instance's own, each with room for one operand of a pass */
  readonly left: number;
  readonly right: number;
}

export interface RoundedProducts extends Products {
  /** Rounds the weights anew: to be called once after they have changed, before any instance multiplies. */
  refreshWeights(): void;
}

/** @param bytes of a rounded value: 2 for products that take bfloat16, 4 for those that take float32 */
export function roundedProducts(
  products: Products,
  { toBfloat16, roundToBfloat16 }: WasmExports,
  { weights, parameters, twin, left, right }: RoundedPlaces,
  bytes: 2 | 4,
): RoundedProducts {
  const round = bytes === 2 ? toBfloat16 : roundToBfloat16;
  /** The shards' rows of a matrix rounded into an area, at the same row numbers. */
  const rounded = (area: number, from: number, { bounds, first, last }: ShardRows, width: number) => {
    const begin = bounds[first] * width;
    round(area + bytes * begin, from + 4 * begin, bounds[last] * width - begin);
    return area;
  };
  const twinOf = (w: number) => twin + ((w - weights) * bytes) / 4;
  return {
    affine: (z, x, w, b, shards, K, N) =>
      products.affine(z, rounded(left, x, shards, K), twinOf(w), b, shards, K, N),
    affineInputGradient: (dx, dz, w, shards, K, N) =>
      products.affineInputGradient(dx, rounded(left, dz, shards, N), twinOf(w), shards, K, N),
    affineWeightGradient: (dw, x, dz, shards, K, N, mode) =>
      products.affineWeightGradient(
        dw,
        rounded(left, x, shards, K),
        rounded(right, dz, shards, N),
        shards,
        K,
        N,
        mode,
      ),
    refreshWeights: () => round(twin, weights, parameters),
  };
}
