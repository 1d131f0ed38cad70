/**
 * Shards, and the tree by which their results are summed. A batch is cut into a fixed number of shards,
 * numbered from 0. A worker gets a contiguous range of them and adds up the aligned subtrees inside its
 * range; the coordinator does the additions that are left. Together they are always the same additions in the
 * same order, for any number of workers.
 */

/** Items `first … last − 1`, such as the shards of a worker. */
export interface IndexRange {
  readonly first: number;
  readonly last: number;
}

/**
 * How batches are cut into shards. It follows from the configuration and the network, never from the machine.
 */
export interface Sharding {
  /** The most shards that a batch is cut into. */
  readonly shards: number;
  /**
   * The fewest rows of a shard, as far as the batch has so many; above 1 where a layer computes statistics
   * over the rows of a shard.
   */
  readonly shardRows: number;
}

/** Returns how many shards a batch of `rows` rows is cut into. */
export function shardCount(rows: number, { shards, shardRows }: Sharding): number {
  return Math.max(1, Math.min(shards, Math.floor(rows / shardRows)));
}

/**
 * Returns the most rows that a shard can have in a batch of at most `rows` rows. A batch of 2·shardRows − 1
 * rows is one shard, so a short last batch can have a longer shard than a full batch.
 */
export function longestShard(rows: number, sharding: Sharding): number {
  return Math.max(Math.ceil(rows / shardCount(rows, sharding)), Math.min(rows, 2 * sharding.shardRows - 1));
}

/**
 * Writes the first row of each shard into bounds[0 … shards]. Sizes differ by at most one row and the
 * larger shards come first, so in a batch with fewer rows than shards the empty ones are last. Returns how
 * many shards have rows.
 */
export function shardBounds(rows: number, shards: number, bounds: Int32Array | number[]): number {
  const size = Math.floor(rows / shards);
  const larger = rows % shards;
  for (let shard = 0; shard <= shards; shard++) bounds[shard] = shard * size + Math.min(shard, larger);
  return Math.min(rows, shards);
}

/**
 * Splits `count` items into at most `workers` contiguous ranges of nearly equal length, none of them empty.
 */
export function contiguousRanges(count: number, workers: number): IndexRange[] {
  const ranges = Math.max(1, Math.min(count, workers));
  return Array.from({ length: ranges }, (_, i) => ({
    first: Math.floor((i * count) / ranges),
    last: Math.floor(((i + 1) * count) / ranges),
  }));
}

/**
 * Splits a range of shards into the largest aligned subtrees of the tree over `total` shards. A subtree of
 * size 2^k begins at a multiple of 2^k, and is shorter only where the tree itself ends.
 */
export function alignedSubtrees({ first, last }: IndexRange, total: number): IndexRange[] {
  const subtrees: IndexRange[] = [];
  for (let start = first; start < last; start = subtrees[subtrees.length - 1].last) {
    let size = 1;
    while (start % (2 * size) === 0 && size < total && Math.min(start + 2 * size, total) <= last) size *= 2;
    subtrees.push({ first: start, last: Math.min(start + size, last) });
  }
  return subtrees;
}

/** One addition of the tree: the sum at shard `from` is added to the sum at shard `into`. */
export interface Addition {
  readonly into: number;
  readonly from: number;
}

/**
 * Returns the additions, in order, that complete the tree over `total` shards when the subtrees that begin
 * at `starts` are summed already.
 */
export function remainingAdditions(starts: readonly number[], total: number): Addition[] {
  const pending = new Set(starts);
  const additions: Addition[] = [];
  for (let stride = 1; stride < total; stride *= 2) {
    for (let into = 0; into + stride < total; into += 2 * stride) {
      if (pending.has(into + stride)) additions.push({ into, from: into + stride });
    }
  }
  return additions;
}

/** Returns the additions that complete the subtrees of some ranges when those of their parts are summed. */
export function additionsUpTo(
  ranges: readonly IndexRange[],
  parts: readonly IndexRange[],
  total: number,
): Addition[] {
  const whole = new Set(subtreeStarts(ranges, total));
  return remainingAdditions(subtreeStarts(parts, total), total).filter(({ from }) => !whole.has(from));
}

/** Returns the first shards of the subtrees of some ranges, in whose blocks their sums are. */
export const subtreeStarts = (ranges: readonly IndexRange[], total: number): number[] =>
  ranges.flatMap((range) => alignedSubtrees(range, total).map(({ first }) => first));

/**
 * Returns the additions that are left to the coordinator when each worker has summed the subtrees of its
 * range.
 */
export function additionsAfter(ranges: readonly IndexRange[], total: number): Addition[] {
  return remainingAdditions(subtreeStarts(ranges, total), total);
}
