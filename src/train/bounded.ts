/** Whether the gradients of a task leave room for what an update makes of them. */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import type { SeenGradients } from '../network/layer.js';

/**
 * A gradient below 1e18, as every sound one is, leaves room for what an update makes of it: its square is
 * finite too, and so is its product with a rate. The stepper looks at what larger ones have led to.
 */
export const CALM = 2 ** 60;

/**
 * Returns a function that says whether `headroom` times every value of these gradient blocks is finite.
 * Kernels have seen the largest magnitude of some of their arrays already, so only what lies between those is
 * looked at.
 */
export function boundedBlocks(
  kernels: Kernels,
  blocks: readonly Float32Array[],
): (seen: SeenGradients, headroom: number) => boolean {
  let known: readonly FloatArray[] = [];
  let unseen: readonly Float32Array[] = blocks;
  return ({ arrays, most }, headroom) => {
    // Nearly always the kernels have seen the same arrays as the last time.
    if (!areSame(arrays, known)) unseen = blocks.flatMap((block) => remainder(block, arrays));
    known = arrays;
    if (!Number.isFinite(Math.fround(headroom * most))) return false;
    for (let i = 0; i < unseen.length; i++) {
      if (!kernels.allFinite(unseen[i], unseen[i].length, headroom)) return false;
    }
    return true;
  };
}

const areSame = (arrays: readonly FloatArray[], others: readonly FloatArray[]): boolean =>
  arrays === others || (arrays.length === others.length && arrays.every((array, i) => array === others[i]));

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
