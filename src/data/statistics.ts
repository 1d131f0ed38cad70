/**
 * Computes statistics of the training rows in float64 and in row order, so that they have the same bits on
 * every run.
 */
import type { StoredArray } from './dataset.js';
import { momentsOf } from './moments.js';

/** Returns the scale for a standard deviation: 1/std, or 1 for a constant column, whose deviations are 0. */
export function scaleOf(std: number): number {
  return std > 0 ? 1 / std : 1;
}

/** Values from which on the median is found by counting rather than by moving values. */
const MANY = 2 ** 14;
/** Bits of a double that say in which bucket it is counted: the sign, the exponent and 8 bits after it. */
const BUCKET_BITS = 20;

/** Returns the median of values, none of which is NaN; NaN where there are none. They keep their places. */
export function columnMedian(values: Float64Array): number {
  if (values.length === 0) return Number.NaN;
  const half = values.length >> 1;
  const { nth } = byRank(values);
  return values.length % 2 === 1 ? nth(half) : (nth(half - 1) + nth(half)) / 2;
}

/** Values by their rank. */
interface Ranked {
  readonly count: number;
  /** Returns the k-th smallest value, from 0. */
  readonly nth: (k: number) => number;
}

/** Ranks values, none of which is NaN, without sorting them all. They keep their places. */
export function byRank(values: Float64Array): Ranked {
  const nth = values.length < MANY ? selection(values.slice()) : counted(values);
  return { count: values.length, nth };
}

/** Returns a function that returns the k-th smallest value; it reorders the values. */
const selection = (values: Float64Array) => (k: number) => select(values, values.length, k);

/**
 * Does the same without moving anything. Values of a bucket share their first bits, and buckets are in the
 * order of their values, so the k-th value is sought among those of one bucket.
 */
function counted(values: Float64Array): (k: number) => number {
  const words = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const counts = new Uint32Array(2 ** BUCKET_BITS);
  for (let i = 1; i < words.length; i += 2) counts[bucketOf(words[i])]++;
  let [bucket, before, own] = [-1, 0, new Float64Array(0)];
  return (k) => {
    if (k < before || k >= before + own.length) {
      for ([bucket, before] = [0, 0]; before + counts[bucket] <= k; ) before += counts[bucket++];
      own = new Float64Array(counts[bucket]);
      for (let i = 0, filled = 0; filled < own.length; i++)
        if (bucketOf(words[2 * i + 1]) === bucket) own[filled++] = values[i];
    }
    return select(own, own.length, k - before);
  };
}

/** Returns the bucket of a double by its upper half: the larger the values, the larger the bucket. */
const bucketOf = (upper: number): number => (upper ^ ((upper >> 31) | -(2 ** 31))) >>> (32 - BUCKET_BITS);

/**
 * Returns the k-th smallest of the first `count` values by Hoare's selection. It reorders them so that no
 * value before position k is greater.
 */
function select(values: Float64Array, count: number, k: number): number {
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[k];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i <= j) {
        const held = values[i];
        values[i++] = values[j];
        values[j--] = held;
      }
    }
    if (j < k) low = i;
    if (k < i) high = j;
  }
  return values[k];
}

/** Returns the values of `rows` that are not missing, in ascending order. */
export function sortedPresent(values: ArrayLike<number>, rows: Uint32Array): Float64Array {
  const present = new Float64Array(rows.length);
  let count = 0;
  for (const row of rows) if (!Number.isNaN(values[row])) present[count++] = values[row];
  return present.subarray(0, count).sort();
}

/**
 * Returns the value at the share `p` of sorted values, 0 to 1, on the line between the two nearest ones:
 * numpy's `quantile` with its default method, in its order of operations, which gives the same bits.
 */
export function linearQuantile(sorted: Float64Array, p: number): number {
  return rankedQuantile({ count: sorted.length, nth: (k) => sorted[k] }, p);
}

function rankedQuantile({ count, nth }: Ranked, p: number): number {
  const place = p * (count - 1);
  const below = Math.floor(place);
  const [low, high] = [nth(below), nth(Math.min(below + 1, count - 1))];
  const t = place - below;
  return t < 0.5 ? low + (high - low) * t : high - (high - low) * (1 - t);
}

/** Says how numbers are moved and stretched: x becomes (x − shift) · scale. */
export interface Scale {
  readonly shift: number;
  readonly scale: number;
}

/**
 * Returns the median as shift, and 1/IQR as scale; where half of the values are equal and the IQR is 0,
 * 2/(max − min), as RealMLP does it. Returns null for values that are all equal, or too close together to
 * divide by their distance.
 */
export function robustScale(values: Ranked): Scale | null {
  const range = rangeOf(values);
  const iqr = rankedQuantile(values, 0.75) - rankedQuantile(values, 0.25);
  const scale = [1 / iqr, 2 / range].find(Number.isFinite);
  return scale === undefined ? null : { shift: rankedQuantile(values, 0.5), scale };
}

/** Returns the distance between the smallest and the largest value. */
export const rangeOf = ({ count, nth }: Ranked): number => nth(count - 1) - nth(0);

/** Returns the skewness of values, none of which is NaN: the mean of ((x − mean)/deviation)³. */
export function skewness(values: Float64Array): number {
  const { mean, std } = momentsOf(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) {
    const deviation = (values[i] - mean) / std;
    sum += deviation * deviation * deviation; // many times as fast as a power
  }
  return sum / values.length;
}

/** Returns the smallest and the largest value of each column of values[·, width] over `rows`. */
export function columnRanges(
  values: StoredArray,
  width: number,
  rows: Uint32Array,
): [min: number, max: number][] {
  return Array.from({ length: width }, (_, j) => {
    let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const row of rows) {
      min = Math.min(min, values[row * width + j]);
      max = Math.max(max, values[row * width + j]);
    }
    return [min, max];
  });
}
