/** Writes machine code, and places it in memory that the processor may execute. */

import { writeAffine, writeAffineTiles, writeNarrowAffineTiles } from './affine.js';
import { writeAmxAffine, writeAmxGradient } from './amx.js';
import { Assembler } from './assembler.js';
import { writeCrossEntropy } from './crossentropy.js';
import type { InstructionSet, Label } from './encoder.js';
import { writeGatherBytes, writeGatherFloats } from './gather.js';
import { writeGradient } from './gradient.js';
import { placeCode } from './memory.js';
import { writeReplay } from './replay.js';
import { writeRound } from './round.js';
import { writeAdam, writeSgd } from './step.js';
import { writeTally } from './tally.js';

/** Writes the functions of the machine code, each of which takes the address of a block (block.ts). */
function writeFunctions(code: Assembler) {
  const tiles = writeAffineTiles(code);
  return {
    affine: writeAffine(code, tiles, false),
    inputGradient: writeAffine(code, tiles, true),
    weightGradient: writeGradient(code, false),
    sgd: writeSgd(code),
    adam: writeAdam(code),
    round: writeRound(code),
    crossEntropy: writeCrossEntropy(code),
    tally: writeTally(code),
    gatherFloats: writeGatherFloats(code),
    gatherBytes: writeGatherBytes(code),
    replay: writeReplay(code),
  } as const;
}

/** Writes the products of operands that are rounded to bfloat16, by AVX512_BF16. */
function writeNarrowFunctions(code: Assembler) {
  const tiles = writeNarrowAffineTiles(code);
  return {
    affine: writeAffine(code, tiles, false),
    inputGradient: writeAffine(code, tiles, true),
    weightGradient: writeGradient(code, true),
  } as const;
}

/** Writes those by AMX. */
const writeAmxFunctions = (code: Assembler) =>
  ({
    affine: writeAmxAffine(code, false),
    inputGradient: writeAmxAffine(code, true),
    weightGradient: writeAmxGradient(code),
  }) as const;

/** Where functions begin, by name. */
type Addresses<Functions> = Readonly<Record<keyof Functions, number>>;

/** Where the functions of the products begin. */
export type ProductAddresses = Addresses<ReturnType<typeof writeNarrowFunctions>>;

/**
 * Machine code in executable memory; it may cross to another thread, because addresses hold in all of them.
 */
export interface MachineCode extends Addresses<ReturnType<typeof writeFunctions>> {
  readonly instructions: InstructionSet;
}

/** Code that is not yet placed, and where its functions begin. */
interface WrittenCode<Functions> {
  readonly bytes: Uint8Array;
  readonly offsets: Addresses<Functions>;
}

function write<Functions extends Readonly<Record<string, Label>>>(
  instructions: InstructionSet,
  functions: (code: Assembler) => Functions,
): WrittenCode<Functions> {
  const code = new Assembler(instructions);
  const labels = Object.entries(functions(code));
  const offsets = Object.fromEntries(labels.map(([name, label]) => [name, code.offsetOf(label)]));
  return { bytes: code.finish(), offsets: offsets as Addresses<Functions> };
}

/** Writes the code for an instruction set, which this processor need not have. */
export const writeCode = (instructions: InstructionSet) => write(instructions, writeFunctions);

/** Writes the code of bfloat16 products, for a processor with AVX-512 and AVX512_BF16. */
export const writeNarrowCode = () => write('avx512', writeNarrowFunctions);

/** Writes the code of bfloat16 products by AMX. */
export const writeAmxCode = () => write('avx512', writeAmxFunctions);

/** Places code; returns the addresses of its functions. */
function place<Functions>({ bytes, offsets }: WrittenCode<Functions>): Addresses<Functions> {
  const begin = placeCode(bytes);
  const addresses = Object.entries<number>(offsets).map(([name, offset]) => [name, begin + offset]);
  return Object.fromEntries(addresses) as Addresses<Functions>;
}

/**
 * Writes and places code for instructions that this processor has. Throws Error in one line where the system
 * does not allow it.
 */
export const compileCode = (instructions: InstructionSet): MachineCode => ({
  ...place(writeCode(instructions)),
  instructions,
});

/** Writes and places the code of bfloat16 products likewise. */
export const compileNarrowCode = (): ProductAddresses => place(writeNarrowCode());

/** Writes and places the code of bfloat16 products by AMX likewise. */
export const compileAmxCode = (): ProductAddresses => place(writeAmxCode());
