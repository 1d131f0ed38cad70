/**
 * The one place that knows where the gradient of a parameter goes. A worker's shards form aligned subtrees of
 * the summation tree, and each subtree has a block of memory for the gradients. For every subtree of the
 * pass, backward leaves in that block, and in no other, the sum over the subtree's rows: the rows of each
 * shard in order, then the binary tree over the shards. Because the additions and their order are fixed, the
 * bits do not depend on the workers.
 *
 * Usually a pass holds all rows of its subtrees (mode `start`). A shard that is too long for one pass takes
 * several: the later ones (mode `continue`) go on adding to that shard's sum.
 */
import type { FloatArray, Kernels, ShardRows } from '../kernels/kernels.js';
import type { ParameterGradient, Pass } from './layer.js';

/** Leaves the gradient of a weighted combination: dw[K,N] = Σ over rows of xᵀ·dz, with x[R,K] and dz[R,N]. */
export function weightGradient(
  pass: Pass,
  dw: ParameterGradient,
  x: FloatArray,
  dz: FloatArray,
  K: number,
  N: number,
): void {
  const { kernels, subtrees, mode } = pass;
  for (const subtree of subtrees) {
    const gradient = dw[subtree.block];
    note(pass, gradient, kernels.affineWeightGradient(gradient, x, dz, subtree, K, N, mode));
  }
}

/** Keeps what no magnitude in a gradient exceeds, where kernels say that. */
function note({ seen, mode }: Pass, gradient: FloatArray, most: number | undefined): void {
  if (!seen) return;
  if (most === undefined) {
    if (seen.arrays.includes(gradient)) seen.arrays = seen.arrays.filter((array) => array !== gradient);
    return;
  }
  seen.most = Math.max(seen.most, most);
  if (mode === 'start' || !seen.arrays.includes(gradient)) seen.arrays.push(gradient);
}

/** Leaves the sum of values[R, width] over rows: the gradient of a bias is the sum of ∂Div/∂z. */
export function rowSums(pass: Pass, gradient: ParameterGradient, values: FloatArray, width: number): void {
  const { kernels, subtrees, mode } = pass;
  for (const subtree of subtrees) {
    const sum = gradient[subtree.block];
    note(pass, sum, kernels.columnSums(sum, values, subtree, width, mode));
  }
}

/**
 * The operations that `sparseSums` needs for a gradient to which each row adds few entries; each of them
 * handles rows `from … to−1` in order.
 */
interface SparseRows {
  /** [R, width] floats where the entries that the rows have added to can wait. */
  readonly waiting: FloatArray;
  readonly width: number;
  /** Adds what the rows contribute. */
  add(sum: FloatArray, from: number, to: number): void;
  /** Moves the entries that the rows have added to from the sum to `waiting`, which leaves 0 in the sum. */
  setAside(sum: FloatArray, from: number, to: number): void;
  /** Adds the entries that wait to the sum again. */
  giveBack(sum: FloatArray, from: number, to: number): void;
}

/**
 * Leaves a gradient that each row adds to in few places, such as that of a table of which a row uses one
 * entry. At each node of the tree, the sum of the left shards waits elsewhere while the right ones are added
 * up: as a whole, if it is small, else only the entries that its rows have added to. All other entries are 0,
 * and adding 0 changes no bit, so the result has the bits of the tree over whole sums.
 */
export function sparseSums(pass: Pass, gradient: ParameterGradient, rows: SparseRows): void {
  for (const subtree of pass.subtrees) {
    const sum = gradient[subtree.block];
    if (pass.mode === 'start') sum.fill(0);
    addSubtree(pass.kernels, sum, subtree, rows);
  }
}

function addSubtree(
  kernels: Kernels,
  sum: FloatArray,
  { bounds, first, last }: ShardRows,
  rows: SparseRows,
): void {
  if (last - first === 1) {
    rows.add(sum, bounds[first], bounds[last]);
    return;
  }
  const middle = first + largestPowerOfTwoBelow(last - first);
  const [from, to] = [bounds[first], bounds[middle]];
  const room = rows.waiting.subarray(from * rows.width, to * rows.width);
  const whole = sum.length <= room.length;
  addSubtree(kernels, sum, { bounds, first, last: middle }, rows);
  if (whole) {
    room.set(sum);
    sum.fill(0);
  } else rows.setAside(sum, from, to);
  addSubtree(kernels, sum, { bounds, first: middle, last }, rows);
  if (whole) kernels.add(sum, room, sum.length);
  else rows.giveBack(sum, from, to);
}

/** Returns the largest power of two below n ≥ 2, which is how many of n shards the tree's left half takes. */
function largestPowerOfTwoBelow(n: number): number {
  return 2 ** (31 - Math.clz32(n - 1));
}

/**
 * Visits each shard of the subtrees by its rows `from … to−1`, for layers that compute statistics over a
 * shard.
 */
export function forEachShard({ subtrees }: Pass, visit: (from: number, to: number) => void): void {
  for (const { bounds, first, last } of subtrees) {
    for (let shard = first; shard < last; shard++) visit(bounds[shard], bounds[shard + 1]);
  }
}
