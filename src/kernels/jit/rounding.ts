/** Runs the rounding to bfloat16 that machine code has: it fills the argument block and calls. */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { ROUND, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import { countVectors } from './update.js';

/** What is added, to which the lowest bit that stays is added, and the bits that stay. */
const CONSTANTS = [0x7fff, 1, 0xffff0000] as const;

/**
 * Returns the rounding on a shared memory, for the calling thread.
 * @param block the address of the instance's scratch memory, which is at the byte offset `scratch`
 */
export function machineRounding(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  block: number,
  callable: (address: number) => (block: number) => void,
): NonNullable<Products['round']> {
  const words = new Uint32Array(memory.buffer, scratch, WORD.one / 4);
  const round = callable(code.round);
  return (to, from, count) => {
    words[ROUND.from / 4] = from;
    words[ROUND.to / 4] = to;
    words.set(CONSTANTS, ROUND.constants / 4);
    countVectors(words, code.instructions, count);
    round(block);
  };
}
