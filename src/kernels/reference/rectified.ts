/** Products with ReLU after them, as the two operations of their definitions. */
import type { FloatArray, Kernels, ShardRows } from '../kernels.js';
import { namedKernels } from './named.js';

/** Returns the fused operations on top of products. */
export function rectifiedKernels(
  products: Pick<Kernels, 'affine' | 'affineInputGradient'>,
): Pick<Kernels, 'rectifiedAffine' | 'rectifiedInputGradient'> {
  const { activate, activateBackward } = namedKernels;
  return {
    rectifiedAffine(y, x, w, b, shards, K, N) {
      products.affine(y, x, w, b, shards, K, N);
      const own = rowsOf(y, shards, N);
      activate('relu', own, own, own.length, 0);
    },
    rectifiedInputGradient(dx, dz, w, shards, K, N, x) {
      products.affineInputGradient(dx, dz, w, shards, K, N);
      const [own, outputs] = [rowsOf(dx, shards, K), rowsOf(x, shards, K)];
      activateBackward('relu', own, own, outputs, outputs, own.length, 0);
    },
  };
}

const rowsOf = <A extends FloatArray>(array: A, { bounds, first, last }: ShardRows, width: number): A =>
  array.subarray(bounds[first] * width, bounds[last] * width) as A;
