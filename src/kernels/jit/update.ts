/** Runs the steps of update rules that machine code has: it fills the argument block and calls. */
import type { Products } from '../products.js';
import { type OrderedScalars, STEPS } from '../steps.js';
import type { WasmMemory } from '../wasm/types.js';
import { STEP, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import type { InstructionSet } from './encoder.js';
import { lanesOf, writeMask } from './mask.js';
import { ADAM_SCALARS, SGD_SCALARS, UNROLLED } from './step.js';

/** Parameters from which a step takes less time than filling the block does. */
const LONG = 64;

/** Returns the indices of scalars by name, of which the first is `first`. */
function indices<Scalar extends string>(
  scalars: readonly Scalar[],
  first: number,
): Readonly<Record<Scalar, number>> {
  return Object.fromEntries(scalars.map((name, i) => [name, first + i])) as Record<Scalar, number>;
}

/** Where scalars are given, and where the code reads its own. */
const SGD = { given: indices(STEPS.sgd, 0), words: indices(SGD_SCALARS, STEP.scalars / 4) };
const ADAM = { given: indices(STEPS.adam, 0), words: indices(ADAM_SCALARS, STEP.scalars / 4) };

/** Writes the words from which the code knows the vectors of an array. */
export function countVectors(words: Uint32Array, instructions: InstructionSet, count: number): void {
  const lanes = lanesOf(instructions);
  const turn = UNROLLED * lanes;
  words[STEP.turns / 4] = Math.floor(count / turn);
  words[STEP.vectors / 4] = Math.floor((count % turn) / lanes);
  const rest = count % lanes;
  words[STEP.rest / 4] = rest;
  writeMask(words, STEP.mask, rest, lanes);
}

/**
 * Returns the steps on a shared memory, for the calling thread.
 * @param block the address of the instance's scratch memory, which is at the byte offset `scratch`
 */
export function machineUpdate(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  block: number,
  callable: (address: number) => (block: number) => void,
): NonNullable<Products['update']> {
  const words = new Uint32Array(memory.buffer, scratch, WORD.one / 4);
  const floats = new Float32Array(memory.buffer, scratch, WORD.one / 4);
  const sgd = callable(code.sgd);
  const adam = callable(code.adam);

  const writeSgd = (scalars: OrderedScalars) => {
    const { given, words: to } = SGD;
    words[STEP.nesterov / 4] = Number(scalars[given.nesterov] !== 0);
    floats[to.scale] = scalars[given.gradientScale];
    floats[to.decay] = scalars[given.weightDecay];
    floats[to.momentum] = scalars[given.momentum];
    floats[to.rate] = -scalars[given.lr];
  };
  const writeAdam = (scalars: OrderedScalars) => {
    const { given, words: to } = ADAM;
    floats[to.scale] = scalars[given.gradientScale];
    floats[to.decay] = scalars[given.weightDecay];
    floats[to.kept] = scalars[given.shrink];
    floats[to.beta1] = scalars[given.beta1];
    floats[to.rest1] = 1 - scalars[given.beta1];
    floats[to.beta2] = scalars[given.beta2];
    floats[to.rest2] = 1 - scalars[given.beta2];
    floats[to.rate] = -scalars[given.lr];
    floats[to.share] = scalars[given.gradientShare];
    floats[to.inverse] = 1 / scalars[given.root];
    floats[to.eps] = scalars[given.eps];
  };

  return (name, w, g, addend, slots, count, scalars) => {
    // With a largest square so far, Adam takes a maximum in which NaN and 0 count as WASM has it.
    if (count < LONG || !(name === 'sgd' || (name === 'adam' && slots[2] === null))) return false;
    words[STEP.weights / 4] = w.byteOffset;
    words[STEP.gradient / 4] = g.byteOffset;
    words[STEP.addend / 4] = addend?.byteOffset ?? 0;
    words[STEP.first / 4] = slots[0]?.byteOffset ?? 0;
    words[STEP.second / 4] = slots[1]?.byteOffset ?? 0;
    countVectors(words, code.instructions, count);
    if (name === 'sgd') {
      writeSgd(scalars);
      sgd(block);
    } else {
      writeAdam(scalars);
      adam(block);
    }
    return true;
  };
}
