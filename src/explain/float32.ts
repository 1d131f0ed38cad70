/** The gradient that training computes, in float32 on WebAssembly, against the float64 one that differences confirm. */
import { type FloatArray, KERNEL_NAMES, type KernelName } from '../kernels/kernels.js';
import { compileKernels, hasRelaxedSimd, instantiateKernels, SCRATCH_BYTES } from '../kernels/load.js';
import type { Layer } from '../network/layer.js';
import { Arena, allocateShared } from '../parallel/arena.js';
import { Stream } from '../random.js';
import type { Arithmetic, Instance } from './instance.js';

/** The WebAssembly kernels that this engine runs. */
export function float32Kernels(): KernelName[] {
  return KERNEL_NAMES.filter((name) => name === 'portable' || (name === 'wasm' && hasRelaxedSimd()));
}

/** An arithmetic whose arrays lie in one small shared memory; each call of `next` takes that memory over for another network. */
export function float32Arithmetic(name: KernelName, bytes: number): { next(): Arithmetic } {
  const memory = allocateShared(bytes + SCRATCH_BYTES, Number.POSITIVE_INFINITY);
  const scratch = new Arena(memory.buffer).reserve(SCRATCH_BYTES);
  const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch });
  return {
    next() {
      const arena = new Arena(memory.buffer);
      arena.reserve(SCRATCH_BYTES);
      return { kernels, allocate: (length) => arena.floats(length).fill(0) };
    },
  };
}

/** Half a unit in the last place of a float32 near 1: the error of one rounding. */
const ROUNDING = 2 ** -24;
/** Roundings of an element-wise function there and back: its kernels are held to four units in the last place. */
const FUNCTION = 16;

/** Roundings that one instance's derivative may gather on its way through the layers and over the rows. */
export function roundings(layers: readonly Layer[], rows: number): number {
  const own = layers.map(
    ({ inputs, outputs, branches }) =>
      inputs + outputs + FUNCTION + (branches ?? []).reduce((sum, branch) => sum + roundings(branch, 0), 0),
  );
  return own.reduce((sum, count) => sum + count, rows);
}

/** Largest |a − b| over the largest |b|. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [difference, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs(a[i] - b[i]));
    size = Math.max(size, Math.abs(b[i]));
  }
  return size === 0 ? difference : difference / size;
}

const NUDGE = 1e-6;

/**
 * How far a float32 gradient may be from the float64 one that `instance` holds: the roundings on its way, each worth as much
 * as the gradient moves when every weight and input is nudged by as much, at random.
 */
export function float32Tolerance(instance: Instance): number {
  const { layout, network, parameters, pass } = instance;
  const gradient = instance.gradient().slice();
  const held = [parameters, network.input].map((array) => array.slice());
  const stream = new Stream(1, 93, 0);
  const nudge = (array: FloatArray) => {
    for (let i = 0; i < array.length; i++) array[i] *= 1 + NUDGE * Math.sign(stream.uniform() - 0.5);
  };
  for (const { offset, length } of layout.views) nudge(parameters.subarray(offset, offset + length));
  if (!readsCodes(network.layers)) nudge(network.input);
  const sensitivity = distance(instance.gradient(), gradient) / NUDGE;
  parameters.set(held[0]);
  network.input.set(held[1]);
  return ROUNDING * roundings(network.layers, pass.rows) * Math.max(1, sensitivity);
}

/** A category code is an index, and has no neighbours. */
const readsCodes = ([first]: readonly Layer[]) => first.readsCodes === true;
