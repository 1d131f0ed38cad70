/**
 * The update in slices, one for each worker. Each adds up its part of the shards' gradients along the tree
 * and steps its part of the weights, so that no worker waits while the coordinator goes over all parameters.
 * Element by element the additions and the step are those of an update in one piece.
 */
import type { PhaseTimer } from '../forward/timer.js';
import type { Kernels } from '../kernels/kernels.js';
import { STEPS } from '../kernels/steps.js';
import { updateAverage } from '../optim/averaging.js';
import { type Addition, additionsAfter, contiguousRanges, type IndexRange } from '../parallel/shards.js';
import { MOST_SCALARS, type TrainingMemory, type Workspace } from './memory.js';
import { runAndRepeat } from './repeated.js';
import { averageShareOf, readUpdate, type SlicedUpdate, updateNumberOf, writeStep } from './stepcells.js';

/** Thrown when a worker was lost in an update: the weights are then neither the old ones nor the new. */
export class UpdateLostError extends Error {
  override readonly name = 'UpdateLostError';
}

/** Into how many shards a batch was cut, and how many tasks have summed their gradients. */
export interface LeftSums {
  readonly shards: number;
  readonly gradientTasks: number;
}

/** The update of parameters `first … last − 1`, whole chunks except at the end. */
export interface UpdateTask extends IndexRange, LeftSums {}

/** Views of one chunk of the blocks that an update reads and writes. */
interface Chunk {
  readonly count: number;
  readonly weights: Float32Array;
  /** One for each shard. */
  readonly gradients: readonly Float32Array[];
  /** The chunk's parts of the groups of parameters. */
  readonly parts: readonly ChunkPart[];
  /** The last slot, in which averaging keeps the average; null where the rule keeps no slots at all. */
  readonly average: Float32Array | null;
}

/** Views of the parameters of a chunk that belong to one group. */
interface ChunkPart {
  /** The scalars of the group's kind. */
  readonly scalars: Float64Array;
  readonly weights: Float32Array;
  readonly gradients: readonly Float32Array[];
  /** null where the rule keeps no such slot. */
  readonly slots: readonly (Float32Array | null)[];
}

/** The memory, kernels and prepared views of an update task. */
export interface UpdateContext {
  readonly memory: TrainingMemory;
  readonly workspace: Workspace;
  readonly kernels: Kernels;
  readonly timer: PhaseTimer | null;
  /** What was prepared for the last slice, by shards and gradient tasks. */
  readonly slices: Map<number, Slice>;
}

/** What the updates of the same slice have in common. */
interface Slice extends IndexRange {
  /** The additions that complete the sums. */
  readonly additions: readonly Addition[];
  readonly chunks: readonly Chunk[];
  /**
   * What makes the whole update without an average as one call of machine code; null where it is more than
   * that, undefined before that is known.
   */
  oneCall: (() => void) | null | undefined;
}

/**
 * Floats that are summed, stepped and averaged at a time: the step finds in the L2 cache what the sum has
 * left there. Where the step is all there is to do, it goes over the whole slice at once.
 */
const CHUNK = 16384;
/** More than any number of gradient tasks, which makes a unique key of it and a number of shards. */
const KEY_BASE = 2048;

/** Splits parameters, all or a slice of them, into slices of whole chunks, at most one for each worker. */
export function updateSlices(parameters: number | IndexRange, workers: number): IndexRange[] {
  const { first: begin, last: end } =
    typeof parameters === 'number' ? { first: 0, last: parameters } : parameters;
  return contiguousRanges(Math.ceil((end - begin) / CHUNK), workers).map(({ first, last }) => ({
    first: begin + first * CHUNK,
    last: Math.min(begin + last * CHUNK, end),
  }));
}

/** Kernels that write the step which a rule makes to the memory instead of making it. */
export class StepRecorder implements Pick<Kernels, 'update'> {
  /** The kind of the groups whose step comes next. */
  kind = 0;
  /** Whether a rule has made a step. */
  made = false;

  constructor(private readonly memory: Pick<TrainingMemory, 'update' | 'stepScalars'>) {}

  update: Kernels['update'] = (name, _weights, _gradient, slots, _count, scalars) => {
    const { update, stepScalars } = this.memory;
    writeStep(update, name, slots);
    this.made = true;
    const first = this.kind * MOST_SCALARS;
    for (let i = 0; i < scalars.length; i++) stepScalars[first + i] = scalars[i];
  };
}

