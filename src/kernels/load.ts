import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { UsageError } from '../errors.js';
import { type Precision, type RoundedPlaces, roundedProducts } from './bfloat16.js';
import type { KernelName, Kernels } from './kernels.js';
import {
  bindLibrary,
  bySize,
  type NativeLibrary,
  nativeProducts,
  STRIP_BYTES,
  undisturbed,
} from './native/index.js';
import type { Products } from './products.js';
import { createReferenceKernels } from './reference/index.js';
import type { WasmExports } from './wasm/exports.js';
import { createWasmKernels, instantiateWasm, wasmProducts } from './wasm/index.js';
import { SCRATCH_BYTES } from './wasm/scratch.js';
import type { WasmMemory, WasmModule } from './wasm/types.js';

export { MAX_SHARDS, SCRATCH_BYTES } from './wasm/scratch.js';

const BUILDS = { portable: './wasm/portable.wasm', wasm: './wasm/relaxed.wasm' } as const;

/** A module whose only instruction is f32x4.relaxed_madd. */
const RELAXED_SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32,
  1, 32, 2, 253, 133, 2, 11,
]);

/**
 * Returns whether this engine has relaxed SIMD. Node 20 keeps it behind a flag, which may be set while it
 * runs.
 */
export function hasRelaxedSimd(): boolean {
  if (!WebAssembly.validate(RELAXED_SIMD_PROBE) && Number.parseInt(process.versions.node, 10) < 21) {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  }
  return WebAssembly.validate(RELAXED_SIMD_PROBE);
}

/** Returns the faster of the two WASM builds that this engine runs. */
export function fastestWasm(): 'wasm' | 'portable' {
  return hasRelaxedSimd() ? 'wasm' : 'portable';
}

/**
 * Compiles kernels: once, on the main thread, which hands the module to the workers. Returns null for
 * `reference`, which needs none. Throws UsageError where this engine cannot run them.
 */
export function compileKernels(name: KernelName): WasmModule | null {
  if (name === 'reference') return null;
  if (name === 'wasm' && !hasRelaxedSimd()) {
    throw new UsageError(
      `--kernels wasm: Node ${process.versions.node} has no relaxed SIMD; use --kernels portable, or Node 22 or later`,
    );
  }
  const build = name === 'native' ? fastestWasm() : name;
  return new WebAssembly.Module(readFileSync(new URL(BUILDS[build], import.meta.url)));
}

/** Says what an instance of kernels needs; it may cross to another thread. */
export interface KernelSetup {
  readonly name: KernelName;
  readonly module: WasmModule | null;
  /** The memory on which all arrays handed to the kernels are views. */
  readonly memory: WasmMemory;
  /** Byte offset of `scratchBytes` in the memory that belong to this instance alone, 64-byte aligned. */
  readonly scratch: number;
  /** The library with which `native` multiplies. */
  readonly library?: NativeLibrary | null;
  /** Where `--precision bf16` keeps rounded operands; null for float32. */
  readonly rounded?: RoundedPlaces | null;
}

/** Returns the bytes of scratch memory that one instance of these kernels needs. */
export function scratchBytes(name: KernelName): number {
  return SCRATCH_BYTES + (name === 'native' ? STRIP_BYTES : 0);
}

/** Returns the bytes of one number of an operand that is kept rounded. */
export function roundedBytes(name: KernelName): 2 | 4 {
  return name === 'native' ? 2 : 4;
}

/** Returns the precision that a set-up stands for. */
function precisionOf({ rounded }: Pick<KernelSetup, 'rounded'>): Precision {
  return rounded ? 'bf16' : 'f32';
}

/** Returns kernels for the calling thread. */
export function instantiateKernels(setup: KernelSetup): Kernels {
  const { name, module, memory, scratch, rounded } = setup;
  if (name === 'reference') return createReferenceKernels(precisionOf(setup));
  if (!module) throw new Error(`kernels ${name} need the module that compileKernels returns`);
  const wasm = instantiateWasm(module, memory, scratch);
  const products = rounded
    ? roundedProducts(unroundedProducts(setup, wasm), wasm, rounded, roundedBytes(name))
    : unroundedProducts(setup, wasm);
  return createWasmKernels(name, wasm, memory, scratch, products);
}

/**
 * Returns the products of operands as they stand in memory: float32, or bfloat16 where a library takes it.
 */
function unroundedProducts({ memory, scratch, library, rounded }: KernelSetup, wasm: WasmExports): Products {
  const own = wasmProducts(wasm, memory, scratch);
  if (!library) return own;
  const { sgemm, bf16gemm, offsetOf, signals } = bindLibrary(library, memory);
  const strips = scratch + SCRATCH_BYTES;
  if (!rounded) {
    const native = nativeProducts({ gemm: sgemm, offsetOf }, 4, wasm, strips);
    return bySize(own, undisturbed(native, signals));
  }
  if (!bf16gemm) throw new Error(`${library.path} multiplies no bfloat16`);
  return nativeProducts({ gemm: bf16gemm, offsetOf }, 2, wasm, strips);
}
