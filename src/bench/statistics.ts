/** Numbers about repeated times: medians with 95 % bootstrap intervals (Efron 1979), and what they say of scaling. */
import { PURPOSE, Stream } from '../random.js';

/** A value with its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 2000;

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The rounds whose times are neither in the fastest nor in the slowest quarter. */
export function middleHalf(times: readonly number[]): number[] {
  const rounds = [...times.keys()].sort((a, b) => times[a] - times[b]);
  const quarter = times.length >> 2;
  return rounds.slice(quarter, times.length - quarter);
}

/** The median time of a round. */
export function medianOf(times: readonly number[]): Estimate {
  return bootstrap((resample) => median(resample(times)[0]));
}

/**
 * median(a)/median(b) of times from the same interleaved rounds: rounds are resampled whole, so that what slowed both
 * in a round does not widen the interval.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): Estimate {
  return bootstrap((resample) => {
    const [first, second] = resample(a, b);
    return median(first) / median(second);
  });
}

/** median(a)/median(b) of times that were not measured together. */
export function ratio(a: readonly number[], b: readonly number[]): Estimate {
  return bootstrap((resample) => median(resample(a)[0]) / median(resample(b)[0]));
}

/** Draws as many rounds as there are, with replacement, the same ones from each of the series. */
type Resample = (...series: (readonly number[])[]) => (readonly number[])[];

/** The percentile interval of a statistic. Seeded: the same times give the same interval. */
function bootstrap(statistic: (resample: Resample) => number): Estimate {
  const stream = new Stream(0, PURPOSE.bench, 0);
  const drawn: Resample = (...series) => {
    const rounds = series[0].map(() => stream.below(series[0].length));
    return series.map((times) => rounds.map((round) => times[round]));
  };
  const values = Float64Array.from({ length: RESAMPLES }, () => statistic(drawn)).sort();
  const quantile = (p: number) => values[Math.round(p * (RESAMPLES - 1))];
  return { value: statistic((...series) => series), low: quantile(0.025), high: quantile(0.975) };
}

export function scaled({ value, low, high }: Estimate, factor: number): Estimate {
  return { value: value * factor, low: low * factor, high: high * factor };
}

/**
 * The serial fraction e = (1/ψ − 1/p)/(1 − 1/p) of a speed-up ψ on p workers (Karp and Flatt 1990): where it grows with
 * p, it is overhead and not serial work that holds the program back. Null for a single worker.
 */
export function karpFlatt(speedup: number, workers: number): number | null {
  return workers < 2 ? null : (1 / speedup - 1 / workers) / (1 - 1 / workers);
}

/** The smallest batch from which on the speed-up is above 1 with its whole interval; null: none is. */
export function breakEven(points: readonly { batch: number; speedup: Estimate }[]): number | null {
  const falling = [...points].sort((a, b) => b.batch - a.batch);
  const below = falling.findIndex(({ speedup }) => speedup.low <= 1);
  const from = below === -1 ? falling.length - 1 : below - 1;
  return falling[from]?.batch ?? null;
}

/** amount/time: the interval's ends change places. */
export function per(amount: number, { value, low, high }: Estimate): Estimate {
  return { value: amount / value, low: amount / high, high: amount / low };
}

/**
 * The exponent k of time ≈ c·size^k: the least-squares slope through the medians on logarithmic axes, with the interval
 * that comes of resampling each size's rounds.
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
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const sxy = x.reduce((sum, xi, i) => sum + (xi - mx) * (y[i] - my), 0);
  return sxy / x.reduce((sum, xi) => sum + (xi - mx) ** 2, 0);
}
