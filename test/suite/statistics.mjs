/** Ranks and intervals of scores over splits. Nothing here reads a file. */
import { meanInterval } from '#src/meaninterval.js';
import { mean } from '#src/statistics.js';

/** Returns the mean squared distance from the mean, as R² divides by it. */
export function variance(values) {
  const middle = mean(values);
  return mean(values.map((value) => (value - middle) ** 2));
}

/** Ranks from 1, the least; equal values share the mean of their ranks. */
export function ranks(values) {
  return values.map((value) => {
    const less = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return less + (equal + 1) / 2;
  });
}

/**
 * Returns the mean of a score over splits of one table and the half width of its 95 % interval, after Nadeau
 * and Bengio (2003): the splits share rows, so that the variance of their mean is s²·(1/J + test/training
 * rows), not s²/J. With 3 folds of 3 repeats that makes the interval 2.3 times as wide.
 * @param values one a split, J of them
 * @param testToTrain test rows over training rows, 1/2 with 3 folds
 */
export function interval(values, testToTrain = 1 / 2) {
  const { mean: middle, high } = meanInterval(values, { testToTrain });
  return { mean: middle, half: high === null ? Number.NaN : high - middle };
}
