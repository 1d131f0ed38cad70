/**
 * Shards and the tree by which their results are summed. A batch is cut into a fixed number of shards; a
 * worker gets a contiguous run of them and may fold the aligned subtrees inside its run; the additions left
 * over are the coordinator's. Together they are always the same additions, whatever the number of workers.
 */

/** Shards `first … last-1`. */
export interface Run {
  readonly first: number;
  readonly last: number;
}

/** How batches are cut: it follows from the configuration and the network, never from the machine. */
export interface ShardCut {
  /** shards of a batch, at most */
  readonly shards: number;
  /**
   * rows of a shard, at least, where the batch has so many; more than 1 where a layer takes its statistics
   * over a shard
   */
  readonly shardRows: number;
}

/** How many shards a batch of so many rows is cut into: the one place that says it. */
export function shardCount(rows: number, { shards, shardRows }: ShardCut): number {
  return Math.max(1, Math.min(shards, Math.floor(rows / shardRows)));
}

/**
 * The most rows that a shard has in a batch of at most so many rows: a short batch can have longer shards
 * than a full one.
 */
export function longestShard(rows: number, cut: ShardCut): number {
  return Math.max(Math.ceil(rows / shardCount(rows, cut)), Math.min(rows, 2 * cut.shardRows - 1));
}

/**
 * Writes the first row of each shard into bounds[0 … shards]; sizes differ by one at most and the larger come
 * first, so shards without rows (a short batch) are the last ones. Returns how many shards have rows.
 */
export function shardBounds(rows: number, shards: number, bounds: Int32Array | number[]): number {
  const size = Math.floor(rows / shards);
  const larger = rows % shards;
  for (let shard = 0; shard <= shards; shard++) bounds[shard] = shard * size + Math.min(shard, larger);
  return Math.min(rows, shards);
}

/** Cuts `count` items into at most `workers` contiguous runs of nearly equal length, none empty. */
export function contiguousRuns(count: number, workers: number): Run[] {
  const runs = Math.max(1, Math.min(count, workers));
  return Array.from({ length: runs }, (_, i) => ({
    first: Math.floor((i * count) / runs),
    last: Math.floor(((i + 1) * count) / runs),
  }));
}

/**
 * The largest aligned subtrees that make up a run, of a tree over `total` shards: a subtree of size 2^k
 * begins at a multiple of 2^k and is cut short only where the tree itself ends.
 */
export function alignedSubtrees({ first, last }: Run, total: number): Run[] {
  const subtrees: Run[] = [];
  for (let start = first; start < last; start = subtrees[subtrees.length - 1].last) {
    let size = 1;
    while (start % (2 * size) === 0 && size < total && Math.min(start + 2 * size, total) <= last) size *= 2;
    subtrees.push({ first: start, last: Math.min(start + size, last) });
  }
  return subtrees;
}

/** One addition of the tree: node `from` is added into node `into`; a node is named by its first shard. */
export interface Merge {
  readonly into: number;
  readonly from: number;
}

/**
 * The additions, in order, that complete a tree over `total` shards in which the subtrees beginning at
 * `starts` are done.
 */
export function remainingMerges(starts: readonly number[], total: number): Merge[] {
  const pending = new Set(starts);
  const merges: Merge[] = [];
  for (let stride = 1; stride < total; stride *= 2) {
    for (let into = 0; into + stride < total; into += 2 * stride) {
      if (pending.has(into + stride)) merges.push({ into, from: into + stride });
    }
  }
  return merges;
}
