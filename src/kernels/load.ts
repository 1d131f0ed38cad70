import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { UsageError } from '../errors.js';
import type { KernelName, Kernels } from './kernels.js';
import { createReferenceKernels } from './reference/index.js';
import { createWasmKernels } from './wasm/index.js';

export { MAX_SHARDS, SCRATCH_BYTES } from './wasm/scratch.js';

const BUILDS = { portable: './wasm/portable.wasm', wasm: './wasm/relaxed.wasm' } as const;

/** A module that multiplies and adds with f32x4.relaxed_madd and nothing else. */
const RELAXED_SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32,
  1, 32, 2, 253, 133, 2, 11,
]);

/** Whether this engine has relaxed SIMD, which Node 20 keeps behind a flag that may be set as long as it runs. */
export function hasRelaxedSimd(): boolean {
  if (!WebAssembly.validate(RELAXED_SIMD_PROBE) && Number.parseInt(process.versions.node, 10) < 21) {
    setFlagsFromString('--experimental-wasm-relaxed-simd');
  }
  return WebAssembly.validate(RELAXED_SIMD_PROBE);
}

/** The kernels that `auto` stands for on this machine, or those asked for by name. */
export function resolveKernels(wanted: 'auto' | KernelName): KernelName {
  if (wanted === 'auto') return hasRelaxedSimd() ? 'wasm' : 'portable';
  if (wanted === 'wasm' && !hasRelaxedSimd()) {
    throw new UsageError(
      `--kernels wasm: Node ${process.versions.node} has no relaxed SIMD; use --kernels portable, or Node 22 or later`,
    );
  }
  return wanted;
}

/** Compiles on the main thread, once; the module then goes to the workers. Null: `reference` needs none. */
export function compileKernels(name: KernelName): WebAssembly.Module | null {
  if (name === 'reference') return null;
  resolveKernels(name);
  return new WebAssembly.Module(readFileSync(new URL(BUILDS[name], import.meta.url)));
}

export interface KernelSetup {
  readonly name: KernelName;
  readonly module: WebAssembly.Module | null;
  /** All arrays handed to the kernels are views on it. */
  readonly memory: WebAssembly.Memory;
  /** Byte offset of SCRATCH_BYTES of it, 64-byte aligned, for this instance alone. */
  readonly scratch: number;
}

export function instantiateKernels({ name, module, memory, scratch }: KernelSetup): Kernels {
  if (name === 'reference') return createReferenceKernels();
  if (module === null) throw new Error(`kernels ${name} need the module that compileKernels returns`);
  return createWasmKernels(module, memory, scratch, name);
}
