import type { IndexRange } from '../parallel/shards.js';
import { PURPOSE, Stream } from '../random.js';
import type { TrainingMemory } from './memory.js';

/**
 * Whether the shards of a step are computed twice: each step with probability `audit`, drawn for seed and
 * step alone, so that no other draw changes. All shards of a step are audited together, because only then
 * have all workers the same to do, and a share of the steps costs that share of the time.
 */
export const isAudited = (
  { seed, audit }: { readonly seed: number; readonly audit: number },
  step: number,
): boolean => audit > 0 && new Stream(seed, PURPOSE.audit, step).uniform() < audit;

/** Whether the second computation of some shards has left the bits of the first: gradients and sums. */
export function leavesSameBits(memory: TrainingMemory, { first, last }: IndexRange): boolean {
  for (let shard = first; shard < last; shard++) {
    const [one, other] = [shard, memory.secondBlocks + shard].map((place) => leftAt(memory, place));
    if (!bytesOf(one.gradient).equals(bytesOf(other.gradient))) return false;
    if (!one.sums.every((sum, i) => Object.is(sum, other.sums[i]))) return false;
  }
  return true;
}

/** What a computation of a shard has left. */
export interface Left {
  readonly gradient: Float32Array;
  /** Loss, weight and score. */
  readonly sums: readonly number[];
}

/** Returns what stands in a gradient block, and in the same place of the sums. */
export const leftAt = (
  { gradients, shardLosses, shardWeights, shardScores }: TrainingMemory,
  place: number,
): Left => ({
  gradient: gradients[place],
  sums: [shardLosses[place], shardWeights[place], shardScores[place]],
});

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
