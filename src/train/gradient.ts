import type { TaskPhase } from '../forward/timer.js';
import type { KernelStage } from '../kernels/kernels.js';
import type { SeenGradients } from '../network/layer.js';
import {
  contiguousRanges,
  type IndexRange,
  type Sharding,
  shardBounds,
  shardCount,
} from '../parallel/shards.js';
import { PURPOSE, streamKey } from '../random.js';
import { leavesSameBits } from './audited.js';
import { boundedBlocks, CALM } from './bounded.js';
import { addBlocks } from './memory.js';
import { type GradientPass, type PassSequence, passesOf } from './passes.js';
import { type Repeated, runAndRepeat } from './repeated.js';
import { type PassContext, stagesOf } from './stages.js';
import { type BatchPass, batchRowsOf, firstRowOf, readBatch } from './stepcells.js';

/**
 * What a task leaves in the gradient blocks:
 *   subtrees  the sums of the aligned subtrees of its range
 *   shards    the sum of each shard, in the shard's own block
 *   again     the same in a second set of blocks, to be compared with the first
 */
export const LEAVES = ['subtrees', 'shards', 'again'] as const;

/** The gradient of shards `first … last − 1` of the batch in memory. */
export interface GradientTask extends IndexRange {
  readonly leaves: (typeof LEAVES)[number];
}

/** What a gradient task needs beside a pass. */
export interface GradientContext extends PassContext {
  readonly seed: number;
  readonly sharding: Sharding;
  /** Rows of a pass, at most. */
  readonly maxRows: number;
  /** What was prepared for each task seen so far, by its rows, its range and what it leaves. */
  readonly prepared: Map<number, PreparedTask>;
}

/** Stages of a pass. */
interface PassPart {
  readonly phase: TaskPhase;
  readonly stages: readonly KernelStage[];
  /** What runs them when they have been run. */
  again: Repeated | null;
}

/** What all tasks of the same size and range have in common. */
interface PreparedTask {
  readonly sequence: PassSequence;
  /** What each pass is made of: all its stages in one part, unless phases are timed. */
  readonly parts: readonly (readonly PassPart[])[];
  /** What makes the whole task, once it is known to be one call of machine code. */
  oneCall: (() => void) | null;
  /** Whether the sums that the task leaves are bounded. */
  readonly isBounded: ReturnType<typeof boundedBlocks>;
}

/**
 * Computes the gradient of a range of shards, Σ w·∂Div/∂θ over their rows with w what a row counts, and
 * leaves it summed along the tree in the blocks of the range's aligned subtrees, beside Σ w·Div, Σ w and the
 * score of each shard. It is a pure function of weights, order and task, so it may be computed again.
 */
export function computeGradient(
  context: GradientContext,
  task: GradientTask,
  progress: () => void = () => {},
): void {
  const { memory, workspace, pass } = context;
  const prepared = prepareTask(context, task, batchRowsOf(memory.batch));
  workspace.origin[0] = firstRowOf(memory.batch);
  if (prepared.oneCall) {
    prepared.oneCall();
    progress();
  } else makePasses(context, prepared, progress);
  if (task.leaves === 'again') workspace.differs[0] = Number(!leavesSameBits(memory, task));
  else {
    // The tree adds at most one value of each shard: a sum stays finite if this many times each value does.
    const headroom = 2 * context.sharding.shards * CALM;
    workspace.bounded[0] = Number(prepared.isBounded(pass.seen, headroom));
  }
  context.timer?.lap('sum');
}

/** Makes the passes of a task, and the additions that are left then. */
function makePasses(context: GradientContext, prepared: PreparedTask, progress: () => void): void {
  const { memory, kernels, pass, timer } = context;
  const { passes, additions } = prepared.sequence;
  const batch = readBatch(memory.batch);
  timer?.begin();
  forget(pass.seen);
  for (const [i, parts] of prepared.parts.entries()) {
    beginPass(context, batch, prepared.sequence, passes[i]);
    for (const part of parts) {
      if (part.again) part.again.run();
      else part.again = runAndRepeat(part.stages, passes.length === 1 ? kernels : NO_RECORDING, pass.seen);
      timer?.lap(part.phase);
    }
    progress();
  }
  if (additions.length > 0) {
    addBlocks(kernels, memory, additions);
    forget(pass.seen); // additions change what the kernels have seen
  }
  if (passes.length > 1 || additions.length > 0) return;
  const [parts] = prepared.parts;
  if (parts.length === 1 && parts[0].again!.isOneCall) prepared.oneCall = parts[0].again!.run;
}

/** A recording takes memory, so it is not for the many passes over a batch that is too long for one. */
const NO_RECORDING = {};

function forget(seen: SeenGradients): void {
  seen.arrays = [];
  seen.most = 0;
}

/** Prepares the context for one training pass. */
export function beginPass(
  { workspace, pass, seed, training }: GradientContext,
  { step, dropoutFactor, lossParameter }: BatchPass,
  { bounds }: PassSequence,
  { from, to, shards, subtrees, mode }: GradientPass,
): void {
  for (let shard = shards.first; shard <= shards.last; shard++) {
    // Bounds count from the pass's first row.
    workspace.bounds[shard] = Math.min(Math.max(bounds[shard], from), to) - from;
  }
  pass.rows = to - from;
  pass.shards = shards;
  pass.subtrees = subtrees;
  pass.mode = mode;
  pass.firstRow = from;
  pass.training = true;
  pass.dropoutFactor = dropoutFactor;
  training.lossParameter = lossParameter;
  // Passes that can be recorded draw nothing.
  if (!workspace.network.passes.recordable) streamKey(seed, PURPOSE.step, step, pass.key);
}

/**
 * Returns what is prepared for a task, made when a task of such a range is first seen.
 * @param rows rows of the batch
 */
export function prepareTask(context: GradientContext, task: GradientTask, rows: number): PreparedTask {
  const { prepared, sharding } = context;
  const { first, last, leaves } = task;
  const { shards } = sharding;
  const key = ((rows * (shards + 1) + first) * (shards + 1) + last) * LEAVES.length + LEAVES.indexOf(leaves);
  let found = prepared.get(key);
  if (!found) {
    found = newTask(context, newPasses(context, task, rows));
    prepared.set(key, found);
  }
  return found;
}

function newTask(context: GradientContext, sequence: PassSequence): PreparedTask {
  const { kernels, memory, timer } = context;
  const blocks = sequence.roots.map((block) => memory.gradients[block]);
  return {
    sequence,
    parts: sequence.passes.map((piece) => {
      const stages = stagesOf(context, sequence, piece);
      // Where phases are timed, each is made by itself.
      const timed = timer ? [...new Set(stages.map(({ phase }) => phase))] : null;
      const groups = timed?.map((phase) => stages.filter((stage) => stage.phase === phase)) ?? [stages];
      return groups.map((group) => ({ phase: group[0].phase, stages: group, again: null }));
    }),
    oneCall: null,
    isBounded: boundedBlocks(kernels, blocks),
  };
}

function newPasses(
  { sharding, maxRows, workspace, memory }: GradientContext,
  { first, last, leaves }: GradientTask,
  rows: number,
): PassSequence {
  const bounds: number[] = [];
  const total = shardBounds(rows, shardCount(rows, sharding), bounds);
  const parts = contiguousRanges(last - first, leaves === 'subtrees' ? 1 : last - first);
  const ranges = parts.map((part) => ({ first: first + part.first, last: first + part.last }));
  const offset = leaves === 'again' ? memory.secondBlocks : 0;
  return passesOf(bounds, ranges, total, maxRows, { bounds: workspace.bounds, offset });
}
