/** How the work of a step is cut into tasks. */
import { type Addition, additionsAfter, contiguousRanges, type IndexRange } from '../parallel/shards.js';
import type { AcrossRanks } from './acrossranks.js';
import { updateSlices } from './slices.js';

export interface Cut {
  /** The shards of each gradient task; none where this rank has no shard of a short batch. */
  readonly ranges: readonly IndexRange[];
  /** The additions that are left after those. */
  readonly additions: readonly Addition[];
  /** All additions, where the gradient tasks leave each shard in its own block. */
  readonly allAdditions: readonly Addition[];
  /** The parameters of each update task. */
  readonly slices: readonly IndexRange[];
}

/** Cuts a batch of so many shards, and so many parameters, for the workers of this rank. */
export function cutOf(shards: number, workers: number, parameters: number, across: AcrossRanks | null): Cut {
  const { first: begin, last: end } = across?.shardsOf(shards) ?? { first: 0, last: shards };
  const own = begin === end ? [] : contiguousRanges(end - begin, Math.max(1, workers));
  const ranges = own.map(({ first, last }) => ({ first: begin + first, last: begin + last }));
  const slice = across?.slice ?? { first: 0, last: parameters };
  return {
    ranges,
    additions: additionsAfter(ranges, shards),
    allAdditions: additionsAfter(contiguousRanges(shards, shards), shards),
    slices: slice.first < slice.last ? updateSlices(slice, workers) : [],
  };
}
