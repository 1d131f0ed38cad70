/**
 * The one place that knows where the gradient of a parameter goes. A worker's shards form aligned subtrees of the
 * summation tree, and each subtree has a block of memory for the gradients. For every subtree of the pass, backward
 * leaves in that block, and in no other, the sum over the subtree's rows: the rows of each shard in order, then the
 * binary tree over the shards. Because the additions and their order are fixed, the bits do not depend on the workers.
 *
 * Usually a pass holds all rows of its subtrees (mode `start`). A shard that is too long for one pass takes several:
 * the later ones (mode `continue`) go on adding to that shard's sum.
 */
import type { FloatArray } from '../kernels/kernels.js';
import type { ParameterGradient, Pass, Subtree } from './layer.js';

/** Leaves the gradient of a weighted combination: dw[K,N] = Σ over rows of xᵀ·dz, with x[R,K] and dz[R,N]. */
export function weightGradient(
  { kernels, subtrees, mode }: Pass,
  dw: ParameterGradient,
  x: FloatArray,
  dz: FloatArray,
  K: number,
  N: number,
): void {
  for (const subtree of subtrees) {
    kernels.affineWeightGradient(dw[subtree.block], x, dz, subtree, K, N, mode);
  }
}

/** Leaves the sum of values[R, width] over rows: the gradient of a bias is the sum of ∂Div/∂z. */
export function rowSums(
  { kernels, subtrees, mode }: Pass,
  gradient: ParameterGradient,
  values: FloatArray,
  width: number,
): void {
  for (const subtree of subtrees) {
    kernels.columnSums(gradient[subtree.block], values, subtree, width, mode);
  }
}

/** Adds one shard's rows `from … to−1` to a gradient, in order. */
export type AddRows = (sum: FloatArray, from: number, to: number) => void;

/**
 * Leaves a gradient that most rows add nothing to, such as a table of which each row touches one entry. The tree needs
 * the sums of several shards at a time, and a table for each would cost more than the additions: `setAside` moves what
 * rows `from … to−1` have put into the sum to a place that only these rows use, and `giveBack` adds it again. What the
 * rows have not touched is 0, and adding 0 changes no bit, so the result has the bits of the tree over whole tables.
 */
export function sparseSums(
  { subtrees, mode }: Pass,
  gradient: ParameterGradient,
  rows: { readonly add: AddRows; readonly setAside: AddRows; readonly giveBack: AddRows },
): void {
  for (const subtree of subtrees) {
    const sum = gradient[subtree.block];
    if (mode === 'start') sum.fill(0);
    addSubtree(sum, subtree, rows);
  }
}

function addSubtree(
  sum: FloatArray,
  { bounds, first, last }: Pick<Subtree, 'bounds' | 'first' | 'last'>,
  rows: Parameters<typeof sparseSums>[2],
): void {
  if (last - first === 1) {
    rows.add(sum, bounds[first], bounds[last]);
    return;
  }
  const middle = first + largestPowerOfTwoBelow(last - first);
  addSubtree(sum, { bounds, first, last: middle }, rows);
  rows.setAside(sum, bounds[first], bounds[middle]);
  addSubtree(sum, { bounds, first: middle, last }, rows);
  rows.giveBack(sum, bounds[first], bounds[middle]);
}

/** Returns the largest power of two below n ≥ 2: so many shards lie in the left half of the tree over n of them. */
function largestPowerOfTwoBelow(n: number): number {
  return 2 ** (31 - Math.clz32(n - 1));
}

/** Visits each shard of the subtrees by its rows `from … to−1`: layers with statistics compute them over a shard. */
export function forEachShard({ subtrees }: Pass, visit: (from: number, to: number) => void): void {
  for (const { bounds, first, last } of subtrees) {
    for (let shard = first; shard < last; shard++) visit(bounds[shard], bounds[shard + 1]);
  }
}
