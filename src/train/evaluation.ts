import type { Subset } from '../data/dataset.js';
import type { ForwardContext } from '../forward/context.js';
import { blockRows, type EvaluationSums, evaluateBlock, evaluationBlocks } from '../forward/evaluation.js';
import { predictedClass } from '../kernels/reference/scores.js';
import { outputWidth } from '../network/layer.js';
import type { IndexRange } from '../parallel/shards.js';
import type { TrainingMemory } from './memory.js';

/** Where an evaluation leaves what it finds: sums of each block, and predictions if a metric needs them. */
type Found = Pick<TrainingMemory, 'blockSums' | 'outputs' | 'predicted'>;

/**
 * Evaluates a range of a subset's blocks and leaves [Σ Div, score] of each in `blockSums`.
 * @param how whether the predictions for the rows are kept too, and what to call after each block
 */
export function evaluateBlocks(
  context: ForwardContext,
  subset: Subset,
  { first, last }: IndexRange,
  found: Found,
  how: { readonly kept: boolean; readonly progress: () => void },
): void {
  const { blockSums } = found;
  for (let block = first; block < last; block++) {
    const { loss, score } = evaluateBlock(context, subset, block);
    blockSums[2 * block] = loss;
    blockSums[2 * block + 1] = score;
    if (how.kept) keepPredictions(context, subset, block, found);
    how.progress();
  }
}

/** Keeps the predictions for a block's rows, which have just been through the network. */
function keepPredictions(
  { workspace: { network }, objective: { layers, fused, threshold }, pass }: ForwardContext,
  subset: Subset,
  block: number,
  { outputs, predicted }: Found,
): void {
  const { from, to } = blockRows(subset, block);
  const { output, arrays } = network;
  const N = outputWidth(layers);
  const y = outputs.subarray(from * N, to * N);
  if (fused) fused.forward(pass, { ...arrays[arrays.length - 1], x: output, y });
  else y.set(output.subarray(0, y.length));
  for (let row = from; row < to; row++) predicted[row] = predictedClass(output, row - from, N, threshold);
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
