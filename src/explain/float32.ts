/**
 * Compares the gradient that training computes, in float32 on WebAssembly and machine code, with the float64
 * gradient that differences have confirmed.
 */

import { Arena, allocateShared } from '../kernels/arena.js';
import { type FloatArray, KERNEL_NAMES, type KernelName } from '../kernels/kernels.js';
import {
  compileKernels,
  fastestBuiltIn,
  hasRelaxedSimd,
  instantiateKernels,
  scratchBytes,
} from '../kernels/load.js';
import type { Layer } from '../network/layer.js';
import { Stream } from '../random.js';
import { type Arithmetic, EXPLAIN_PURPOSE, type Instance } from './instance.js';

/** Lists the built-in kernels that this machine runs. */
export function float32Kernels(): KernelName[] {
  return KERNEL_NAMES.filter(
    (name) =>
      name === 'portable' ||
      (name === 'wasm' && hasRelaxedSimd()) ||
      (name === 'jit' && fastestBuiltIn().name === 'jit'),
  );
}

/** Makes arithmetics in one shared memory: that which `next` returns takes the memory of the one before. */
export function float32Arithmetic(name: KernelName, bytes: number): { next(): Arithmetic } {
  const reserved = scratchBytes(name);
  const memory = allocateShared(bytes + reserved, Number.POSITIVE_INFINITY);
  const scratch = new Arena(memory.buffer).reserve(reserved);
  const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch });
  return {
    next() {
      const arena = new Arena(memory.buffer);
      arena.reserve(reserved);
      return { kernels, allocate: (length) => arena.floats(length).fill(0) };
    },
  };
}

/** Half a unit in the last place of a float32 near 1: the error of one rounding. */
const ROUNDING = 2 ** -24;
/**
 * Roundings that an element-wise function counts for: it may err by four units in the last place forward, and
 * by four backward, which are 16 half units.
 */
const FUNCTION_ROUNDINGS = 16;

/** Counts the roundings of a derivative on its way through the layers and in the sum over the rows. */
function roundings(layers: readonly Layer[], rows: number): number {
  const counts = layers.map(
    ({ inputs, outputs, branches }) =>
      inputs +
      outputs +
      FUNCTION_ROUNDINGS +
      (branches ?? []).reduce((sum, branch) => sum + roundings(branch, 0), 0),
  );
  return counts.reduce((sum, count) => sum + count, rows);
}

/** Returns the largest |a − b| over the largest |b|. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return size === 0 ? difference : difference / size;
}

/** The relative change of each number by which a gradient's sensitivity is measured. */
const NUDGE = 1e-6;

/**
 * Returns how far a float32 gradient may be from the float64 one of `instance`. Each rounding on its way may
 * move it as much as a random change of all weights and inputs by half a unit in the last place does.
 */
export function float32Tolerance(instance: Instance): number {
  const { layout, network, parameters, pass } = instance;
  const gradient = instance.gradient().slice();
  const [originalParameters, originalInput] = [parameters, network.input].map((array) => array.slice());
  const stream = new Stream(1, EXPLAIN_PURPOSE.nudge, 0);
  const nudge = (array: FloatArray) => {
    for (let i = 0; i < array.length; i++) array[i] *= 1 + NUDGE * Math.sign(stream.uniform() - 0.5);
  };
  for (const { offset, length } of layout.views) nudge(parameters.subarray(offset, offset + length));
  if (!readsCodes(network.layers)) nudge(network.input);
  const sensitivity = distance(instance.gradient(), gradient) / NUDGE;
  parameters.set(originalParameters);
  network.input.set(originalInput);
  return ROUNDING * roundings(network.layers, pass.rows) * Math.max(1, sensitivity);
}

/** Says whether inputs are category codes: a code is an index and cannot be changed a little. */
const readsCodes = ([first]: readonly Layer[]) => first.readsCodes === true;
