/** A pass over rows: gathered from the dataset, sent through the network, compared with their targets. */
import type { Subset } from '../data/dataset.js';
import { gather } from '../data/gather.js';
import type { PreparedEncoding } from '../data/preparedencoding.js';
import type { ProblemType } from '../data/schema.js';
import { type Kernels, oneShard } from '../kernels/kernels.js';
import { outputWidth, type Pass, type SeenGradients } from '../network/layer.js';
import { forward, type Objective, targetWidthOf } from '../network/network.js';
import { kthSmallest, pointLevel, writeQuantileTargets } from '../network/quantiles.js';
import type { PhaseTimer } from './timer.js';
import { comparesOneHot, type ForwardWorkspace } from './workspace.js';

/** A bound network with what a pass over rows needs. */
export interface ForwardContext {
  readonly kernels: Kernels;
  readonly workspace: ForwardWorkspace;
  readonly objective: Objective;
  readonly problemType: ProblemType;
  readonly encoding: PreparedEncoding;
  readonly pass: Pass & { readonly seen: SeenGradients };
  /** The divergence's parameter in training, where a schedule changes it from step to step. */
  readonly training: { lossParameter: number };
  /** Times the phases of a pass; null when nobody asks. */
  readonly timer: PhaseTimer | null;
}

/** Creates a context whose next pass is an evaluation. */
export function createForwardContext(given: Omit<ForwardContext, 'pass' | 'training'>): ForwardContext {
  const pass: ForwardContext['pass'] = {
    kernels: given.kernels,
    rows: 0,
    shards: oneShard(0),
    subtrees: [],
    mode: 'start',
    seen: { arrays: [], most: 0 },
    training: false,
    key: new Uint32Array(2),
    firstRow: 0,
  };
  return { ...given, pass, training: { lossParameter: given.objective.parameter } };
}

/**
 * Gathers the rows `rows[from] … rows[to − 1]` of the dataset and computes the network's output for them. The
 * caller has set the pass's shards and whether it is in training.
 */
export function forwardRows(
  { workspace, encoding, kernels, pass, timer }: ForwardContext,
  { dataset, rows }: Subset,
  from: number,
  to: number,
): void {
  gather(workspace.network.input, workspace.targets, dataset, encoding, rows, from, to, kernels);
  timer?.lap('gather');
  pass.rows = to - from;
  forward(pass, workspace.network);
  timer?.lap('forward');
}

/** Computes the output for rows `from … to − 1` of a subset as one shard, without dropout and its like. */
export function evaluateRows(context: ForwardContext, subset: Subset, from: number, to: number): void {
  const { pass, workspace } = context;
  workspace.bounds[0] = 0;
  workspace.bounds[1] = to - from;
  pass.shards = { bounds: workspace.bounds, first: 0, last: 1 };
  pass.training = false;
  forwardRows(context, subset, from, to);
}

/**
 * Computes Div of each row into the workspace's `rowLosses`, and ∂Div/∂Y into the network's `outputGradient`
 * when the pass is differentiated.
 */
export function computeDivergence(context: ForwardContext, differentiated: boolean): void {
  const { kernels, objective, workspace, pass, problemType } = context;
  const { output, outputGradient, arrays } = workspace.network;
  const { divergence, fused } = objective;
  const parameter = pass.training ? context.training.lossParameter : objective.parameter;
  const N = outputWidth(objective.layers);
  const dy = differentiated ? outputGradient : null;
  kernels.divergence(
    divergence,
    workspace.rowLosses,
    dy,
    output,
    desired(context, N),
    pass.rows,
    N,
    parameter,
  );
  if (problemType === 'regression' && fused) {
    fused.forward(pass, { ...arrays[arrays.length - 1], x: output, y: workspace.predictions });
  }
}

/**
 * Adds the score of rows `from … to − 1` to `start`, row by row, after `computeDivergence`: 1 for each whose
 * class is right; or its squared error.
 */
export function addScores(context: ForwardContext, from: number, to: number, start: number): number {
  const { kernels, workspace, objective, problemType } = context;
  const { network, targets } = workspace;
  if (problemType === 'classification') {
    const N = outputWidth(objective.layers);
    return start + kernels.countRight(network.output, targets, from, to, N, objective.threshold);
  }
  let sum = start;
  for (let row = from; row < to; row++) sum += squaredError(context, row);
  return sum;
}

/**
 * Returns the squared error of one row in the target's own unit, of a prediction that is kept within the
 * range of the targets if the model keeps it there.
 */
function squaredError({ workspace, objective, encoding }: ForwardContext, row: number): number {
  const { network, targets, predictions } = workspace;
  const values = objective.fused ? predictions : network.output;
  const { targetShift, targetScale, targetMin, targetMax } = encoding;
  const width = targetWidthOf(objective);
  let sum = 0;
  for (let j = 0; j < width; j++) {
    const least = (targetMin[j] - targetShift[j]) * targetScale[j];
    const most = (targetMax[j] - targetShift[j]) * targetScale[j];
    const i = row * width + j;
    const value = Math.min(Math.max(pointPrediction(values, i, objective.levels), least), most);
    const error = (value - targets[i]) / targetScale[j];
    sum += error * error;
  }
  return sum;
}

/** Returns the value that is predicted for target i: its output, or the middle one of its quantiles. */
function pointPrediction(values: ArrayLike<number>, i: number, levels: readonly number[]): number {
  const Q = levels.length;
  return Q === 0 ? values[i] : kthSmallest(values, i * Q, Q, pointLevel(levels));
}

/** Returns the desired outputs as the divergence takes them. */
function desired({ objective, problemType, workspace, pass }: ForwardContext, N: number): Float32Array {
  const { targets, expanded } = workspace;
  const { levels } = objective;
  if (levels.length > 0) {
    writeQuantileTargets(expanded, targets, pass.rows, targetWidthOf(objective), levels);
    return expanded;
  }
  if (!comparesOneHot(objective, problemType)) return targets;
  expanded.fill(0, 0, pass.rows * N);
  for (let row = 0; row < pass.rows; row++) expanded[row * N + targets[row]] = 1;
  return expanded;
}
