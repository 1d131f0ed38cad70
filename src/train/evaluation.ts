import type { Subset } from '../data/dataset.js';
import type { Run } from '../parallel/shards.js';
import { type Context, divergence, forwardRows, rowScore } from './context.js';

/** Rows of a block: sums are taken row by row within it, then over the blocks in order, whoever computed them. */
export const EVALUATION_BLOCK = 256;

export function evaluationBlocks({ rows }: Subset): number {
  return Math.ceil(rows.length / EVALUATION_BLOCK);
}

/** [Σ Div, score] of each block of a run of blocks. */
export function evaluateBlocks(context: Context, subset: Subset, { first, last }: Run): Float64Array {
  context.pass.training = false;
  const sums = new Float64Array(2 * (last - first));
  for (let block = first; block < last; block++) {
    const end = Math.min((block + 1) * EVALUATION_BLOCK, subset.rows.length);
    for (let from = block * EVALUATION_BLOCK; from < end; from += context.maxRows) {
      const to = Math.min(from + context.maxRows, end);
      forwardRows(context, subset, subset.rows, from, to);
      divergence(context, false);
      for (let row = 0; row < to - from; row++) {
        sums[2 * (block - first)] += context.workspace.rowLosses[row];
        sums[2 * (block - first) + 1] += rowScore(context, row);
      }
    }
  }
  return sums;
}
