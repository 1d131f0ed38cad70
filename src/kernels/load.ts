/**
 * Compiles kernels, once for all threads, and creates instances of them, one for each thread. `wasm` and
 * `portable` are two builds of the same source (wasm/assembly). `jit` is `wasm` with matrix products and
 * update rules in machine code, which have the same bits; `native` is the faster build that this engine runs,
 * with the matrix products of a system library. `amx` is `jit` with products of bfloat16 by AMX, which have
 * bits of their own.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { UsageError } from '../errors.js';
import { loadingNative } from '../gate.js';
import { type Precision, type RoundedPlaces, roundedProducts } from './bfloat16.js';
import {
  AMX_BLOCK_BYTES,
  BLOCK_BYTES,
  type InstructionSet,
  type MachineCode,
  machineProducts,
  narrowProducts,
  type ProductAddresses,
  searchAmxCode,
  searchMachineCode,
  searchNarrowCode,
} from './jit/index.js';
import type { KernelName, Kernels } from './kernels.js';
import {
  bindLibrary,
  bySize,
  type NativeLibrary,
  nativeProducts,
  PART_STACK_BYTES,
  withSignalsHeld,
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

/** Compiled kernels with machine code beside them. */
interface JitModule {
  readonly wasm: WasmModule;
  readonly code: MachineCode;
  /** The products of bfloat16, where the processor has them and they are wanted. */
  readonly narrow: ProductAddresses | null;
  /** Those by AMX, for `amx`. */
  readonly amx: ProductAddresses | null;
}

/**
 * Returns the fastest kernels that have the bits of `wasm`, where this engine has those, and a note if due.
 */
export function fastestBuiltIn(): {
  readonly name: 'jit' | 'wasm' | 'portable';
  readonly note: string | null;
} {
  const name = fastestWasm();
  if (name === 'portable') return { name, note: null };
  const { code, why, refused } = searchMachineCode(() => compileWasm('wasm'));
  if (code) return { name: 'jit', note: null };
  return {
    name,
    note: refused ? `no machine code: ${why}; taking kernels ${name}, slower, with the same bits` : null,
  };
}

/** Returns the instructions that machine code multiplies with here; null where there is none. */
export function machineInstructions(): InstructionSet | null {
  return fastestBuiltIn().name === 'jit'
    ? searchMachineCode(() => compileWasm('wasm')).code!.instructions
    : null;
}

/** Returns why machine code emulates bfloat16 here; null where the processor multiplies it. */
export function whyEmulated(): string | null {
  const { code, why } = searchNarrowCode(() => compileWasm('wasm'));
  return code ? null : why;
}

/** Returns why this machine has no kernels `amx`; null where it has them. */
export const whyNoAmx = (): string | null => {
  const { code, why } = searchAmxCode();
  return code ? null : why;
};

/** The modules that this thread has compiled: a sweep plans and begins hundreds of trainings. */
const compiled = new Map<keyof typeof BUILDS, WasmModule>();

function compileWasm(name: keyof typeof BUILDS): WasmModule {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const module: WasmModule = new WebAssembly.Module(readFileSync(new URL(BUILDS[name], import.meta.url)));
  compiled.set(name, module);
  return module;
}

/** Whether kernels are machine code beside WebAssembly. */
const isMachineCode = (name: KernelName): name is 'jit' | 'amx' => name === 'jit' || name === 'amx';

/**
 * Compiles kernels: once, on the main thread, which hands the module to the workers. Returns null for
 * `reference`, which needs none. Throws UsageError where this engine cannot run them.
 */
