import { compileCode } from '#src/kernels/jit/compile.js';
import { instructionSets } from '#src/kernels/jit/cpu.js';
import type { InstructionSet } from '#src/kernels/jit/encoder.js';
import { machineProducts } from '#src/kernels/jit/products.js';
import { type FloatArray, KERNEL_NAMES, type Kernels } from '#src/kernels/kernels.js';
import { compileKernels, fastestWasm, instantiateKernels, scratchBytes } from '#src/kernels/load.js';
import { libraryCandidates } from '#src/kernels/native/discover.js';
import { bindLibrary, type NativeLibrary, openLibrary } from '#src/kernels/native/library.js';
import { nativeProducts } from '#src/kernels/native/products.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from '#src/kernels/wasm/index.js';
import { SCRATCH_BYTES } from '#src/kernels/wasm/scratch.js';

/** An implementation under test with a place for its arrays. */
export interface Implementation {
  readonly label: string;
  readonly kernels: Kernels;
  /** 2⁻²⁴ or 2⁻⁵³: the relative error of one rounding. */
  readonly unit: number;
  /** Whether the bits of a row depend on the row alone, not on its shard. */
  readonly rowByRow: boolean;
  /** A 64-byte aligned array with these values; arrays live until the next `reset`. */
  array(values: ArrayLike<number>): FloatArray;
  zeros(length: number): FloatArray;
  reset(): void;
}

const ARENA = 65536;
const PAGES = 512;

function onSharedMemory(
  label: string,
  create: (memory: WebAssembly.Memory, scratch: number) => Kernels,
  rowByRow: boolean,
): Implementation {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
  const begin = ARENA + Math.max(scratchBytes('native'), scratchBytes('jit'));
  let top = begin;
  const zeros = (length: number) => {
    const array = new Float32Array(memory.buffer, top, length);
    top += Math.ceil((length * 4) / 64) * 64;
    return array.fill(0);
  };
  return {
    label,
    kernels: create(memory, ARENA),
    unit: 2 ** -24,
    rowByRow,
    zeros,
    array(values) {
      const array = zeros(values.length);
      array.set(values);
      return array;
    },
    reset() {
      top = begin;
    },
  };
}

/** The libraries of this system, one for each interface: the contract holds for all of them. */
export const libraries: readonly NativeLibrary[] = installedLibraries();

function installedLibraries(): NativeLibrary[] {
  const found = new Map<string, NativeLibrary>();
  for (const path of libraryCandidates()) {
    try {
      const library = openLibrary(path);
      if (!found.has(library.interface)) found.set(library.interface, library);
    } catch {
      // not on this system
    }
  }
  return [...found.values()];
}

/** The instruction sets that machine code can be made for here. */
export const machineSets: readonly InstructionSet[] = instructionSets();

function onMachineCode(instructions: InstructionSet): Implementation {
  const code = compileCode(instructions);
  const create = (memory: WebAssembly.Memory, scratch: number) => {
    const wasm = instantiateWasm(compileKernels('wasm')!, memory, scratch);
    const own = wasmProducts(wasm, memory, scratch);
    const products = machineProducts(code, memory, scratch + SCRATCH_BYTES, own);
    return createWasmKernels('jit', wasm, memory, scratch, products);
  };
  return onSharedMemory(`jit ${instructions}`, create, true);
}

/** By a library whatever the size of the layer. */
function onLibrary(library: NativeLibrary): Implementation {
  const create = (memory: WebAssembly.Memory, scratch: number) => {
    const wasm = instantiateWasm(compileKernels(fastestWasm())!, memory, scratch);
    const { sgemm, offsetOf } = bindLibrary(library, memory);
    const products = nativeProducts({ gemm: sgemm, offsetOf }, 4, wasm, scratch + SCRATCH_BYTES);
    return createWasmKernels('native', wasm, memory, scratch, products);
  };
  return onSharedMemory(`native ${library.version}`, create, false);
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
    rowByRow: true,
    array: (values) => new Type(values),
    zeros: (length) => new Type(length),
    reset() {},
  };
}

export const oracle = onHeap('reference float64', Float64Array, 2 ** -53);
const wasmImplementations = KERNEL_NAMES.filter((name) => name === 'portable' || name === 'wasm').map(
  (name) =>
    onSharedMemory(
      name,
      (memory, scratch) => instantiateKernels({ name, module: compileKernels(name), memory, scratch }),
      true,
    ),
);
export const implementations = [
  oracle,
  onHeap('reference float32', Float32Array, 2 ** -24),
  ...wasmImplementations,
];
/** Those that multiply matrices in their own way. */
export const linearImplementations = [
  ...implementations,
  ...machineSets.map(onMachineCode),
  ...libraries.map(onLibrary),
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

/**
 * Whether two arrays have the same bytes; unlike a failed `toEqual` of long arrays it costs nothing to say
 * no.
 */
export function sameBits(a: FloatArray, b: FloatArray): boolean {
  const bytes = (array: FloatArray) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return bytes(a).equals(bytes(b));
}
