import { type FloatArray, KERNEL_NAMES, type Kernels } from '#src/kernels/kernels.js';
import { compileKernels, instantiateKernels, SCRATCH_BYTES } from '#src/kernels/load.js';

/** An implementation under test with a place for its arrays. */
export interface Implementation {
  readonly label: string;
  readonly kernels: Kernels;
  /** 2⁻²⁴ or 2⁻⁵³: the relative error of one rounding. */
  readonly unit: number;
  /** A 64-byte aligned array with these values; arrays live until the next `reset`. */
  array(values: ArrayLike<number>): FloatArray;
  zeros(length: number): FloatArray;
  reset(): void;
}

const ARENA = 65536;

function onSharedMemory(name: 'portable' | 'wasm'): Implementation {
  const memory = new WebAssembly.Memory({ initial: 512, maximum: 512, shared: true });
  const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch: ARENA });
  let top = ARENA + SCRATCH_BYTES;
  const zeros = (length: number) => {
    const array = new Float32Array(memory.buffer, top, length);
    top += Math.ceil((length * 4) / 64) * 64;
    return array.fill(0);
  };
  return {
    label: name,
    kernels,
    unit: 2 ** -24,
    zeros,
    array(values) {
      const array = zeros(values.length);
      array.set(values);
      return array;
    },
    reset() {
      top = ARENA + SCRATCH_BYTES;
    },
  };
}

function onHeap(
  label: string,
  Type: typeof Float32Array | typeof Float64Array,
  unit: number,
): Implementation {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const kernels = instantiateKernels({ name: 'reference', module: null, memory, scratch: 0 });
  return {
    label,
    kernels,
    unit,
    array: (values) => new Type(values),
    zeros: (length) => new Type(length),
    reset() {},
  };
}

export const oracle = onHeap('reference float64', Float64Array, 2 ** -53);
export const wasmImplementations = KERNEL_NAMES.filter((name) => name !== 'reference').map(onSharedMemory);
export const implementations = [
  oracle,
  onHeap('reference float32', Float32Array, 2 ** -24),
  ...wasmImplementations,
];

/** Numbers between −1 and 1 that look random and are the same in every run. */
export function numbers(length: number, seed: number): Float64Array {
  let state = (seed * 2654435761 + 1) >>> 0;
  return Float64Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.fround(state / 2 ** 31 - 1);
  });
}

/** The bytes of an array, so that −0 and 0, and one NaN and another, are told apart. */
export function bits(array: FloatArray): number[] {
  return Array.from(new Uint32Array(array.slice().buffer));
}

/** Whether two arrays have the same bytes; unlike a failed `toEqual` of long arrays it costs nothing to say no. */
export function sameBits(a: FloatArray, b: FloatArray): boolean {
  const bytes = (array: FloatArray) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return bytes(a).equals(bytes(b));
}
