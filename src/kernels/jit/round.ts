/** Rounds float32 numbers to bfloat16 that are stored as float32, to nearest, ties to even; NaN stays NaN. */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { ROUND, STEP, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import { enter, leave } from './convention.js';
import { at, type Label, RAX, RBX, RCX, RDI } from './encoder.js';
import { forVectors } from './step.js';
import { countVectors } from './update.js';

/** What is added, to which the lowest bit that stays is added, and the bits that stay. */
const CONSTANTS = [0x7fff, 1, 0xffff0000] as const;

/** Writes the function; returns where it begins. */
export function writeRound(code: Assembler): Label {
  const [BELOW_HALF, LOWEST, UPPER] = [0, 1, 2];
  code.align();
  const entry = code.here();
  enter(code, RDI);
  loadBase(code);
  loadPointer(code, RBX, ROUND.from);
  loadPointer(code, RCX, ROUND.to);
  for (const constant of [BELOW_HALF, LOWEST, UPPER])
    code.vbroadcast(constant, at(RDI, ROUND.constants + 4 * constant));
  forVectors(code, (ahead, masked) => {
    const [number, odd, found] = [0, 1, 2].map((register) => 3 + 3 * ahead + register);
    const [from, to] = [RBX, RCX].map((base) => at(base, ahead * code.vectorBytes, RAX));
    if (masked) code.vloadMasked(number, from);
    else code.vload(number, from);
    code.vfindNaN(found, number);
    code.vshiftRight(odd, number, 16);
    code.vand(odd, odd, LOWEST);
    code.vaddWhole(odd, odd, BELOW_HALF);
    code.vaddWhole(number, number, odd);
    code.vfillFound(number, found);
    code.vand(number, number, UPPER);
    // With AVX-512, the mask told which lanes are NaN.
    if (masked) code.setMask(at(RDI, STEP.mask));
    if (masked) code.vstoreMasked(to, number);
    else code.vstore(to, number);
  });
  leave(code);
  return entry;
}

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
