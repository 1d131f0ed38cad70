/** Whether the gradients of a task leave room for what an update makes of them. */
import type { FloatArray, Kernels } from '../kernels/kernels.js';

/**
 * A gradient below 1e18, as every sound one is, leaves room for what an update makes of it: its square is
 * finite too, and so is its product with a rate. The stepper looks at what larger ones have led to.
 */
export const CALM = 2 ** 60;

/** What no magnitude in some gradients exceeds, as the kernels have said. */
export type Seen = ReadonlyMap<FloatArray, number>;

/**
 * Returns a function that says whether `headroom` times every value of these gradient blocks is finite.
 * Kernels have seen the largest magnitude of some of their arrays already, so only what lies between those is
 * looked at.
 */
export function boundedBlocks(
  kernels: Kernels,
  blocks: readonly Float32Array[],
): (seen: Seen, headroom: number) => boolean {
  let known: readonly FloatArray[] = [];
  let unseen: readonly Float32Array[] = blocks;
  return (seen, headroom) => {
    // Nearly always the kernels have seen the same arrays as the last time.
    if (seen.size !== known.length || !known.every((array) => seen.has(array))) {
      known = [...seen.keys()];
      unseen = blocks.flatMap((block) => remainder(block, known));
    }
    for (const most of seen.values()) if (!Number.isFinite(Math.fround(headroom * most))) return false;
    return unseen.every((part) => kernels.allFinite(part, part.length, headroom));
  };
}

/** Returns the parts of a block that lie outside the arrays. */
function remainder(block: Float32Array, arrays: readonly FloatArray[]): Float32Array[] {
  const inside = arrays
    .filter(({ buffer, byteOffset }) => buffer === block.buffer && within(block, byteOffset))
    .sort((a, b) => a.byteOffset - b.byteOffset);
  const parts: Float32Array[] = [];
  let from = 0;
  for (const array of inside) {
    const first = (array.byteOffset - block.byteOffset) / 4;
    if (first > from) parts.push(block.subarray(from, first));
    from = first + array.length;
  }
  if (from < block.length) parts.push(block.subarray(from));
  return parts;
}

const within = ({ byteOffset, byteLength }: Float32Array, place: number): boolean =>
  place >= byteOffset && place < byteOffset + byteLength;
