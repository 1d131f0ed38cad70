import type { Subset } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import type { Run } from '../parallel/shards.js';
import { type Context, divergence, evaluateRows, rowScore } from './context.js';
import type { Metrics } from './events.js';
import { EVALUATION_BLOCK } from './memory.js';

export function evaluationBlocks({ rows }: Subset): number {
  return Math.ceil(rows.length / EVALUATION_BLOCK);
}

/**
 * Leaves [Σ Div, score] of each block of a run of blocks in `blockSums`, summed row by row: the coordinator
 * sums the blocks in order.
 */
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

/** The sums over all blocks, in order. */
export function blockTotals(sums: Float64Array, blocks: number): { loss: number; score: number } {
  let loss = 0;
  let score = 0;
  for (let block = 0; block < blocks; block++) {
    loss += sums[2 * block];
    score += sums[2 * block + 1];
  }
  return { loss, score };
}

/**
 * From sums to means: of the loss over what the rows count, which may be nothing yet, of the score over the
 * rows.
 */
export function means(
  { task, outputs }: Pick<TrainingData, 'task' | 'outputs'>,
  { loss, score, rows, weight }: { loss: number; score: number; rows: number; weight: number },
): Metrics {
  const mean = weight === 0 ? 0 : loss / weight;
  if (task === 'classification') return { loss: mean, accuracy: score / rows };
  return { loss: mean, rmse: Math.sqrt(score / (rows * outputs)) };
}