/**
 * Updates a slice of the parameters. Recomputing a gradient is harmless, but applying an update twice is not,
 * so the workspace remembers which update was begun, and which was finished.
 * @throws Error where a worker has begun this slice before and did not finish it
 */
export function updateSlice(context: UpdateContext, task: UpdateTask, progress: () => void = () => {}): void {
  const { memory, workspace, timer } = context;
  const number = updateNumberOf(memory.update);
  if (workspace.updates[0] === number) {
    throw new Error('a worker died while it was updating the parameters');
  }
  workspace.updates[0] = number;
  timer?.begin();
  const slice = sliceOf(context, task);
  if (slice.oneCall && averageShareOf(memory.update) === 0) {
    slice.oneCall();
    progress();
  } else updateChunks(context, slice, progress);
  workspace.updates[1] = number;
  timer?.lap('update');
}

/** Updates a slice chunk by chunk; a step of a single chunk that nothing goes with becomes one call. */
function updateChunks(context: UpdateContext, slice: Slice, progress: () => void): void {
  const { kernels, memory } = context;
  const update = readUpdate(memory.update);
  const { additions, chunks } = slice;
  if (slice.oneCall === undefined && chunks.length === 1 && additions.length <= 1 && update.share === 0) {
    const run = () => updateChunk(kernels, chunks[0], additions, update);
    const again = runAndRepeat([{ recordable: true, run }], kernels, null);
    slice.oneCall = again.isOneCall ? again.run : null;
    progress();
    return;
  }
  for (let i = 0; i < chunks.length; i++) {
    updateChunk(kernels, chunks[i], additions, update);
    progress();
  }
}

/** Completes the sums of a chunk's gradients, and steps its weights. */
function updateChunk(
  kernels: Kernels,
  { count, weights, gradients, parts, average }: Chunk,
  additions: readonly Addition[],
  { name, share }: SlicedUpdate,
): void {
  for (let i = 0; i < additions.length - 1; i++) {
    kernels.add(gradients[additions[i].into], gradients[additions[i].from], count);
  }
  // The last addition is at the root of the tree, in block 0, and goes with the step: one pass over memory.
  const root = additions.at(-1);
  for (let i = 0; i < parts.length; i++) {
    const { weights, gradients, slots, scalars } = parts[i];
    const addend = root ? gradients[root.from] : null;
    kernels.update(name, weights, gradients[0], slots, weights.length, scalars, addend);
  }
  if (average) updateAverage(kernels, average, weights, share);
}

/** Returns what is prepared for a slice. A rule makes the same step with the same slots each time. */
function sliceOf({ memory, slices }: UpdateContext, task: UpdateTask): Slice {
  const { first, last, shards, gradientTasks } = task;
  const key = shards * KEY_BASE + gradientTasks;
  let slice = slices.get(key);
  if (slice?.first !== first || slice.last !== last) {
    slice = newSlice(memory, task);
    slices.set(key, slice);
  }
  return slice;
}

function newSlice(memory: TrainingMemory, { first, last, shards, gradientTasks }: UpdateTask): Slice {
  const update = readUpdate(memory.update);
  const additions = additionsAfter(contiguousRanges(shards, gradientTasks), shards);
  const most = additions.length > 1 || update.share > 0 ? CHUNK : last - first;
  const chunks: Chunk[] = [];
  for (let start = first; start < last; start += most) {
    chunks.push(newChunk(memory, start, Math.min(start + most, last), update));
  }
  return { first, last, additions, chunks, oneCall: undefined };
}

function newChunk(
  { groups, ...memory }: TrainingMemory,
  start: number,
  end: number,
  { name, kept }: SlicedUpdate,
): Chunk {
  const here = groups.filter(({ first, last }) => first < end && last > start);
  const average = memory.slots.at(-1);
  return {
    count: end - start,
    weights: memory.weights.subarray(start, end),
    gradients: memory.gradients.map((block) => block.subarray(start, end)),
    parts: here.map(({ first, last, kind }) => {
      const part = (block: Float32Array) => block.subarray(Math.max(first, start), Math.min(last, end));
      return {
        scalars: memory.stepScalars.subarray(kind * MOST_SCALARS, kind * MOST_SCALARS + STEPS[name].length),
        weights: part(memory.weights),
        gradients: memory.gradients.map(part),
        slots: kept.map((isKept, slot) => (isKept ? part(memory.slots[slot]) : null)),
      };
    }),
    average: average?.subarray(start, end) ?? null,
  };
}
