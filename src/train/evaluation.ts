import type { Subset } from '../data/dataset.js';
import type { Run } from '../parallel/shards.js';
import { type Context, divergence, evaluateRows, rowScore } from './context.js';
import { EVALUATION_BLOCK } from './memory.js';

export function evaluationBlocks({ rows }: Subset): number {
  return Math.ceil(rows.length / EVALUATION_BLOCK);
}

/** [Σ Div, score] of each block of a run of blocks: sums row by row within it; the blocks are summed in order, whoever computed them. */
export function evaluateBlocks(context: Context, subset: Subset, { first, last }: Run): Float64Array {
  const sums = new Float64Array(2 * (last - first));
  for (let block = first; block < last; block++) {
    const from = block * EVALUATION_BLOCK;
    const to = Math.min(from + EVALUATION_BLOCK, subset.rows.length);
    evaluateRows(context, subset, from, to);
    divergence(context, false);
    for (let row = 0; row < to - from; row++) {
      sums[2 * (block - first)] += context.workspace.rowLosses[row];
      sums[2 * (block - first) + 1] += rowScore(context, row);
    }
  }
  return sums;
}
