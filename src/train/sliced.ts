/**
 * The update in slices, one a worker: each sums its part of the shards' gradients along the tree and steps its part of the
 * weights, so that nobody waits for the coordinator to go over all parameters. The additions and the steps are those of the
 * update in one piece, element by element.
 */

import type { Kernels } from '../kernels/kernels.js';
import type { StepName } from '../kernels/steps.js';
import { contiguousRuns, type Merge, type Run } from '../parallel/shards.js';
import type { Chunk, Context } from './context.js';
import { mergesAfter } from './passes.js';

/** A rule's one step over all parameters, as numbers. */
export interface RecordedStep {
  readonly name: StepName;
  /** of each slot that the step takes, whether the rule keeps it */
  readonly slots: readonly boolean[];
  readonly scalars: readonly number[];
}

/** Parameters `first … last-1`, whole chunks but for the end. */
export interface UpdateSlice extends Run {
  /** counts updates */
  readonly id: number;
  /** the batch's shards, and the number of runs that they were computed in */
  readonly shards: number;
  readonly runs: number;
  readonly step: RecordedStep;
}

/** Floats that are summed and stepped at a time: the second finds in the L2 cache what the first has left there. */
const CHUNK = 16384;

/** Cuts the parameters into slices of whole chunks, at most one for each worker. */
export function updateSlices(parameters: number, workers: number): Run[] {
  return contiguousRuns(Math.ceil(parameters / CHUNK), workers).map(({ first, last }) => ({
    first: first * CHUNK,
    last: Math.min(last * CHUNK, parameters),
  }));
}

/** Kernels that note the step a rule makes instead of making it. */
export class StepRecorder implements Pick<Kernels, 'update'> {
  recorded: RecordedStep | null = null;

  update: Kernels['update'] = (name, _weights, _gradient, slots, _count, scalars) => {
    this.recorded = { name, slots: slots.map((slot) => slot !== null), scalars };
  };
}

/**
 * Makes a slice of the update. A gradient may be computed twice, an update may not.
 * @throws Error where a worker has begun with this slice before and did not come to its end
 */
export function updateSlice(context: Context, { id, first, last, shards, runs, step }: UpdateSlice): void {
  const { kernels, workspace, lane } = context;
  if (workspace.updates[0] === id) {
    throw new Error('a worker died while it was updating the parameters: go on from the last checkpoint');
  }
  workspace.updates[0] = id;
  lane?.begin();
  const additions = additionsAfter(context, shards, runs);
  for (let at = first; at < last; at += CHUNK) {
    const { count, weights, slots, gradients } = chunkAt(context, at, step);
    for (const { into, from } of additions) kernels.add(gradients[into], gradients[from], count);
    kernels.update(step.name, weights, gradients[0], slots, count, step.scalars);
  }
  lane?.lap('update');
}

/** The slots that a rule keeps are the same in every step. */
function chunkAt({ memory, chunks }: Context, at: number, step: RecordedStep): Chunk {
  const made = chunks[at / CHUNK];
  if (made) return made;
  const of = (block: Float32Array) => block.subarray(at, Math.min(at + CHUNK, memory.layout.length));
  const weights = of(memory.weights);
  const chunk = {
    count: weights.length,
    weights,
    slots: step.slots.map((kept, index) => (kept ? of(memory.slots[index]) : null)),
    gradients: memory.gradients.map(of),
  };
  chunks[at / CHUNK] = chunk;
  return chunk;
}

function additionsAfter({ sums }: Context, shards: number, runs: number): readonly Merge[] {
  const key = shards * 2048 + runs;
  const additions = sums.get(key) ?? mergesAfter(contiguousRuns(shards, runs), shards);
  sums.set(key, additions);
  return additions;
}
