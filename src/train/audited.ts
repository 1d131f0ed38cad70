import type { IndexRange } from '../parallel/shards.js';
import { PURPOSE, Stream } from '../random.js';

const NONE: readonly number[] = [];

/**
 * Returns the shards of a range that are computed twice in a step: each with probability `audit`, drawn for
 * seed, step and shard alone, so that every thread finds the same and no other draw changes.
 */
export function auditedShards(
  { seed, audit }: { readonly seed: number; readonly audit: number },
  step: number,
  { first, last }: IndexRange,
): readonly number[] {
  if (audit === 0) return NONE;
  const stream = new Stream(seed, PURPOSE.audit, step);
  const draws = Array.from({ length: last }, () => stream.uniform());
  return [...draws.keys()].filter((shard) => shard >= first && draws[shard] < audit);
}
