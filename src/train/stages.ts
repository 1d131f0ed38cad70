/** The stages of a training pass, forward and backward, over some rows of a batch. */
import type { Subset } from '../data/dataset.js';
import { gatherInputs, gatherTargets } from '../data/gather.js';
import { addScores, computeDivergence, type ForwardContext } from '../forward/context.js';
import type { TaskPhase } from '../forward/timer.js';
import type { KernelStage } from '../kernels/kernels.js';
import { outputWidth } from '../network/layer.js';
import { backward, forward } from '../network/network.js';
import type { TrainingMemory, Workspace } from './memory.js';
import type { GradientPass, PassSequence } from './passes.js';
import { isWeighted, rowWeight, type Weighting } from './weighting.js';

/** A bound network with what a training pass needs beside the forward pass. */
export interface PassContext extends ForwardContext {
  readonly memory: TrainingMemory;
  readonly workspace: Workspace;
  /** The training data, its rows in the epoch's order. */
  readonly trainingRows: Subset;
  readonly weighting: Weighting;
}

/** A stage, and the phase that its time counts to. */
interface PassStage extends KernelStage {
  readonly phase: TaskPhase;
}

/**
 * Returns the stages of a pass in their order. The workspace's `origin` holds the batch's first row, and the
 * context the rest of what changes from step to step.
 */
export function stagesOf(
  context: PassContext,
  sequence: PassSequence,
  piece: GradientPass,
): readonly PassStage[] {
  const { workspace, kernels, pass, trainingRows, weighting, encoding, objective } = context;
  const { dataset, rows } = trainingRows;
  const { network, targets, origin } = workspace;
  const inMemory = dataset.stored === undefined;
  const ofClasses = objective.targets === 'class';
  // A schedule may change the parameter of the divergence from step to step, unless it is 0.
  const isFixed = objective.parameter === 0;
  const weighted = isWeighted(weighting, dataset);
  const first = () => origin[0] + piece.from;
  const end = () => origin[0] + piece.to;
  const stages: (PassStage | null)[] = [
    {
      phase: 'gather',
      recordable: inMemory,
      run: () => gatherInputs(network.input, dataset, encoding, rows, first(), end(), kernels, origin),
    },
    {
      phase: 'gather',
      recordable: true,
      run: () => gatherTargets(targets, dataset, encoding, rows, first(), end(), kernels, origin),
    },
    { phase: 'forward', recordable: network.passes.recordable, run: () => forward(pass, network) },
    { phase: 'divergence', recordable: ofClasses && isFixed, run: () => computeDivergence(context, true) },
    weighted ? { phase: 'divergence', recordable: false, run: () => weighRows(context, first()) } : null,
    {
      phase: 'divergence',
      recordable: ofClasses && !weighted,
      run: () => sumShards(context, sequence, piece, weighted),
    },
    { phase: 'backward', recordable: network.passes.recordable, run: () => backward(pass, network) },
  ];
  return stages.filter((stage) => stage !== null);
}

/**
 * Writes into the workspace's `rowWeights` what each row counts, and scales its Div and ∂Div/∂Y by that,
 * unless all rows count the same. A row that counts nothing adds exactly 0, even where its Div is not finite.
 * @param from the pass's first row in the epoch's order
 */
export function weighRows(context: PassContext, from: number): void {
  const { workspace, objective, weighting, pass, trainingRows } = context;
  const { dataset, rows } = trainingRows;
  const { rowLosses, rowWeights, targets, network } = workspace;
  if (!isWeighted(weighting, dataset)) return;
  const N = outputWidth(objective.layers);
  for (let row = 0; row < pass.rows; row++) {
    const weight = rowWeight(weighting, dataset, rows[from + row], targets[row]);
    rowWeights[row] = weight;
    rowLosses[row] = weight === 0 ? 0 : weight * rowLosses[row];
    for (let i = row * N; i < (row + 1) * N; i++) {
      network.outputGradient[i] = weight === 0 ? 0 : weight * network.outputGradient[i];
    }
  }
}

/** Adds up the losses, weights and scores of each shard's rows in row order. */
function sumShards(
  context: PassContext,
  { offset }: PassSequence,
  { shards, mode }: GradientPass,
  weighted: boolean,
): void {
  const { kernels, workspace, objective, problemType, memory } = context;
  const { rowLosses, rowWeights, targets, network, bounds } = workspace;
  const sums = { losses: memory.shardLosses, weights: memory.shardWeights, scores: memory.shardScores };
  const { losses, weights, scores } = sums;
  const N = outputWidth(objective.layers);
  const place = offset + shards.first;
  if (problemType === 'classification' && !weighted && mode === 'start') {
    if (kernels.tallyClasses?.(sums, place, rowLosses, network.output, targets, shards, N)) return;
  }
  for (let shard = shards.first; shard < shards.last; shard++) {
    const [from, to, at] = [bounds[shard], bounds[shard + 1], offset + shard];
    const begun = (array: Float64Array) => (mode === 'continue' ? array[at] : 0);
    losses[at] = kernels.sum(rowLosses, from, to, begun(losses));
    weights[at] = weighted ? kernels.sum(rowWeights, from, to, begun(weights)) : begun(weights) + to - from;
    scores[at] = addScores(context, from, to, begun(scores));
  }
}
