/** The masks in a block, which take the first lanes of a vector. */
import type { InstructionSet } from './encoder.js';

/** Returns the floats of a vector. */
export const lanesOf = (instructions: InstructionSet): 8 | 16 => (instructions === 'avx512' ? 16 : 8);

/**
 * Writes the mask of the first `count` lanes at the byte offset `word`: a bit for each lane in AVX-512, a
 * number of 32 bits for each in AVX2.
 */
export function writeMask(words: Uint32Array, word: number, count: number, lanes: 8 | 16): void {
  if (lanes === 16) words[word / 4] = (1 << count) - 1;
  else for (let lane = 0; lane < lanes; lane++) words[word / 4 + lane] = lane < count ? 0xffffffff : 0;
}
