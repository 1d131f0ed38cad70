/** Which rows belong to which shard, and what is summed over them. */

/**
 * Says which rows an operation takes: rows `bounds[s] … bounds[s+1]−1` belong to shard s, and the operation
 * takes shards `first … last−1`, none of them empty.
 */
export interface ShardRows {
  readonly bounds: Int32Array;
  readonly first: number;
  readonly last: number;
}

/** Returns rows 0 … R−1 as a single shard. */
export const oneShard = (R: number): ShardRows => ({ bounds: Int32Array.of(0, R), first: 0, last: 1 });

/**
 * Says how a sum over rows treats what its destination holds: `start` overwrites it, `continue` adds further
 * rows of a single shard to the sum begun there.
 */
export type SumMode = 'start' | 'continue';

/** Float64 arrays with a number for each shard: Σ Div over its rows, Σ of what they count, and a score. */
export interface ShardSums {
  readonly losses: Float64Array;
  readonly weights: Float64Array;
  readonly scores: Float64Array;
}
