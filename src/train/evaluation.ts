import type { Subset } from '../data/dataset.js';
import type { ForwardContext } from '../forward/context.js';
import { type EvaluationSums, evaluateBlock, evaluationBlocks } from '../forward/evaluation.js';
import type { IndexRange } from '../parallel/shards.js';

/** Evaluates a range of a subset's blocks and leaves [Σ Div, score] of each in `blockSums`. */
export function evaluateBlocks(
  context: ForwardContext,
  subset: Subset,
  { first, last }: IndexRange,
  blockSums: Float64Array,
  progress: () => void = () => {},
): void {
  for (let block = first; block < last; block++) {
    const { loss, score } = evaluateBlock(context, subset, block);
    blockSums[2 * block] = loss;
    blockSums[2 * block + 1] = score;
    progress();
  }
}

/** Adds up the sums of a subset's blocks in their order, whoever computed them. */
export function totalBlocks(blockSums: Float64Array, subset: Subset): EvaluationSums {
  let loss = 0;
  let score = 0;
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    loss += blockSums[2 * block];
    score += blockSums[2 * block + 1];
  }
  return { loss, score };
}
