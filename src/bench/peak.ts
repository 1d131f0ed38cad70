/**
 * Measures the machine's matrix-product peak: as many threads multiply at once as a training with that many
 * workers has.
 */
import { fileURLToPath } from 'node:url';
import { chooseKernels, type KernelOptions } from '../kernels/choose.js';
import { compileKernels } from '../kernels/load.js';
import { matrixProduct, type ProductSetup, productRate } from '../kernels/speed.js';
import { ThreadPool } from '../parallel/pool.js';

/**
 * The best of this many windows counts, so that a peak is what the machine can do, not what it happened to
 * do.
 */
const WINDOWS = 12;
/** Seconds of one window. */
export const WINDOW = 0.04;

const WORKER_FILE = fileURLToPath(new URL('../../workers/product.js', import.meta.url));

/** Holds GFLOP/s by number of workers. */
export type Peaks = ReadonlyMap<number, number>;

/** Holds what every thread is given; each leaves its GFLOP/s at its own place in `rates`. */
export interface ProductWorkerData {
  readonly setup: ProductSetup;
  readonly rates: Float64Array<SharedArrayBuffer>;
  /** Seconds. */
  readonly window: number;
}

/** Chooses the kernels to measure, as a training does. Throws UsageError when this machine lacks them. */
export function productSetup(options: KernelOptions): ProductSetup {
  const { name, library } = chooseKernels(options);
  return { name, module: compileKernels(name), library, precision: options.precision };
}

/**
 * Measures the peak of each worker count. The in-process loop and a single worker both have one thread, so
 * both get the better of their two figures.
 */
export async function measurePeaks(
  setup: ProductSetup,
  workers: readonly number[],
  window = WINDOW,
): Promise<Peaks> {
  const measured = new Map<number, number>();
  for (const count of workers) measured.set(count, await peakGflops(setup, count, window));
  const single = Math.max(measured.get(0)!, measured.get(1) ?? 0);
  return new Map([...measured].map(([count, gflops]) => [count, count < 2 ? single : gflops]));
}

/** Returns the better of two measurements for each worker count. */
export function bestPeaks(before: Peaks, after: Peaks): Peaks {
  return new Map([...before].map(([count, gflops]) => [count, Math.max(gflops, after.get(count)!)]));
}

/**
 * Returns GFLOP/s of all threads together, started as a training's are; with 0 workers, of this thread alone.
 */
async function peakGflops(setup: ProductSetup, workers: number, window: number): Promise<number> {
  if (workers === 0) return singleThreadPeak(setup, window);
  const rates = new Float64Array(new SharedArrayBuffer(8 * workers));
  const product = matrixProduct(setup);
  const threads = new ThreadPool<number>({
    filename: WORKER_FILE,
    workers,
    together: true,
    workerData: { setup, rates, window } satisfies ProductWorkerData,
    encode: (place, cells) => {
      cells[0] = place;
    },
    handle: (place) => {
      rates[place] = productRate(product, window);
    },
  });
  try {
    let best = 0;
    for (let count = 0; count < WINDOWS; count++) {
      await threads.run([...rates.keys()]);
      best = Math.max(
        best,
        rates.reduce((sum, rate) => sum + rate, 0),
      );
    }
    return best;
  } finally {
    await threads.close();
  }
}

/** Returns GFLOP/s of the calling thread in the best window. */
export function singleThreadPeak(setup: ProductSetup, window = WINDOW): number {
  const product = matrixProduct(setup);
  return Math.max(...Array.from({ length: WINDOWS }, () => productRate(product, window)));
}
