/**
 * Measures what the machine can do at most: how fast as many threads as a training with that many workers has
 * multiply matrices, and how fast they move memory.
 */
import { fileURLToPath } from 'node:url';
import { chooseKernels, type KernelOptions } from '../kernels/choose.js';
import { compileKernels } from '../kernels/load.js';
import { type MatrixProduct, matrixProduct, type ProductSetup, productRate } from '../kernels/speed.js';
import { ThreadPool } from '../parallel/pool.js';
import { additionRate, type Rates, type RepeatedAddition, vectorAddition } from './limit.js';

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

/** The two rates: GFLOP/s of a matrix product, and GB/s of an addition. */
const RATES = ['product', 'addition'] as const;

/** Asks a thread for one of its rates, by its index in `RATES`. */
interface RateTask {
  /** The number of the thread among those that measure together. */
  readonly place: number;
  readonly rate: number;
}

/** Holds what every thread is given. */
export interface RateSetup {
  readonly setup: ProductSetup;
  /** Each thread leaves what it measured at its own place. */
  readonly rates: Float64Array<SharedArrayBuffer>;
  /** Seconds. */
  readonly window: number;
  /** Bytes of the arrays that each thread adds. */
  readonly bytes: number;
}

/** Holds what one thread measures with. */
interface RateMeter {
  readonly product: MatrixProduct;
  readonly addition: RepeatedAddition;
}

/** Prepares what one thread measures with. */
export const rateMeter = ({ setup, bytes }: Pick<RateSetup, 'setup' | 'bytes'>): RateMeter => ({
  product: matrixProduct(setup),
  addition: vectorAddition(setup, bytes),
});

/** Measures one window of a rate. @param rate its index in `RATES` */
export function measuredRate({ product, addition }: RateMeter, rate: number, window: number): number {
  return RATES[rate] === 'product' ? productRate(product, window) : additionRate(addition, window);
}

/** Chooses the kernels to measure, as a training does. Throws UsageError when this machine lacks them. */
export function productSetup(options: KernelOptions): ProductSetup {
  const { name, library } = chooseKernels(options);
  return { name, module: compileKernels(name, options.precision), library, precision: options.precision };
}

/**
 * Measures the rates of each worker count. The in-process loop and a single worker both have one thread, so
 * both get the better of their two figures.
 * @param memory bytes that a step of so many workers touches, which its threads share
 */
export async function measureRates(
  setup: ProductSetup,
  workers: readonly number[],
  memory: (workers: number) => number,
  window = WINDOW,
): Promise<ReadonlyMap<number, Rates>> {
  const measured = new Map<number, Rates>();
  for (const count of workers) {
    const bytes = memory(count) / Math.max(1, count);
    measured.set(count, await ratesOf({ setup, bytes, window }, count));
  }
  const single = better(measured.get(0)!, measured.get(1) ?? measured.get(0)!);
  return new Map([...measured].map(([count, rates]) => [count, count < 2 ? single : rates]));
}

const better = (a: Rates, b: Rates): Rates => ({
  gflops: Math.max(a.gflops, b.gflops),
  gigabytes: Math.max(a.gigabytes, b.gigabytes),
});

/** Returns the better of two measurements for each worker count. */
export function bestRates(
  before: ReadonlyMap<number, Rates>,
  after: ReadonlyMap<number, Rates>,
): ReadonlyMap<number, Rates> {
  return new Map([...before].map(([count, rates]) => [count, better(rates, after.get(count)!)]));
}

/** Returns the peaks alone. */
export const peaksOf = (rates: ReadonlyMap<number, Rates>): Peaks =>
  new Map([...rates].map(([count, { gflops }]) => [count, gflops]));

/**
 * Returns the rates of all threads together, started as a training's are; with 0 workers, of this thread
 * alone.
 */
async function ratesOf(data: Omit<RateSetup, 'rates'>, workers: number): Promise<Rates> {
  const { window } = data;
  const meter = rateMeter(data);
  if (workers === 0) {
    const [gflops, gigabytes] = RATES.map((_, rate) => bestWindow(() => measuredRate(meter, rate, window)));
    return { gflops, gigabytes };
  }
  const rates = new Float64Array(new SharedArrayBuffer(8 * workers));
  const threads = new ThreadPool<RateTask>({
    filename: WORKER_FILE,
    workers,
    together: true,
    setup: { ...data, rates } satisfies RateSetup,
    encode: ({ place, rate }, cells) => {
      cells[0] = place;
      cells[1] = rate;
    },
    handle: ({ place, rate }) => {
      rates[place] = measuredRate(meter, rate, window);
    },
  });
  try {
    const best: number[] = [];
    for (const rate of RATES.keys()) {
      best[rate] = 0;
      for (let count = 0; count < WINDOWS; count++) {
        await threads.run([...rates.keys()].map((place) => ({ place, rate })));
        best[rate] = Math.max(
          best[rate],
          rates.reduce((sum, one) => sum + one, 0),
        );
      }
    }
    const [gflops, gigabytes] = best;
    return { gflops, gigabytes };
  } finally {
    await threads.close();
  }
}

const bestWindow = (measure: () => number): number =>
  Math.max(...Array.from({ length: WINDOWS }, () => measure()));

/** Returns GFLOP/s of the calling thread in the best window. */
export function singleThreadPeak(setup: ProductSetup, window = WINDOW): number {
  const product = matrixProduct(setup);
  return bestWindow(() => productRate(product, window));
}
