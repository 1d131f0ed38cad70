/** Computes the calibration of a model from its predictions for rows that it was not trained on. */
import { intervalScore, keptScores, labelScores, type Range } from './conformal.js';
import { expectedCalibrationError } from './ece.js';
import type { ClassCalibration, ValueCalibration } from './record.js';
import { fitTemperature, type LabelledProbabilities, meanLogLoss, withTemperature } from './temperature.js';

/**
 * Calibrates predicted probabilities.
 * @param applied whether predictions are to be scaled by the temperature; the scores are of what is predicted
 */
export function calibrateClasses(rows: LabelledProbabilities, applied: boolean): ClassCalibration {
  const temperature = fitTemperature(rows);
  const scaled = { ...rows, probabilities: withTemperature(rows, temperature) };
  return {
    kind: 'classes',
    rows: rows.labels.length,
    temperature,
    applied,
    ece: { before: expectedCalibrationError(rows), after: expectedCalibrationError(scaled) },
    logLoss: { before: meanLogLoss(rows, 1), after: meanLogLoss(rows, temperature) },
    scores: keptScores(labelScores(applied ? scaled : rows), 1),
  };
}

/** Predicted ranges of some rows, with the values that turned out to be right. */
interface KnownRanges {
  readonly ranges: readonly Range[];
  readonly targets: ArrayLike<number>;
}

/** Calibrates predicted ranges, given by target and by pair of quantiles. */
export function calibrateValues(predicted: readonly (readonly KnownRanges[])[]): ValueCalibration {
  const lists = predicted.reduce((count, pairs) => count + pairs.length, 0);
  return {
    kind: 'values',
    rows: predicted[0][0].ranges.length,
    scores: predicted.map((pairs) =>
      pairs.map(({ ranges, targets }) =>
        keptScores(
          Float64Array.from(ranges, (range, row) => intervalScore(range, targets[row])),
          lists,
        ),
      ),
    ),
  };
}
