/** The matrix product by which kernels are judged: X·W with X [256, 512] and W [512, 256], as fast as one thread does it. */
import type { KernelName, Kernels } from '../kernels/kernels.js';
import { instantiateKernels, SCRATCH_BYTES } from '../kernels/load.js';
import { Arena, allocateShared, measure } from '../parallel/arena.js';

const [R, K, N] = [256, 512, 256];
export const PRODUCT_FLOPS = 2 * R * K * N;

/** Crosses to a thread that measures. */
export interface ProductSetup {
  readonly name: KernelName;
  readonly module: WebAssembly.Module | null;
}

/** The product on memory of its own, to be called again and again. */
export function preparedProduct({ name, module }: ProductSetup): () => void {
  const carve = (arena: Arena) => ({
    scratch: arena.reserve(SCRATCH_BYTES),
    x: arena.floats(R * K).fill(0.5),
    w: arena.floats(K * N).fill(0.25),
    z: arena.floats(R * N),
  });
  const memory = allocateShared(measure(carve), Number.POSITIVE_INFINITY);
  const { scratch, x, w, z } = carve(new Arena(memory.buffer));
  const kernels: Kernels = instantiateKernels({ name, module, memory, scratch });
  return () => kernels.affine(z, x, w, null, R, K, N);
}

/** Runs the product until the time is up; returns GFLOP/s. */
export function productRate(product: () => void, seconds: number): number {
  const begin = performance.now();
  let elapsed = 0;
  let runs = 0;
  do {
    product();
    runs++;
    elapsed = performance.now() - begin;
  } while (elapsed < 1000 * seconds);
  return (runs * PRODUCT_FLOPS) / elapsed / 1e6;
}