export function compileKernels(name: KernelName, precision: Precision = 'f32'): WasmModule | null {
  if (name === 'reference') return null;
  if ((name === 'wasm' || isMachineCode(name)) && !hasRelaxedSimd()) {
    throw new UsageError(
      `--kernels ${name}: Node ${process.versions.node} has no relaxed SIMD; use --kernels portable, or Node 22 or later`,
    );
  }
  if (!isMachineCode(name)) return compileWasm(name === 'native' ? fastestWasm() : name);
  const wasm = compileWasm('wasm');
  const { code, why } = searchMachineCode(() => wasm);
  if (!code) {
    throw new UsageError(
      `--kernels ${name}: ${why}${name === 'jit' ? '; --kernels wasm has the same bits' : ''}`,
    );
  }
  if (name === 'amx') {
    const amx = searchAmxCode();
    if (!amx.code) throw new UsageError(`--kernels amx: ${amx.why}; --kernels auto emulates bfloat16`);
    return { wasm, code, narrow: null, amx: amx.code } satisfies JitModule;
  }
  const narrow = precision === 'bf16' ? searchNarrowCode(() => wasm).code : null;
  return { wasm, code, narrow, amx: null } satisfies JitModule;
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
  const more: Partial<Record<KernelName, number>> = {
    native: PART_STACK_BYTES,
    jit: BLOCK_BYTES,
    amx: AMX_BLOCK_BYTES,
  };
  return SCRATCH_BYTES + (more[name] ?? 0);
}

/** Returns the bytes of one number of an operand that is kept rounded: 0 where none are kept. */
export function roundedBytes(name: KernelName): 0 | 2 | 4 {
  return name === 'amx' ? 0 : name === 'native' ? 2 : 4;
}

/** Returns the precision that a set-up stands for. */
function precisionOf({ rounded }: Pick<KernelSetup, 'rounded'>): Precision {
  return rounded ? 'bf16' : 'f32';
}

/** Returns kernels for the calling thread. */
export const instantiateKernels = (setup: KernelSetup): Kernels => loadingNative(() => instantiate(setup));

function instantiate(setup: KernelSetup): Kernels {
  const { name, module, memory, scratch, rounded } = setup;
  if (name === 'reference') return createReferenceKernels(precisionOf(setup));
  if (!module) throw new Error(`kernels ${name} need the module that compileKernels returns`);
  const jit = isMachineCode(name) ? (module as JitModule) : null;
  const wasm = instantiateWasm(jit ? jit.wasm : module, memory, scratch);
  const plain = unroundedProducts(setup, wasm, jit);
  const bytes = roundedBytes(name);
  // Products that keep nothing rounded round their operands themselves.
  if (!rounded || bytes === 0) return createWasmKernels(name, wasm, memory, scratch, plain);
  const narrow = jit?.narrow ?? null;
  const emulated = roundedProducts(plain, wasm, rounded, bytes, narrow === null);
  const products = narrow ? narrowProducts(narrow, memory, scratch + SCRATCH_BYTES, emulated) : emulated;
  return createWasmKernels(name, wasm, memory, scratch, products);
}

/**
 * Returns the products of operands as they stand in memory: float32, or bfloat16 where a library takes it.
 */
function unroundedProducts(
  { memory, scratch, library, rounded }: KernelSetup,
  wasm: WasmExports,
  jit: JitModule | null,
): Products {
  const byWasm = wasmProducts(wasm, memory, scratch);
  if (jit) {
    const amx = rounded ? jit.amx : null;
    return machineProducts(jit.code, memory, scratch + SCRATCH_BYTES, byWasm, undefined, amx);
  }
  if (!library) return byWasm;
  const { sgemm, bf16gemm, offsetOf, signals } = bindLibrary(library, memory);
  const stack = scratch + SCRATCH_BYTES;
  if (!rounded) {
    const native = nativeProducts({ gemm: sgemm, offsetOf }, 4, wasm, stack);
    return bySize(byWasm, withSignalsHeld(native, signals));
  }
  if (!bf16gemm) throw new Error(`${library.path} multiplies no bfloat16`);
  return nativeProducts({ gemm: bf16gemm, offsetOf }, 2, wasm, stack);
}
