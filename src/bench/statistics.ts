/**
 * Statistics of repeated times: medians with 95 % bootstrap intervals (Efron 1979), their ratios, and how
 * training scales.
 */
import { PURPOSE, Stream } from '../random.js';
import { mean, median, percentileInterval } from '../statistics.js';

/** An estimate is a value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

/** Estimates the median time of a round. */
export function medianOf(times: readonly number[]): Estimate {
  return bootstrap((resample) => median(resample(times)[0]));
}

/**
 * Estimates median(a)/median(b) for times from the same interleaved rounds. Rounds are resampled whole: what
 * slowed both sides of a round then cancels instead of widening the interval.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate {
  return bootstrap((resample) => {
    const [first, second] = resample(a, b);
    return median(first) / median(second);
  });
}

/** Estimates median(a)/median(b) for times that were not measured together. */
export function ratio(a: readonly number[], b: readonly number[]): Estimate {
  return bootstrap((resample) => median(resample(a)[0]) / median(resample(b)[0]));
}

/** Draws as many rounds as there are, with replacement, and takes the same rounds from each of the series. */
type Resample = (...series: (readonly number[])[]) => (readonly number[])[];

/**
 * Returns a statistic with its percentile interval. The draws are seeded: equal times give equal intervals.
 */
function bootstrap(statistic: (resample: Resample) => number): Estimate {
  const stream = new Stream(0, PURPOSE.bench, 0);
  const resample: Resample = (...series) => {
    const rounds = series[0].map(() => stream.below(series[0].length));
    return series.map((times) => rounds.map((round) => times[round]));
  };
  const values = Float64Array.from({ length: RESAMPLES }, () => statistic(resample));
  return { value: statistic((...series) => series), ...percentileInterval(values) };
}

/** Multiplies an estimate and its interval by a positive factor. */
export function scaleEstimate({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor };
}

/**
 * Returns the serial fraction e = (1/ψ − 1/p)/(1 − 1/p) of a speed-up ψ on p workers (Karp and Flatt 1990).
 * Where it grows with p, overhead holds the program back rather than serial work. Null for a single worker.
 */
export function karpFlatt(speedup: number, workers: number): number | null {
  return workers < 2 ? null : (1 / speedup - 1 / workers) / (1 - 1 / workers);
}

/**
 * Returns the smallest batch from which on every speed-up is above 1 with its whole interval; null if there
 * is none.
 */
export function breakEvenBatch(points: readonly { batch: number; speedup: Estimate }[]): number | null {
  const falling = [...points].sort((a, b) => b.batch - a.batch);
  const firstDoubtful = falling.findIndex(({ speedup }) => speedup.low <= 1);
  const certain = firstDoubtful === -1 ? falling : falling.slice(0, firstDoubtful);
  return certain.at(-1)?.batch ?? null;
}

/**
 * Divides an amount by a time. The longest time gives the lowest rate, so the ends of the interval change
 * places.
 */
export function per(amount: number, { value, low, high }: Estimate): Estimate {
  return { value: amount / value, low: amount / high, high: amount / low };
}

/**
 * Estimates the exponent k of time ≈ c·size^k: the least-squares slope through the medians on logarithmic
 * axes, with the interval that comes from resampling the rounds of each size.
 */
export function growthExponent(
  points: readonly { readonly size: number; readonly times: readonly number[] }[],
): Estimate {
  const x = points.map(({ size }) => Math.log(size));
  return bootstrap((resample) =>
    slope(
      x,
      points.map(({ times }) => Math.log(median(resample(times)[0]))),
    ),
  );
}

function slope(x: readonly number[], y: readonly number[]): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  const products = x.reduce((sum, xi, i) => sum + (xi - meanX) * (y[i] - meanY), 0);
  return products / x.reduce((sum, xi) => sum + (xi - meanX) ** 2, 0);
}
