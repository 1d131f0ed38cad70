/** Rounds float32 numbers to bfloat16 that are stored as float32, to nearest, ties to even; NaN stays NaN. */
import { loadBase, loadPointer } from './affine.js';
import type { Assembler } from './assembler.js';
import { ROUND, STEP } from './block.js';
import { enter, leave } from './convention.js';
import { at, type Label, RAX, RBX, RCX, RDI } from './encoder.js';
import { forVectors } from './step.js';

/** Writes the function; returns where it begins. Its constants are those of rounding.ts. */
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
    code.vloadLanes(number, from, masked);
    code.vfindNaN(found, number);
    code.vshiftRight(odd, number, 16);
    code.vand(odd, odd, LOWEST);
    code.vaddWhole(odd, odd, BELOW_HALF);
    code.vaddWhole(number, number, odd);
    code.vfillFound(number, found);
    code.vand(number, number, UPPER);
    // With AVX-512, the mask told which lanes are NaN.
    if (masked) code.setMask(at(RDI, STEP.mask));
    code.vstoreLanes(to, number, masked);
  });
  leave(code);
  return entry;
}
