/**
 * Computes statistics of the training rows in float64 and in row order, so that they have the same bits on
 * every run.
 */
import type { StoredArray } from './dataset.js';
import { columnMoments } from './moments.js';

/** Returns the scale for a standard deviation: 1/std, or 1 for a constant column, whose deviations are 0. */
export function scaleOf(std: number): number {
  return std > 0 ? 1 / std : 1;
}

/** Columns that are read together. A cache line holds eight float64, so eight columns cost as much as one. */
const TOGETHER = 8;

/** Computes the median of each column over `rows`, leaving out NaN; NaN for a column with no values. */
export function columnMedians(values: Float64Array, width: number, rows: Uint32Array): Float64Array {
  const medians = new Float64Array(width);
  const scratch = Array.from({ length: Math.min(TOGETHER, width) }, () => new Float64Array(rows.length));
  for (let first = 0; first < width; first += TOGETHER) {
    const columns = Math.min(TOGETHER, width - first);
    const counts = new Uint32Array(columns);
    for (let r = 0; r < rows.length; r++) {
      const start = rows[r] * width + first;
      for (let j = 0; j < columns; j++) {
        const value = values[start + j];
        if (!Number.isNaN(value)) scratch[j][counts[j]++] = value;
      }
    }
    for (let j = 0; j < columns; j++) medians[first + j] = median(scratch[j], counts[j]);
  }
  return medians;
}

function median(values: Float64Array, count: number): number {
  if (count === 0) return Number.NaN;
  const half = count >> 1;
  const upper = select(values, count, half);
  if (count % 2 === 1) return upper;
  let lower = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < half; i++) if (values[i] > lower) lower = values[i];
  return (lower + upper) / 2;
}

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
  const place = p * (sorted.length - 1);
  const below = Math.floor(place);
  const [low, high] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
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
export function robustScale(sorted: Float64Array): Scale | null {
  const range = sorted[sorted.length - 1] - sorted[0];
  const iqr = linearQuantile(sorted, 0.75) - linearQuantile(sorted, 0.25);
  const scale = [1 / iqr, 2 / range].find(Number.isFinite);
  return scale === undefined ? null : { shift: linearQuantile(sorted, 0.5), scale };
}

/** Returns the skewness of the present values of `rows`: the mean of ((x − mean)/deviation)³. */
export function skewness(values: Float64Array, rows: Uint32Array): number {
  const { mean, std } = columnMoments(values, 1, rows);
  let sum = 0;
  let count = 0;
  for (const row of rows) {
    if (Number.isNaN(values[row])) continue;
    sum += ((values[row] - mean[0]) / std[0]) ** 3;
    count++;
  }
  return sum / count;
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
