/** Rows through the network: what the gradient, evaluation and diagnosis of a run of rows have in common. */
import type { Subset } from '../data/dataset.js';
import { gather, type PreparedEncoding } from '../data/gather.js';
import type { ProblemType } from '../data/schema.js';
import type { Kernels } from '../kernels/kernels.js';
import type { Pass } from '../network/layer.js';
import { forward, type Objective } from '../network/network.js';
import type { Merge, ShardCut } from '../parallel/shards.js';
import { PURPOSE, threefry2x32 } from '../random.js';
import type { TrainingMemory, Workspace } from './memory.js';
import type { PlannedRun } from './passes.js';
import type { Lane } from './profile.js';
import { isWeighted, rowWeight, type Weighting } from './weighting.js';

/** Views of one chunk of the blocks that an update reads and writes, made once. */
export interface Chunk {
  readonly count: number;
  readonly weights: Float32Array;
  /** null: not kept */
  readonly slots: readonly (Float32Array | null)[];
  /** of each shard's block */
  readonly gradients: readonly Float32Array[];
}

/** A workspace with the kernels that work in it. */
export interface Context {
  readonly memory: TrainingMemory;
  readonly workspace: Workspace;
  readonly kernels: Kernels;
  /** null: nobody asks where the time goes */
  readonly lane: Lane | null;
  readonly objective: Objective;
  readonly task: ProblemType;
  readonly weighting: Weighting;
  readonly encoding: PreparedEncoding;
  readonly seed: number;
  /** how batches become shards */
  readonly cut: ShardCut;
  /** rows that a pass may have */
  readonly maxRows: number;
  readonly pass: Pass;
  /** how runs become passes, by rows and run */
  readonly plans: Map<number, PlannedRun>;
  /** views of the parameters chunk by chunk, and the additions that make a sum of them */
  readonly chunks: Chunk[];
  readonly sums: Map<number, readonly Merge[]>;
}

/** Turns on what acts in training only, with the random draws of this step. */
export function beginTraining({ pass, seed }: Context, step: number): void {
  pass.training = true;
  threefry2x32(seed >>> 0, Math.floor(seed / 2 ** 32) | (PURPOSE.step << 21), step, 0, pass.key);
}

/** Gathers rows `rows[from] … rows[to−1]` of the dataset and computes the network's output for them. */
export function forwardRows(
  context: Context,
  { dataset }: Pick<Subset, 'dataset'>,
  rows: Uint32Array,
  from: number,
  to: number,
): void {
  const { workspace, encoding, kernels, pass, lane } = context;
  gather(workspace.network.input, workspace.targets, dataset, encoding, rows, from, to, kernels);
  lane?.lap('gather');
  pass.rows = to - from;
  forward(pass, workspace.network);
  lane?.lap('forward');
}

/** The output for rows `from … to−1` of a subset as they are evaluated: all of them one shard, nothing that acts in training only. */
export function evaluateRows(context: Context, subset: Subset, from: number, to: number): void {
  const { pass, workspace } = context;
  workspace.bounds[0] = 0;
  workspace.bounds[1] = to - from;
  pass.shards = { bounds: workspace.bounds, first: 0, last: 1 };
  pass.training = false;
  forwardRows(context, subset, subset.rows, from, to);
}

/** Div of each row into the workspace's `rowLosses`, and ∂Div/∂Y beside it when the pass is differentiated. */
export function divergence(context: Context, differentiated: boolean): void {
  const { kernels, objective, workspace, pass, task } = context;
  const { output, outputGradient } = workspace.network;
  const N = outputs(objective);
  const d = desired(context, N);
  kernels.divergence(
    objective.divergence,
    workspace.rowLosses,
    differentiated ? outputGradient : null,
    output,
    d,
    pass.rows,
    N,
    objective.parameter,
  );
  if (task === 'regression' && objective.fused) {
    const last = workspace.network.arrays[workspace.network.arrays.length - 1];
    objective.fused.forward(pass, { ...last, x: output, y: workspace.spread });
  }
}

/**
 * Leaves in the workspace's `rowWeights` what each row counts, and scales its Div and ∂Div/∂Y by that; the rows of the pass
 * are those from `from` on in the order. A row that counts nothing adds exactly 0, even where its Div is not finite.
 */
export function weighRows(
  { memory, workspace, objective, weighting, pass }: Context,
  { dataset }: Subset,
  from: number,
): void {
  const { rowLosses, rowWeights, targets, network } = workspace;
  rowWeights.fill(1, 0, pass.rows);
  if (!isWeighted(weighting, dataset)) return;
  const N = outputs(objective);
  for (let row = 0; row < pass.rows; row++) {
    const weight = rowWeight(weighting, dataset, memory.order[from + row], targets[row]);
    rowWeights[row] = weight;
    rowLosses[row] = weight === 0 ? 0 : weight * rowLosses[row];
    for (let i = row * N; i < (row + 1) * N; i++) {
      network.outputGradient[i] = weight === 0 ? 0 : weight * network.outputGradient[i];
    }
  }
}

/** One row's part of the score: 1 if its class is right, else 0; or its squared error in the target's own unit. */
export function rowScore({ workspace, objective, task, encoding }: Context, row: number): number {
  const N = outputs(objective);
  const { network, targets, spread } = workspace;
  if (task === 'classification')
    return predictedClass(network.output, row, N, objective.threshold) === targets[row] ? 1 : 0;
  const values = objective.fused ? spread : network.output;
  let sum = 0;
  for (let j = 0; j < N; j++) {
    const error = (values[row * N + j] - targets[row * N + j]) / encoding.targetScale[j];
    sum += error * error;
  }
  return sum;
}

/** The class of the largest output, the first of equals; with a single output, class 1 from the threshold on. */
export function predictedClass(output: ArrayLike<number>, row: number, N: number, threshold: number): number {
  if (N === 1) return output[row] > threshold ? 1 : 0;
  let best = 0;
  for (let j = 1; j < N; j++) if (output[row * N + j] > output[row * N + best]) best = j;
  return best;
}

function outputs({ layers }: Objective): number {
  return layers[layers.length - 1].outputs;
}

/** The desired outputs as the divergence takes them: classes are spread to 0 and 1 where it wants values. */
function desired({ objective, task, workspace, pass }: Context, N: number): Float32Array {
  const { targets, spread } = workspace;
  if (objective.targets === 'class' || task === 'regression' || N === 1) return targets;
  spread.fill(0, 0, pass.rows * N);
  for (let row = 0; row < pass.rows; row++) spread[row * N + targets[row]] = 1;
  return spread;
}
