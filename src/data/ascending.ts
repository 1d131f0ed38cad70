/** Searches in ascending numbers. */

/** Returns how many of some ascending numbers are below a value, or with `included` at most it. */
export function lowerBound(ascending: ArrayLike<number>, value: number, included = false): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ascending[middle] < value || (included && ascending[middle] === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
