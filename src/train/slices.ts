/**
 * The update in slices, one for each worker. Each adds up its part of the shards' gradients along the tree
 * and steps its part of the weights, so that no worker waits while the coordinator goes over all parameters.
 * Element by element the additions and the step are those of an update in one piece.
 */
import type { PhaseTimer } from '../forward/timer.js';
import type { Kernels } from '../kernels/kernels.js';
import type { StepName } from '../kernels/steps.js';
import { type Addition, additionsAfter, contiguousRanges, type IndexRange } from '../parallel/shards.js';
import type { TrainingMemory, Workspace } from './memory.js';

/** A rule's one step over all parameters, as numbers that a task can carry. */
export interface RecordedStep {
  readonly name: StepName;
  /** kept[i] says whether the rule keeps slot i of those that the step takes. */
  readonly kept: readonly boolean[];
  readonly scalars: readonly number[];
}

/** The update of parameters `first … last − 1`, whole chunks except at the end. */
export interface UpdateTask extends IndexRange {
  /** The number of the update. */
  readonly update: number;
  /** Shards of the batch. */
  readonly shards: number;
  /** Tasks in which the gradients of the shards were computed. */
  readonly gradientTasks: number;
  readonly step: RecordedStep;
}

/** Views of one chunk of the blocks that an update reads and writes. */
interface Chunk {
  readonly count: number;
  readonly weights: Float32Array;
  /** null where the rule keeps no such slot. */
  readonly slots: readonly (Float32Array | null)[];
  /** One for each shard. */
  readonly gradients: readonly Float32Array[];
}

/** The memory, kernels and prepared views of an update task. */
export interface UpdateContext {
  readonly memory: TrainingMemory;
  readonly workspace: Workspace;
  readonly kernels: Kernels;
  readonly timer: PhaseTimer | null;
  /** Views made so far, by the number of the chunk. */
  readonly chunks: Chunk[];
  /** The additions that sum the gradients, by shards and gradient tasks. */
  readonly additions: Map<number, readonly Addition[]>;
}

/**
 * Floats that are summed and then stepped at a time: the step finds in the L2 cache what the sum has left
 * there.
 */
const CHUNK = 16384;
/** More than any number of gradient tasks, which makes a unique key of it and a number of shards. */
const KEY_BASE = 2048;

/** Splits the parameters into slices of whole chunks, at most one for each worker. */
export function updateSlices(parameters: number, workers: number): IndexRange[] {
  return contiguousRanges(Math.ceil(parameters / CHUNK), workers).map(({ first, last }) => ({
    first: first * CHUNK,
    last: Math.min(last * CHUNK, parameters),
  }));
}

/** Kernels that record the step which a rule makes instead of making it. */
export class StepRecorder implements Pick<Kernels, 'update'> {
  recorded: RecordedStep | null = null;

  update: Kernels['update'] = (name, _weights, _gradient, slots, _count, scalars) => {
    this.recorded = { name, kept: slots.map((slot) => slot !== null), scalars };
  };
}

/**
 * Updates a slice of the parameters. Recomputing a gradient is harmless, but applying an update twice is not,
 * so the workspace remembers which update was begun.
 * @throws Error where a worker has begun this slice before and did not finish it
 */
export function updateSlice(context: UpdateContext, task: UpdateTask): void {
  const { kernels, workspace, timer } = context;
  const { update, first, last, step } = task;
  if (workspace.updates[0] === update) {
    throw new Error('a worker died while it was updating the parameters: go on from the last checkpoint');
  }
  workspace.updates[0] = update;
  timer?.begin();
  const additions = additionsOf(context, task);
  for (let start = first; start < last; start += CHUNK) {
    const { count, weights, slots, gradients } = chunkAt(context, start, step);
    for (const { into, from } of additions) kernels.add(gradients[into], gradients[from], count);
    kernels.update(step.name, weights, gradients[0], slots, count, step.scalars);
  }
  timer?.lap('update');
}

/** Returns the views of the chunk that begins at `start`. A rule keeps the same slots in every step. */
function chunkAt({ memory, chunks }: UpdateContext, start: number, { kept }: RecordedStep): Chunk {
  const index = start / CHUNK;
  if (!chunks[index]) {
    const part = (block: Float32Array) =>
      block.subarray(start, Math.min(start + CHUNK, memory.layout.length));
    const weights = part(memory.weights);
    chunks[index] = {
      count: weights.length,
      weights,
      slots: kept.map((isKept, slot) => (isKept ? part(memory.slots[slot]) : null)),
      gradients: memory.gradients.map(part),
    };
  }
  return chunks[index];
}

function additionsOf(
  { additions }: UpdateContext,
  { shards, gradientTasks }: UpdateTask,
): readonly Addition[] {
  const key = shards * KEY_BASE + gradientTasks;
  let found = additions.get(key);
  if (!found) {
    found = additionsAfter(contiguousRanges(shards, gradientTasks), shards);
    additions.set(key, found);
  }
  return found;
}
