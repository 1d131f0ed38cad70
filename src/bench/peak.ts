/** The machine's matrix-product peak: as many threads at once as there are workers, all of them multiplying. */
import { fileURLToPath } from 'node:url';
import type { KernelName } from '../kernels/kernels.js';
import { compileKernels } from '../kernels/load.js';
import { threadPool } from '../parallel/pool.js';
import { type ProductSetup, preparedProduct, productRate } from './product.js';

/** Seconds of one window; windows. The best window counts, so that a peak is what the machine can, not what it did. */
const WINDOW = 0.04;
const WINDOWS = 12;

const WORKER_FILE = fileURLToPath(new URL('../../workers/product.js', import.meta.url));

/** GFLOP/s of all threads together; 0 workers: this thread alone. */
export async function peakGflops(name: KernelName, workers: number): Promise<number> {
  const setup: ProductSetup = { name, module: compileKernels(name) };
  if (workers === 0) return singleThreadPeak(setup);
  const pool = threadPool<number, number>({ filename: WORKER_FILE, workers, workerData: setup });
  try {
    let best = 0;
    for (let window = 0; window < WINDOWS; window++) {
      const rates = await pool.run(Array.from({ length: workers }, () => WINDOW));
      best = Math.max(
        best,
        rates.reduce((sum, rate) => sum + rate, 0),
      );
    }
    return best;
  } finally {
    await pool.close();
  }
}

export function singleThreadPeak(setup: ProductSetup): number {
  const product = preparedProduct(setup);
  return Math.max(...Array.from({ length: WINDOWS }, () => productRate(product, WINDOW)));
}
