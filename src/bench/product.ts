/** The matrix product by which kernels are judged: X·W with X [256, 512] and W [512, 256], as fast as one thread does it. */
import type { Precision } from '../kernels/bfloat16.js';
import { chooseKernels, type KernelOptions } from '../kernels/choose.js';
import { type KernelName, oneShard } from '../kernels/kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from '../kernels/load.js';
import type { NativeLibrary } from '../kernels/native/index.js';
import { Arena, allocateShared, measure } from '../parallel/arena.js';

const [R, K, N] = [256, 512, 256];
const PRODUCT_FLOPS = 2 * R * K * N;

/** Crosses to a thread that measures. */
export interface ProductSetup {
  readonly name: KernelName;
  readonly module: WebAssembly.Module | null;
  readonly library: NativeLibrary | null;
  readonly precision: Precision;
}

/** What a thread is given: it leaves its rate in its place. */
export interface ProductWorkerData {
  readonly setup: ProductSetup;
  readonly rates: Float64Array<SharedArrayBuffer>;
  /** seconds */
  readonly window: number;
}

/** Throws UsageError when the kernels cannot be had. */
export function productSetup(options: KernelOptions): ProductSetup {
  const { name, library } = chooseKernels(options);
  return { name, module: compileKernels(name), library, precision: options.precision };
}

/** The product on memory of its own, to be called again and again. */
export function preparedProduct({ name, module, library, precision }: ProductSetup): () => void {
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
  const rows = oneShard(R);
  kernels.refreshWeights();
  return () => kernels.affine(z, x, w, null, rows, K, N);
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
