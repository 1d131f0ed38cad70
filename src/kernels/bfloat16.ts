/**
 * `--precision bf16` rounds the operands of every matrix product to bfloat16 (to nearest, ties to even).
 * Products are added up in float32, and weights, gradients and everything else stay float32. The rounded
 * values are exact float32 numbers too, so any implementation of the products will do: one that takes
 * bfloat16, or one for float32 that is given the rounded values.
 */
import type { ShardRows } from './kernels.js';
import type { Products } from './products.js';
import type { WasmExports } from './wasm/exports.js';

export const PRECISIONS = ['f32', 'bf16'] as const;
/** The precision of the operands of matrix products. */
export type Precision = (typeof PRECISIONS)[number];

/** Says where rounded operands are kept; offsets in bytes. */
export interface RoundedPlaces {
  /** The block of all parameters: every `w` lies in it. */
  readonly weights: number;
  /** The number of parameters in the block. */
  readonly parameters: number;
  /** The rounded copy of the block, which all instances share; as large as the block. */
  readonly roundedWeights: number;
  /** Two areas that belong to one instance, each with room for one operand of a pass. */
  readonly left: number;
  readonly right: number;
}

/** Products that round their operands first. */
interface RoundedProducts extends Products {
  /**
   * Rounds the weights again. Must be called once after they have changed, before any instance multiplies.
   */
  refreshWeights(): void;
}

/**
 * Returns products that round their operands and leave the rest to `products`.
 * @param bytes size of a rounded number: 2 for products that take bfloat16, 4 for those that take float32
 * @param refreshed whether the weights are rounded all at once, by `refreshWeights`; else each product rounds
 *   its own, which is for products that are seldom called
 */
export function roundedProducts(
  products: Products,
  { toBfloat16, roundToBfloat16 }: WasmExports,
  { weights, parameters, roundedWeights, left, right }: RoundedPlaces,
  bytes: 2 | 4,
  refreshed: boolean,
): RoundedProducts {
  const round = bytes === 2 ? toBfloat16 : (products.round ?? roundToBfloat16);
  /** Rounds the shards' rows of a matrix into an area, at the same row numbers. */
  const rounded = (area: number, from: number, { bounds, first, last }: ShardRows, width: number) => {
    const begin = bounds[first] * width;
    round(area + bytes * begin, from + 4 * begin, bounds[last] * width - begin);
    return area;
  };
  const roundedWeight = (w: number, count: number) => {
    const place = roundedWeights + ((w - weights) * bytes) / 4;
    // Threads that do this at the same time write the same numbers.
    if (!refreshed) round(place, w, count);
    return place;
  };
  return {
    ...products,
    affine: (z, x, w, b, shards, K, N) =>
      products.affine(z, rounded(left, x, shards, K), roundedWeight(w, K * N), b, shards, K, N),
    affineInputGradient: (dx, dz, w, shards, K, N) =>
      products.affineInputGradient(dx, rounded(left, dz, shards, N), roundedWeight(w, K * N), shards, K, N),
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
    // Those of `products` would not round, and roundings are not recorded.
    rectifiedAffine: undefined,
    rectifiedInputGradient: undefined,
    record: undefined,
    refreshWeights() {
      if (refreshed) round(roundedWeights, weights, parameters);
    },
  };
}
