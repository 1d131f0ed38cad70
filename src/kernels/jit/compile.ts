/** Writes machine code, and places it in memory that the processor may execute. */
import { writeAffine, writeAffineTiles } from './affine.js';
import { Assembler } from './assembler.js';
import type { InstructionSet } from './encoder.js';
import { writeGatherBytes, writeGatherFloats } from './gather.js';
import { writeGradient } from './gradient.js';
import { placeCode } from './memory.js';
import { writeAdam, writeSgd } from './step.js';

/** Writes the functions of the machine code, each of which takes the address of a block (block.ts). */
function writeFunctions(code: Assembler) {
  const tiles = writeAffineTiles(code);
  return {
    affine: writeAffine(code, tiles, false),
    inputGradient: writeAffine(code, tiles, true),
    weightGradient: writeGradient(code),
    sgd: writeSgd(code),
    adam: writeAdam(code),
    gatherFloats: writeGatherFloats(code),
    gatherBytes: writeGatherBytes(code),
  } as const;
}

type FunctionName = keyof ReturnType<typeof writeFunctions>;

/**
 * Machine code in executable memory; it may cross to another thread, because addresses hold in all of them.
 */
export interface MachineCode extends Readonly<Record<FunctionName, number>> {
  readonly instructions: InstructionSet;
}

/** Code that is not yet placed, and where its functions begin. */
interface WrittenCode {
  readonly bytes: Uint8Array;
  readonly offsets: Readonly<Record<FunctionName, number>>;
}

/** Writes the code for an instruction set, which this processor need not have. */
export function writeCode(instructions: InstructionSet): WrittenCode {
  const code = new Assembler(instructions);
  const labels = Object.entries(writeFunctions(code));
  const offsets = Object.fromEntries(labels.map(([name, label]) => [name, code.offsetOf(label)]));
  return { bytes: code.finish(), offsets: offsets as WrittenCode['offsets'] };
}

/**
 * Writes and places code for instructions that this processor has. Throws Error in one line where the system
 * does not allow it.
 */
export function compileCode(instructions: InstructionSet): MachineCode {
  const { bytes, offsets } = writeCode(instructions);
  const begin = placeCode(bytes);
  const addresses = Object.entries(offsets).map(([name, offset]) => [name, begin + offset]);
  return { ...(Object.fromEntries(addresses) as Record<FunctionName, number>), instructions };
}
