import type { LabelledProbabilities } from './temperature.js';

const BINS = 15;

/**
 * Returns the expected calibration error (Guo et al. 2017): rows go into 15 bins of equal width by the
 * largest of their probabilities, and the distance of a bin's accuracy from its mean probability counts with
 * the share of its rows.
 */
export function expectedCalibrationError({ probabilities, classes, labels }: LabelledProbabilities): number {
  const right = new Float64Array(BINS);
  const confidence = new Float64Array(BINS);
  for (let row = 0; row < labels.length; row++) {
    const best = mostProbable(probabilities, row, classes);
    const highest = probabilities[row * classes + best];
    const bin = Math.max(0, Math.ceil(highest * BINS) - 1); // bin k holds k/15 < p ≤ (k+1)/15
    right[Math.min(bin, BINS - 1)] += best === labels[row] ? 1 : 0;
    confidence[Math.min(bin, BINS - 1)] += highest;
  }
  let error = 0;
  for (let bin = 0; bin < BINS; bin++) error += Math.abs(right[bin] - confidence[bin]);
  return error / labels.length;
}

/** Returns the class of a row's largest probability, the first of equals. */
export function mostProbable(probabilities: ArrayLike<number>, row: number, classes: number): number {
  let best = 0;
  for (let j = 1; j < classes; j++) {
    if (probabilities[row * classes + j] > probabilities[row * classes + best]) best = j;
  }
  return best;
}
