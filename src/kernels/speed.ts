/**
 * Measures how fast kernels multiply on this machine: GFLOP/s of the product X·W with X [R, 512] and W [512,
 * 256].
 */
import { Arena, allocateShared, measure } from './arena.js';
import type { Precision } from './bfloat16.js';
import { type KernelName, oneShard } from './kernels.js';
import { instantiateKernels, scratchBytes } from './load.js';
import type { NativeLibrary } from './native/index.js';
import type { WasmModule } from './wasm/types.js';

const [K, N] = [512, 256];

/** Describes the kernels to measure; it can be sent to another thread. */
export interface ProductSetup {
  readonly name: KernelName;
  readonly module: WasmModule | null;
  readonly library: NativeLibrary | null;
  readonly precision: Precision;
}

/** A matrix product is a multiplication on memory of its own, which can be repeated. */
export interface MatrixProduct {
  readonly multiply: () => void;
  /** Floating-point operations of one multiplication. */
  readonly flops: number;
}

/** Prepares the product with X [R, 512] in shared memory of its own, as a training's arrays are. */
export function matrixProduct({ name, module, library, precision }: ProductSetup, R = 256): MatrixProduct {
  const carve = (arena: Arena) => ({
    scratch: arena.reserve(scratchBytes(name)),
    x: arena.floats(R * K).fill(0.5),
    w: arena.floats(K * N).fill(0.25),
    z: arena.floats(R * N),
    roundedWeights: arena.reserve(4 * K * N),
    left: arena.reserve(4 * R * K),
    right: arena.reserve(4 * R * K),
  });
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { scratch, x, w, z, ...places } = carve(new Arena(memory.buffer));
  const rounded = precision === 'f32' ? null : { weights: w.byteOffset, parameters: K * N, ...places };
  const kernels = instantiateKernels({ name, module, memory, scratch, library, rounded });
  kernels.refreshWeights();
  const rows = oneShard(R);
  return { multiply: () => kernels.affine(z, x, w, null, rows, K, N), flops: 2 * R * K * N };
}

/** Repeats the product until `seconds` are over, at least once, and returns its GFLOP/s. */
export function productRate({ multiply, flops }: MatrixProduct, seconds: number): number {
  const begin = performance.now();
  let elapsed = 0;
  let products = 0;
  do {
    multiply();
    products++;
    elapsed = performance.now() - begin;
  } while (elapsed < 1000 * seconds);
  return (products * flops) / elapsed / 1e6;
}
