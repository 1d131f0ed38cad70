/** Ranks and intervals of scores over splits. Nothing here reads a file. */
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
  const count = values.length;
  const middle = mean(values);
  if (count < 2) return { mean: middle, half: Number.NaN };
  const sampleVariance = (variance(values) * count) / (count - 1);
  return { mean: middle, half: student(count - 1) * Math.sqrt(sampleVariance * (1 / count + testToTrain)) };
}

// The 97.5 % quantile of Student's distribution with 1, 2, … degrees of freedom (R: qt(0.975, 1:26)).
const STUDENT = [
  12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.306, 2.2622, 2.2281, 2.201, 2.1788, 2.1604,
  2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.093, 2.086, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555,
];

function student(degrees) {
  return STUDENT[Math.min(degrees, STUDENT.length) - 1];
}
