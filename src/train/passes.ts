/** How a worker's run of shards becomes passes over rows, and which row sums each pass leaves in which slot. */
import type { ShardRows, SumMode } from '../kernels/kernels.js';
import type { Subtree } from '../network/layer.js';
import { alignedSubtrees, type Merge, type Run, remainingMerges } from '../parallel/shards.js';

export interface PassPlan {
  /** rows of the batch */
  readonly from: number;
  readonly to: number;
  /** the shards that the rows belong to; whoever executes the plan writes their bounds within the pass */
  readonly shards: ShardRows;
  readonly subtrees: readonly Subtree[];
  readonly mode: SumMode;
}

export interface PlannedRun {
  /** first row of each shard in the batch */
  readonly bounds: readonly number[];
  readonly passes: readonly PassPlan[];
  /** the slots that hold the run's sums in the end: its aligned subtrees */
  readonly roots: readonly number[];
  /** additions between slots once the passes are done */
  readonly merges: readonly Merge[];
}

/**
 * A run that fits in `maxRows` is one pass, its subtrees folded by the kernels. A longer one goes shard by shard, in
 * pieces that continue the shard's sum, and is folded afterwards: the same additions. `local` is where the executor of
 * the plan will place the bounds of the pass at hand.
 */
export function planRun(
  bounds: readonly number[],
  run: Run,
  total: number,
  maxRows: number,
  local: Int32Array,
): PlannedRun {
  const within = ({ first, last }: Run): ShardRows => ({ bounds: local, first, last });
  const summed = (run: Run): Subtree => ({ block: run.first, ...within(run) });
  const subtrees = alignedSubtrees(run, total);
  const from = bounds[run.first];
  const to = bounds[run.last];
  if (to - from <= maxRows) {
    return {
      bounds,
      passes: [{ from, to, shards: within(run), subtrees: subtrees.map(summed), mode: 'start' }],
      roots: subtrees.map(({ first }) => first),
      merges: [],
    };
  }
  const passes: PassPlan[] = [];
  const starts: number[] = [];
  for (let shard = run.first; shard < run.last; shard++) {
    starts.push(shard);
    const alone = { first: shard, last: shard + 1 };
    for (let row = bounds[shard]; row < bounds[shard + 1]; row += maxRows) {
      passes.push({
        from: row,
        to: Math.min(row + maxRows, bounds[shard + 1]),
        shards: within(alone),
        subtrees: [summed(alone)],
        mode: row === bounds[shard] ? 'start' : 'continue',
      });
    }
  }
  const roots = subtrees.map(({ first }) => first);
  const merges = remainingMerges(starts, total).filter(
    ({ from }) => starts.includes(from) && !roots.includes(from),
  );
  return { bounds, passes, roots, merges };
}

/** The additions left over when the workers have folded what lies in their runs. */
export function mergesAfter(runs: readonly Run[], shards: number): Merge[] {
  const starts = runs.flatMap((run) => alignedSubtrees(run, shards).map(({ first }) => first));
  return remainingMerges(starts, shards);
}
