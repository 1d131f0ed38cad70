/** How the work of a step is cut into tasks. */
import { type Addition, additionsAfter, contiguousRanges } from '../parallel/shards.js';
import type { AcrossRanks } from './acrossranks.js';
import { type LeftSums, updateSlices } from './slices.js';
import type { WorkerGradientTask, WorkerUpdateTask } from './tasks.js';

export interface Cut {
  /** The gradient tasks; none where this rank has no shard of a short batch. */
  readonly tasks: readonly WorkerGradientTask[];
  /** The additions that are left after those. */
  readonly additions: readonly Addition[];
  /** The updates of slices, which make those additions. */
  readonly updates: readonly WorkerUpdateTask[];
}

/** The updates of slices by a gradient that is summed: it stands in block 0. */
export const summedUpdates = (parameters: number, workers: number, across: AcrossRanks | null) =>
  updatesAfter({ shards: 1, gradientTasks: 1 }, parameters, workers, across);

/**
 * Cuts a batch of so many shards, and so many parameters, for the workers of this rank.
 * @param leaves what the gradient tasks leave
 */
export function cutOf(
  leaves: 'subtrees' | 'shards',
  shards: number,
  parameters: number,
  workers: number,
  across: AcrossRanks | null,
): Cut {
  const { first: begin, last: end } = across?.shardsOf(shards) ?? { first: 0, last: shards };
  const own = begin === end ? [] : contiguousRanges(end - begin, Math.max(1, workers));
  const ranges = own.map(({ first, last }) => ({ first: begin + first, last: begin + last }));
  const summed =
    leaves === 'shards' ? contiguousRanges(shards, shards) : (across?.rangesOf(shards) ?? ranges);
  return {
    tasks: ranges.map((range, workspace) => ({ kind: 'gradient', workspace, ...range, leaves })),
    additions: additionsAfter(summed, shards),
    updates: updatesAfter({ shards, gradientTasks: summed.length }, parameters, workers, across),
  };
}

function updatesAfter(
  left: LeftSums,
  parameters: number,
  workers: number,
  across: AcrossRanks | null,
): WorkerUpdateTask[] {
  const slice = across?.slice ?? { first: 0, last: parameters };
  if (slice.first === slice.last) return [];
  return updateSlices(slice, workers).map((range, workspace) => ({
    kind: 'update',
    workspace,
    ...range,
    ...left,
  }));
}
