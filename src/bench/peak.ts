/** The machine's matrix-product peak: as many threads at once as there are workers, all of them multiplying. */
import { fileURLToPath } from 'node:url';
import { ThreadPool } from '../parallel/pool.js';
import { type ProductSetup, type ProductWorkerData, preparedProduct, productRate } from './product.js';

/** The best window counts, so that a peak is what the machine can, not what it did. */
const WINDOWS = 12;
/** Seconds of one window. */
export const WINDOW = 0.04;

const WORKER_FILE = fileURLToPath(new URL('../../workers/product.js', import.meta.url));

/** GFLOP/s by number of workers. */
export type Peaks = ReadonlyMap<number, number>;

/** The in-process loop has one thread: its peak and a single worker's are the same, whichever came out better. */
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

/** What was best of two measurements. */
export function bestPeaks(before: Peaks, after: Peaks): Peaks {
  return new Map([...before].map(([count, gflops]) => [count, Math.max(gflops, after.get(count)!)]));
}

/** GFLOP/s of all threads together, staffed as a training's are; 0 workers: this thread alone. */
async function peakGflops(setup: ProductSetup, workers: number, window: number): Promise<number> {
  if (workers === 0) return singleThreadPeak(setup, window);
  const rates = new Float64Array(new SharedArrayBuffer(8 * workers));
  const product = preparedProduct(setup);
  const threads = new ThreadPool<number>({
    filename: WORKER_FILE,
    workers,
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

export function singleThreadPeak(setup: ProductSetup, window = WINDOW): number {
  const product = preparedProduct(setup);
  return Math.max(...Array.from({ length: WINDOWS }, () => productRate(product, window)));
}
