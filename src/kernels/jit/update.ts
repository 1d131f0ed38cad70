/** Runs the steps of update rules that machine code has: it fills the argument block and calls. */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { STEP, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import type { InstructionSet } from './encoder.js';
import { lanesOf, writeMask } from './mask.js';
import { ADAM_SCALARS, SGD_SCALARS, UNROLLED } from './step.js';

/** Parameters from which a step takes less time than filling the block does. */
const LONG = 64;

/** The words of a step's scalars by name, as indices. */
function wordsOf<Scalar extends string>(scalars: readonly Scalar[]): Readonly<Record<Scalar, number>> {
  const words = scalars.map((name, i) => [name, STEP.scalars / 4 + i]);
  return Object.fromEntries(words) as Record<Scalar, number>;
}

const SGD = wordsOf(SGD_SCALARS);
const ADAM = wordsOf(ADAM_SCALARS);

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

  return (name, w, g, addend, slots, count, values) => {
    // With a largest square so far, Adam takes a maximum in which NaN and 0 count as WASM has it.
    if (count < LONG || !(name === 'sgd' || (name === 'adam' && slots[2] === 0))) return false;
    words[STEP.weights / 4] = w;
    words[STEP.gradient / 4] = g;
    words[STEP.addend / 4] = addend;
    words[STEP.first / 4] = slots[0];
    words[STEP.second / 4] = name === 'adam' ? slots[1] : 0;
    countVectors(words, code.instructions, count);
    if (name === 'sgd') {
      const [lr, momentum, nesterov, decay, scale] = values;
      words[STEP.nesterov / 4] = Number(nesterov !== 0);
      floats[SGD.scale] = scale;
      floats[SGD.decay] = decay;
      floats[SGD.momentum] = momentum;
      floats[SGD.rate] = -lr;
      sgd(block);
    } else {
      const [lr, share, beta1, beta2, root, eps, decay, kept, scale] = values;
      floats[ADAM.scale] = scale;
      floats[ADAM.decay] = decay;
      floats[ADAM.kept] = kept;
      floats[ADAM.beta1] = beta1;
      floats[ADAM.rest1] = 1 - beta1;
      floats[ADAM.beta2] = beta2;
      floats[ADAM.rest2] = 1 - beta2;
      floats[ADAM.rate] = -lr;
      floats[ADAM.share] = share;
      floats[ADAM.inverse] = 1 / root;
      floats[ADAM.eps] = eps;
      adam(block);
    }
    return true;
  };
}
