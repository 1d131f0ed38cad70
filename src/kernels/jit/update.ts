/** Runs the steps of update rules that machine code has: it fills the argument block and calls. */
import type { Products } from '../products.js';
import { STEPS } from '../steps.js';
import type { WasmMemory } from '../wasm/types.js';
import { STEP, WORD } from './block.js';
import type { MachineCode } from './compile.js';
import type { InstructionSet } from './encoder.js';
import { lanesOf, writeMask } from './mask.js';
import type { Recorder } from './record.js';
import { UNROLLED } from './step.js';

/** Parameters from which a step takes less time than filling the block does. */
const LONG = 64;
/** Scalars of the steps that there are, at most. */
const MOST_SCALARS = Math.max(STEPS.sgd.length, STEPS.adam.length);

/**
 * Writes the words from which the code knows the vectors of an array.
 * @param together vectors in one turn of the loop
 */
export function countVectors(
  words: Uint32Array,
  instructions: InstructionSet,
  count: number,
  together: 1 | 2 = UNROLLED,
): void {
  const lanes = lanesOf(instructions);
  const turn = together * lanes;
  words[STEP.turns / 4] = Math.floor(count / turn);
  words[STEP.vectors / 4] = Math.floor((count % turn) / lanes);
  const rest = count % lanes;
  words[STEP.rest / 4] = rest;
  writeMask(words, STEP.mask, rest, lanes);
}

/**
 * Returns the steps on a shared memory, for the calling thread. A recording of a step reads its scalars anew
 * where they stand in the shared memory.
 * @param block the address of the instance's scratch memory, which is at the byte offset `scratch`
 * @param isRecording whether calls are being recorded
 */
export function machineUpdate(
  code: MachineCode,
  memory: WasmMemory,
  scratch: number,
  block: number,
  { callable, isRecording }: Pick<Recorder, 'callable' | 'isRecording'>,
): NonNullable<Products['update']> {
  const words = new Uint32Array(memory.buffer, scratch, WORD.one / 4);
  const given = new Float64Array(memory.buffer, scratch + STEP.given, MOST_SCALARS);
  const sgd = callable(code.sgd);
  const adam = callable(code.adam);

  return (name, w, g, addend, slots, count, scalars) => {
    // With a largest square so far, Adam takes a maximum in which NaN and 0 count as WASM has it.
    const has = name === 'sgd' || (name === 'adam' && slots[2] === null);
    if (!has || (count < LONG && !isRecording())) return false;
    words[STEP.weights / 4] = w.byteOffset;
    words[STEP.gradient / 4] = g.byteOffset;
    words[STEP.addend / 4] = addend?.byteOffset ?? 0;
    words[STEP.first / 4] = slots[0]?.byteOffset ?? 0;
    words[STEP.second / 4] = slots[1]?.byteOffset ?? 0;
    countVectors(words, code.instructions, count);
    if (scalars instanceof Float64Array && scalars.buffer === memory.buffer) {
      words[STEP.scalars / 4] = scalars.byteOffset;
    } else {
      words[STEP.scalars / 4] = scratch + STEP.given;
      for (let i = 0; i < scalars.length; i++) given[i] = scalars[i];
    }
    if (name === 'sgd') sgd(block);
    else adam(block);
    return true;
  };
}
