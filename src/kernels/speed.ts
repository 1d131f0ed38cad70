/**
 * Measures how fast kernels multiply on this machine: GFLOP/s of the product X·W with X [R, 512] and W [512,
 * 256].
 */
import type { Precision } from './bfloat16.js';
import { type KernelName, oneShard } from './kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from './load.js';
import type { NativeLibrary } from './native/index.js';

const [K, N] = [512, 256];
/** Bytes of a WebAssembly page; the first one belongs to the kernels' static data. */
const PAGE = 65536;
const ALIGNMENT = 64;

/** Describes the kernels to measure; it can be sent to another thread. */
export interface ProductSetup {
  readonly name: KernelName;
  readonly module: WebAssembly.Module | null;
  readonly library: NativeLibrary | null;
  readonly precision: Precision;
}

/** A matrix product is a multiplication on memory of its own, which can be repeated. */
interface MatrixProduct {
  readonly multiply: () => void;
  /** Floating-point operations of one multiplication. */
  readonly flops: number;
}

/** Prepares the product with X [R, 512] in shared memory of its own, as a training's arrays are. */
export function matrixProduct({ name, module, library, precision }: ProductSetup, R = 256): MatrixProduct {
  let bytes = PAGE;
  const reserve = (size: number) => {
    const offset = bytes;
    bytes += Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    return offset;
  };
  const scratch = reserve(scratchBytes(name));
  const [xOffset, wOffset, zOffset] = [R * K, K * N, R * N].map((length) => reserve(4 * length));
  const rounded = {
    weights: wOffset,
    parameters: K * N,
    roundedWeights: reserve(4 * K * N),
    left: reserve(4 * R * K),
    right: reserve(4 * R * K),
  };
  const pages = Math.ceil(bytes / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const x = new Float32Array(memory.buffer, xOffset, R * K).fill(0.5);
  const w = new Float32Array(memory.buffer, wOffset, K * N).fill(0.25);
  const z = new Float32Array(memory.buffer, zOffset, R * N);
  const kernels = instantiateKernels({
    name,
    module,
    memory,
    scratch,
    library,
    rounded: precision === 'f32' ? null : rounded,
  });
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

/** Rows of a shard: X then fits in the L2 cache, as it does in training. */
const SHARD_ROWS = 64;
const FEWEST_PRODUCTS = 3;

/**
 * Multiplies on the calling thread for `milliseconds`, at least three times, and returns the GFLOP/s of the
 * fastest product. Throws UsageError where this engine cannot run the kernels.
 */
export function kernelGflops(
  { name, library }: Pick<ProductSetup, 'name' | 'library'>,
  milliseconds = 10,
): number {
  const setup = { name, library, module: compileKernels(name), precision: 'f32' } as const;
  const product = matrixProduct(setup, SHARD_ROWS);
  const end = performance.now() + milliseconds;
  let best = 0;
  for (let count = 0; count < FEWEST_PRODUCTS || performance.now() < end; count++)
    best = Math.max(best, productRate(product, 0));
  return best;
}
