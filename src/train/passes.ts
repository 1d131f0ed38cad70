/**
 * How a task's range of shards becomes passes over rows, and which pass leaves its sums in which gradient
 * block.
 */
import type { ShardRows, SumMode } from '../kernels/kernels.js';
import type { Subtree } from '../network/layer.js';
import { type Addition, alignedSubtrees, type IndexRange, remainingAdditions } from '../parallel/shards.js';

/** One pass over rows `from … to − 1` of the batch. */
export interface GradientPass {
  readonly from: number;
  readonly to: number;
  /** The shards that the rows belong to; `beginPass` writes their bounds within the pass. */
  readonly shards: ShardRows;
  /** The subtrees that receive the sums over the rows. */
  readonly subtrees: readonly Subtree[];
  /** Whether the pass begins its sums or adds to those of the pass before. */
  readonly mode: SumMode;
}

/** All passes of a task. */
export interface PassSequence {
  /** The first row of each shard in the batch. */
  readonly bounds: readonly number[];
  readonly passes: readonly GradientPass[];
  /** The blocks that hold the task's sums in the end, one for each aligned subtree of its range. */
  readonly roots: readonly number[];
  /** The block in which the sums of shard 0 would be; also the place of its loss, weight and score. */
  readonly offset: number;
  /** Additions between blocks that are left once the passes are done. */
  readonly additions: readonly Addition[];
}

/**
 * Returns the passes of a range of shards. A range that fits into `maxRows` is one pass, and the kernels sum
 * its subtrees. A longer one goes shard by shard, in pieces that each continue the shard's sum, and the
 * blocks are added up afterwards: the same additions in the same order.
 * @param ranges the range, in parts that are summed apart from each other
 * @param total shards of the batch
 * @param places where the bounds of the pass at hand will stand, and the block of shard 0
 */
export function passesOf(
  bounds: readonly number[],
  ranges: readonly IndexRange[],
  total: number,
  maxRows: number,
  places: { readonly bounds: Int32Array; readonly offset: number },
): PassSequence {
  const { offset } = places;
  const shardRows = ({ first, last }: IndexRange): ShardRows => ({ bounds: places.bounds, first, last });
  const subtree = (range: IndexRange): Subtree => ({ block: offset + range.first, ...shardRows(range) });
  const range = { first: ranges[0].first, last: ranges[ranges.length - 1].last };
  const subtrees = ranges.flatMap((part) => alignedSubtrees(part, total));
  const starts = subtrees.map(({ first }) => first);
  const roots = starts.map((shard) => offset + shard);
  const from = bounds[range.first];
  const to = bounds[range.last];
  if (to - from <= maxRows) {
    const pass: GradientPass = {
      from,
      to,
      shards: shardRows(range),
      subtrees: subtrees.map(subtree),
      mode: 'start',
    };
    return { bounds, passes: [pass], roots, offset, additions: [] };
  }
  const passes: GradientPass[] = [];
  const alone: number[] = [];
  for (let shard = range.first; shard < range.last; shard++) {
    alone.push(shard);
    const range = { first: shard, last: shard + 1 };
    for (let row = bounds[shard]; row < bounds[shard + 1]; row += maxRows) {
      passes.push({
        from: row,
        to: Math.min(row + maxRows, bounds[shard + 1]),
        shards: shardRows(range),
        subtrees: [subtree(range)],
        mode: row === bounds[shard] ? 'start' : 'continue',
      });
    }
  }
  const inRange = ({ from }: Addition) => alone.includes(from) && !starts.includes(from);
  const additions = remainingAdditions(alone, total)
    .filter(inRange)
    .map(({ into, from }) => ({ into: offset + into, from: offset + from }));
  return { bounds, passes, roots, offset, additions };
}
