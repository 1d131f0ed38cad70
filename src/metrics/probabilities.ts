/** Metrics of the probabilities that are predicted for the classes. */
import { CalibrationError } from '../calibration/ece.js';
import { ln } from '../elementary.js';
import { type ClassPredictions, totalWeight, type Undefined, undefinedBecause } from './predictions.js';

/**
 * The smallest probability that counts, as scikit-learn's log_loss clips: one row cannot cost more than 34.5.
 */
export const LEAST_PROBABILITY = 1e-15;

/** Returns the mean over the rows of what `cost` says, given where a row's probabilities start. */
function meanOverRows(predictions: ClassPredictions, cost: (at: number, target: number) => number): number {
  const { classes, targets, weights } = predictions;
  let sum = 0;
  for (let row = 0; row < targets.length; row++) {
    sum += (weights === null ? 1 : weights[row]) * cost(row * classes.length, targets[row]);
  }
  return sum / totalWeight(predictions);
}

/** Returns the mean of −ln of the right class's probability. */
export function logLoss(predictions: ClassPredictions): number {
  const probabilities = predictions.probabilities!;
  return meanOverRows(predictions, (at, target) => {
    const p = Math.min(Math.max(probabilities[at + target], LEAST_PROBABILITY), 1 - LEAST_PROBABILITY);
    return -ln(p);
  });
}

/**
 * Returns the mean of Σₖ (pₖ − 1 for the right class, pₖ for the others)²; half of it for two classes, as
 * Brier's score of a yes or no is usually given.
 */
export function brier(predictions: ClassPredictions): number {
  const { classes } = predictions;
  const probabilities = predictions.probabilities!;
  const sum = meanOverRows(predictions, (at, target) => {
    let squares = 0;
    for (let k = 0; k < classes.length; k++) {
      squares += (probabilities[at + k] - (k === target ? 1 : 0)) ** 2;
    }
    return squares;
  });
  return classes.length === 2 ? sum / 2 : sum;
}

/** Returns the expected calibration error, in 15 bins (src/calibration/ece.ts). */
export function calibrationError(predictions: ClassPredictions): number {
  const { classes, targets, weights } = predictions;
  const error = new CalibrationError();
  const probabilities = predictions.probabilities!;
  error.add({ probabilities, classes: classes.length, labels: targets, weights });
  return error.value;
}

/**
 * Returns the share of the rows whose class is among the k most probable; of equal probabilities the first
 * count as more probable, as they do where one class is predicted.
 */
export const topAccuracy =
  (k: number) =>
  (predictions: ClassPredictions): number | Undefined => {
    const { classes } = predictions;
    const probabilities = predictions.probabilities!;
    if (classes.length <= k) return undefinedBecause(`there are only ${classes.length} classes`);
    return meanOverRows(predictions, (at, target) => {
      let above = 0;
      for (let j = 0; j < classes.length; j++) {
        const difference = probabilities[at + j] - probabilities[at + target];
        if (difference > 0 || (difference === 0 && j < target)) above++;
      }
      return above < k ? 1 : 0;
    });
  };
