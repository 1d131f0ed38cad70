/**
 * Statistics of repeated trainings: the paired comparison of two configurations over seeds or folds, of many,
 * and how many seeds one needs.
 */
import { UsageError } from '../../errors.js';
import { type Folds, sampleVariance, variancePerMean } from '../../meaninterval.js';
import { PURPOSE, Stream } from '../../random.js';
import { mean, percentileInterval } from '../../statistics.js';
import { noncentralTails, studentQuantile, studentTails } from '../../student.js';

/** Says what the pairs are, and how sure to be. */
export interface ComparisonOptions {
  /** Given where the pairs are folds; without it they are seeds, which are independent. */
  readonly folds?: Folds;
  /** The probability with which the interval is to hold the true difference; 0.95 by default. */
  readonly confidence?: number;
  /** The seed of the bootstrap's draws, 0 by default. */
  readonly seed?: number;
}

/** The comparison of two configurations that were trained on the same seeds or folds. */
export interface PairedComparison {
  /** The mean of a − b. */
  readonly difference: number;
  /** The interval of the difference by Student's distribution; null with one pair. */
  readonly interval: { readonly low: number; readonly high: number } | null;
  /** The percentile interval by resampling the pairs; null for folds, which are not independent. */
  readonly bootstrap: { readonly low: number; readonly high: number } | null;
  /** The two-sided p-value of no difference; null with one pair. */
  readonly p: number | null;
  /** The t statistic; null with one pair, and where all differences are equal. */
  readonly t: number | null;
  /** The standard deviation of the differences. */
  readonly deviation: number;
  readonly pairs: number;
  readonly folds: Folds | null;
}

const RESAMPLES = 10_000;

/**
 * Compares two configurations by a metric, pair by pair: value i of both must come from the same seed or
 * fold. Over seeds it is the paired t-test, over folds the corrected one of Nadeau and Bengio.
 *
 * @throws UsageError where the two have different numbers of values, or none
 * @example
 * ```js
 * import { compare, comparisonSentence } from 'gradpool';
 *
 * const wide = [0.912, 0.931, 0.925, 0.904, 0.943];
 * const narrow = [0.905, 0.922, 0.919, 0.899, 0.931];
 * const found = compare(wide, narrow);
 * console.log(found.difference.toFixed(4), found.p?.toFixed(4)); // → 0.0078 0.0033
 * const reading = { greaterIsBetter: true, scale: 100, unit: 'points' };
 * const sentence = comparisonSentence('wide', 'narrow', found, reading);
 * console.log(sentence); // → wide beats narrow by 0.78 points [0.44, 1.12], p = 0.003, 5 seeds
 * ```
 */
export function comparePaired(
  a: readonly number[],
  b: readonly number[],
  { folds, confidence = 0.95, seed = 0 }: ComparisonOptions = {},
): PairedComparison {
  if (a.length !== b.length || a.length === 0) {
    throw new UsageError(
      `comparison: ${a.length} values against ${b.length}; both configurations need one for each seed or fold`,
    );
  }
  const differences = a.map((value, i) => value - b[i]);
  const pairs = differences.length;
  const difference = mean(differences);
  const single = { difference, interval: null, bootstrap: null, p: null, t: null, deviation: 0, pairs };
  if (pairs < 2) return { ...single, folds: folds ?? null };
  const variance = isConstant(differences) ? 0 : sampleVariance(differences);
  const error = Math.sqrt(variance * variancePerMean(pairs, folds));
  const half = error === 0 ? 0 : studentQuantile((1 + confidence) / 2, pairs - 1) * error;
  const t = error === 0 ? null : difference / error;
  const same = difference === 0 ? 1 : 0;
  return {
    difference,
    interval: { low: difference - half, high: difference + half },
    bootstrap: folds ? null : bootstrapMean(differences, confidence, seed),
    p: t === null ? same : studentTails(t, pairs - 1),
    t,
    deviation: Math.sqrt(variance),
    pairs,
    folds: folds ?? null,
  };
}

/** Whether the values are equal but for the rounding of subtraction. */
function isConstant(values: readonly number[]): boolean {
  const [least, largest] = [Math.min(...values), Math.max(...values)];
  return largest - least <= 1e-14 * Math.max(Math.abs(least), Math.abs(largest));
}

/** Returns the percentile interval of the mean: means of as many values, drawn with replacement. */
function bootstrapMean(values: readonly number[], confidence: number, seed: number) {
  const stream = new Stream(seed, PURPOSE.bootstrap, 0);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[stream.below(values.length)];
    return sum / values.length;
  });
  return percentileInterval(means, confidence);
}

/**
 * Returns Holm's adjusted p-values (1979) of m tests: those below 0.05 are significant together, with a
 * chance of at most 5 % that any of them is wrong.
 *
 * @example
 * ```js
 * import { holm } from 'gradpool';
 *
 * console.log(holm([0.01, 0.04, 0.03])); // → [ 0.03, 0.06, 0.06 ]
 * ```
 */
export function holm(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((i, j) => values[i] - values[j]);
  const adjusted = new Array<number>(values.length).fill(1);
  let least = 0;
  order.forEach((i, rank) => {
    least = Math.max(least, Math.min(1, (values.length - rank) * values[i]));
    adjusted[i] = least;
  });
  return adjusted;
}

/** The probability with which a difference that is there should be found. */
const POWER = 0.8;
const MOST_SEEDS = 100_000;

/**
 * Returns the probability that a paired t-test over so many seeds finds a difference at the level 0.05.
 *
 * @param deviation the standard deviation of the differences from seed to seed
 * @example
 * ```js
 * import { powerOf } from 'gradpool';
 *
 * console.log(powerOf(0.002, 0.004, 10).toFixed(3)); // → 0.293
 * ```
 */
export function powerOf(difference: number, deviation: number, seeds: number): number {
  const critical = studentQuantile(0.975, seeds - 1);
  return noncentralTails(critical, seeds - 1, (Math.abs(difference) / deviation) * Math.sqrt(seeds));
}

/**
 * Returns how many seeds a paired t-test at the level 0.05 needs to find a difference with a probability of
 * 80 %; null where 100,000 are too few.
 *
 * @param deviation the standard deviation of the differences from seed to seed
 * @example
 * ```js
 * import { seedsNeeded } from 'gradpool';
 *
 * console.log(seedsNeeded(0.002, 0.004)); // → 34
 * ```
 */
export function seedsNeeded(difference: number, deviation: number): number | null {
  if (deviation === 0) return 2;
  let [low, high] = [1, 2];
  while (powerOf(difference, deviation, high) < POWER) {
    if (high >= MOST_SEEDS) return null;
    [low, high] = [high, 2 * high];
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (powerOf(difference, deviation, middle) < POWER) low = middle;
    else high = middle;
  }
  return high;
}
