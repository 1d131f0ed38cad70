import type { Subset } from '../data/dataset.js';
import { backward } from '../network/network.js';
import { type Run, shardBounds, shardCount } from '../parallel/shards.js';
import { beginTraining, type Context, divergence, forwardRows, rowScore, weighRows } from './context.js';
import { type PassPlan, type PlannedRun, planRun } from './passes.js';

/** Shards `first … last-1` of the `rows` training rows that begin at `start` in the epoch's order. */
export interface ShardRun extends Run {
  readonly start: number;
  readonly rows: number;
  /** the step's number, of which its random draws are a function */
  readonly step: number;
}

/**
 * The gradient of a run of shards: Σ ∂Div/∂w over their rows, each times its weight, folded along the summation tree into the
 * slots of the run's aligned subtrees, with Σ Div, the weights and the score of each shard, and whether every sum of such gradients is finite. A pure
 * function of weights, order and run.
 */
export function computeGradient(context: Context, subset: Subset, run: ShardRun): void {
  const { memory, workspace, kernels, pass, lane } = context;
  const plan = plannedRun(context, run);
  lane?.begin();
  for (const piece of plan.passes) {
    const { from, to, shards, mode } = piece;
    beginPass(context, run, plan, piece);
    forwardRows(context, subset, memory.order, run.start + from, run.start + to);
    divergence(context, true);
    weighRows(context, subset, run.start + from);
    for (let shard = shards.first; shard < shards.last; shard++) sumRows(context, shard, mode === 'continue');
    lane?.lap('divergence');
    backward(pass, workspace.network);
    lane?.lap('backward');
  }
  for (const { into, from } of plan.merges) {
    kernels.add(memory.gradients[into], memory.gradients[from], memory.layout.length);
  }
  const bounded = plan.roots.every((slot) =>
    kernels.allFinite(memory.gradients[slot], memory.layout.length, 2 * context.cut.shards),
  );
  workspace.bounded[0] = Number(bounded);
  lane?.lap('fold');
}

/** Prepares the context for a pass in training. */
export function beginPass(context: Context, run: ShardRun, { bounds }: PlannedRun, piece: PassPlan): void {
  const { workspace, pass } = context;
  const { from, to, shards } = piece;
  for (let shard = shards.first; shard <= shards.last; shard++) {
    workspace.bounds[shard] = Math.min(Math.max(bounds[shard], from), to) - from; // counted from the pass's first row
  }
  pass.shards = shards;
  pass.subtrees = piece.subtrees;
  pass.mode = piece.mode;
  pass.firstRow = from;
  beginTraining(context, run.step);
}

/** Adds the losses, weights and scores of a shard's rows, in row order. */
function sumRows(context: Context, shard: number, continued: boolean): void {
  const { memory, workspace } = context;
  let loss = continued ? memory.shardLosses[shard] : 0;
  let weight = continued ? memory.shardWeights[shard] : 0;
  let score = continued ? memory.shardScores[shard] : 0;
  for (let row = workspace.bounds[shard]; row < workspace.bounds[shard + 1]; row++) {
    loss += workspace.rowLosses[row];
    weight += workspace.rowWeights[row];
    score += rowScore(context, row);
  }
  memory.shardLosses[shard] = loss;
  memory.shardWeights[shard] = weight;
  memory.shardScores[shard] = score;
}

/** Nearly every step has the same rows and run as the one before: plans are made once. */
export function plannedRun(
  { plans, cut, maxRows, workspace }: Context,
  { rows, first, last }: ShardRun,
): PlannedRun {
  const { shards } = cut;
  const key = (rows * (shards + 1) + first) * (shards + 1) + last;
  let plan = plans.get(key);
  if (!plan) {
    const bounds: number[] = [];
    const total = shardBounds(rows, shardCount(rows, cut), bounds);
    plan = planRun(bounds, { first, last }, total, maxRows, workspace.bounds);
    plans.set(key, plan);
  }
  return plan;
}
