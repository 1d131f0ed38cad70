/** Measures how fast kernels multiply on this machine. */
import { type KernelName, oneShard } from './kernels.js';
import { compileKernels, instantiateKernels, scratchBytes } from './load.js';
import type { NativeLibrary } from './native/index.js';

/** The sizes of X [R,K] and W [K,N]: both fit in the L2 cache, as they do in training. */
const [R, K, N] = [64, 512, 256];
const FLOPS = 2 * R * K * N;
const PAGE = 65536;

/**
 * Returns billions of floating-point operations per second for X·W on the calling thread: the fastest of the
 * products that fit into the given time, at least three.
 */
export function kernelGflops(
  { name, library }: { readonly name: KernelName; readonly library: NativeLibrary | null },
  milliseconds = 10,
): number {
  const floats = R * K + K * N + R * N;
  const pages = Math.ceil((PAGE + scratchBytes(name) + 4 * floats) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  const kernels = instantiateKernels({ name, module: compileKernels(name), memory, scratch: PAGE, library });
  let offset = PAGE + scratchBytes(name);
  const matrix = (length: number) => {
    offset += 4 * length;
    return new Float32Array(memory.buffer, offset - 4 * length, length).fill(0.5);
  };
  const [x, w, z] = [matrix(R * K), matrix(K * N), matrix(R * N)];
  const rows = oneShard(R);
  const end = performance.now() + milliseconds;
  let fastest = Number.POSITIVE_INFINITY;
  for (let runs = 0; runs < 3 || performance.now() < end; runs++) {
    const begin = performance.now();
    kernels.affine(z, x, w, null, rows, K, N);
    fastest = Math.min(fastest, performance.now() - begin);
  }
  return FLOPS / fastest / 1e6;
}
