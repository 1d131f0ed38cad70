/** Summarises a few numbers: means, quantiles, and a mean that outliers do not move. */

/** Returns the arithmetic mean; NaN where there are no values. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Returns the square root of the mean of the squares. */
export function rootMeanSquare(values: readonly number[]): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

/** Returns the middle value, or the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * Returns the value at the share `p` of the sorted values, from 0, the smallest, to 1, the largest. The
 * result is always one of the values: the nearest one, and the larger one of two that are equally near.
 */
export function quantile(values: ArrayLike<number>, p: number): number {
  return atShare(Float64Array.from(values).sort(), p);
}

/** Returns the same of values that are sorted already. */
export function atShare(sorted: Float64Array, p: number): number {
  return sorted[Math.round(p * (sorted.length - 1))];
}

/** Returns the ends between which the middle share `confidence` of the values lies. */
export function percentileInterval(
  values: ArrayLike<number>,
  confidence = 0.95,
): { readonly low: number; readonly high: number } {
  const sorted = Float64Array.from(values).sort();
  const tail = (1 - confidence) / 2;
  return { low: atShare(sorted, tail), high: atShare(sorted, 1 - tail) };
}

/**
 * Returns the indices of the values without the smallest and the largest quarter, in rising order of value.
 */
export function middleHalf(values: readonly number[]): number[] {
  const indices = [...values.keys()].sort((a, b) => values[a] - values[b]);
  const quarter = values.length >> 2;
  return indices.slice(quarter, values.length - quarter);
}

/** Returns the mean of the middle half of the values, which single slow or fast ones do not move. */
export function interquartileMean(values: readonly number[]): number {
  return mean(middleHalf(values).map((index) => values[index]));
}
