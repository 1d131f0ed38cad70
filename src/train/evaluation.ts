import type { Subset } from '../data/dataset.js';
import type { Run } from '../parallel/shards.js';
import { type Context, divergence, evaluateRows, rowScore } from './context.js';
import { EVALUATION_BLOCK } from './memory.js';

export function evaluationBlocks({ rows }: Subset): number {
  return Math.ceil(rows.length / EVALUATION_BLOCK);
}

/** Leaves [Σ Div, score] of each block of a run of blocks in `blockSums`, summed row by row: the coordinator sums the blocks in order. */
export function evaluateBlocks(context: Context, subset: Subset, { first, last }: Run): void {
  const sums = context.memory.blockSums;
  for (let block = first; block < last; block++) {
    const from = block * EVALUATION_BLOCK;
    const to = Math.min(from + EVALUATION_BLOCK, subset.rows.length);
    evaluateRows(context, subset, from, to);
    divergence(context, false);
    let loss = 0;
    let score = 0;
    for (let row = 0; row < to - from; row++) {
      loss += context.workspace.rowLosses[row];
      score += rowScore(context, row);
    }
    sums[2 * block] = loss;
    sums[2 * block + 1] = score;
  }
}
