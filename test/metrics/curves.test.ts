/** ROC and precision-recall curves, and calibration bins, against the metrics that sum them up. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CalibrationError, expectedCalibrationError } from '#src/calibration/ece.js';
import { classPredictions } from '#src/metrics/predictions.js';
import { PRECISION_RECALL, precisionRecallCurve, ROC, rocCurve } from '#src/metrics/ranking.js';

/** Rows of two classes with probabilities that often tie, and weights. */
const rows = fc.array(
  fc.record({
    label: fc.constantFrom(0, 1),
    p: fc.integer({ min: 0, max: 8 }),
    weight: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 2, maxLength: 40 },
);
const predictionsOf = (given: readonly { label: number; p: number; weight: number }[]) =>
  classPredictions({
    classes: ['no', 'yes'],
    targets: given.map(({ label }) => label),
    predicted: given.map(({ p }) => (p > 4 ? 1 : 0)),
    probabilities: given.flatMap(({ p }) => [1 - p / 8, p / 8]),
    weights: given.map(({ weight }) => weight),
  });

it('have the areas of the metrics', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const predictions = predictionsOf(given);
      const labels = new Set(given.map(({ label }) => label));
      const roc = rocCurve(predictions, 1);
      if (labels.size < 2) expect(roc).toBeNull();
      else {
        const area = roc!
          .slice(1)
          .reduce((sum, { x, y }, i) => sum + ((x - roc![i].x) * (y + roc![i].y)) / 2, 0);
        expect(area).toBeCloseTo(ROC.area(predictions, 1).area, 12);
        expect(roc!.at(-1)).toMatchObject({ x: 1, y: 1 });
      }
      const curve = precisionRecallCurve(predictions, 1);
      if (!labels.has(1)) expect(curve).toBeNull();
      else {
        const area = curve!.reduce((sum, { x, y }, i) => sum + (x - (curve![i - 1]?.x ?? 0)) * y, 0);
        expect(area).toBeCloseTo(PRECISION_RECALL.area(predictions, 1).area, 12);
      }
    }),
  );
});

it('are those of scikit-learn on its example', () => {
  // roc_curve([0, 0, 1, 1], [.1, .4, .35, .8], drop_intermediate=False) and precision_recall_curve
  const probabilities = [0.1, 0.4, 0.35, 0.8].flatMap((p) => [1 - p, p]);
  const predictions = classPredictions({
    classes: ['no', 'yes'],
    targets: [0, 0, 1, 1],
    predicted: [0, 0, 0, 1],
    probabilities,
    weights: null,
  });
  const pairs = (points: readonly { x: number; y: number }[]) => points.map(({ x, y }) => [x, y]);
  expect(pairs(rocCurve(predictions, 1)!)).toEqual([
    [0, 0],
    [0, 0.5],
    [0.5, 0.5],
    [0.5, 1],
    [1, 1],
  ]);
  expect(pairs(precisionRecallCurve(predictions, 1)!)).toEqual([
    [0.5, 1],
    [0.5, 0.5],
    [1, 2 / 3],
    [1, 0.5],
  ]);
});

it('bins add up to the calibration error', () => {
  fc.assert(
    fc.property(rows, (given) => {
      const error = new CalibrationError();
      const probabilities = given.flatMap(({ p }) => [1 - p / 8, p / 8]);
      const labels = given.map(({ label }) => label);
      error.add({ probabilities, classes: 2, labels });
      const sum = error.bins.reduce(
        (total, { weight, accuracy, confidence }) => total + weight * Math.abs(accuracy - confidence),
        0,
      );
      expect(sum / given.length).toBeCloseTo(
        expectedCalibrationError({ probabilities, classes: 2, labels }),
        12,
      );
    }),
  );
});
