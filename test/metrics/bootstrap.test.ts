/** Bootstrap intervals of metrics: against a closed form, their determinism, and where there is none. */
import { describe, expect, it } from 'vitest';
import type { TaskPredictions } from '#src/metrics/catalogue.js';
import { measureAll } from '#src/metrics/measure.js';
import { classPredictions } from '#src/metrics/predictions.js';

/** Predictions of two classes with probability 0.8 for the predicted one, of which so many are right. */
function answers(rows: number, right: number, weights: number[] | null = null): TaskPredictions {
  const targets = Array.from({ length: rows }, (_, row) => row % 2);
  const predicted = targets.map((target, row) => (row < right ? target : 1 - target));
  const probabilities = predicted.flatMap((k) => (k === 0 ? [0.8, 0.2] : [0.2, 0.8]));
  const given = { classes: ['no', 'yes'], targets, predicted, probabilities, weights };
  return { task: 'classification', ...classPredictions(given) };
}

describe('a bootstrap interval', () => {
  it('of an accuracy is near 1.96·√(p(1−p)/R), to its Monte Carlo error', () => {
    const { accuracy } = measureAll(answers(400, 320), { resamples: 2000, seed: 1 });
    const half = 1.96 * Math.sqrt((0.8 * 0.2) / 400);
    expect(accuracy!.interval!.low).toBeCloseTo(0.8 - half, 2);
    expect(accuracy!.interval!.high).toBeCloseTo(0.8 + half, 2);
  });

  it('is the same for the same seed, and holds the value of every metric', () => {
    const predictions = answers(60, 45);
    const once = measureAll(predictions, { resamples: 200, seed: 3 });
    expect(measureAll(predictions, { resamples: 200, seed: 3 })).toEqual(once);
    expect(measureAll(predictions, { resamples: 200, seed: 4 })).not.toEqual(once);
    expect(once.accuracy!.interval).toMatchInlineSnapshot(`
      {
        "high": 0.8333333333333334,
        "low": 0.6333333333333333,
      }
    `);
    // The calibration error is a sum of absolute values, which resampling only makes larger.
    for (const [name, { value, interval }] of Object.entries(once)) {
      if (value === null || name === 'ece') continue;
      expect(interval!.low, name).toBeLessThanOrEqual(value);
      expect(interval!.high, name).toBeGreaterThanOrEqual(value);
    }
  });

  it('multiplies the weights of the rows', () => {
    const weights = Array.from({ length: 60 }, (_, row) => (row < 30 ? 1 : 0));
    const { accuracy } = measureAll(answers(60, 30, weights), { resamples: 100, seed: 1 });
    expect(accuracy).toEqual({ value: 1, greaterIsBetter: true, interval: { low: 1, high: 1 } });
  });

  it('is null where resamples lack a class, and absent where there is no value', () => {
    const targets = [0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    const probabilities = targets.flatMap((_, row) => [0.5 + row / 100, 0.5 - row / 100]);
    const predicted = targets.map(() => 0);
    const given = { classes: ['no', 'yes'], targets, predicted, probabilities, weights: null };
    const scores = measureAll(
      { task: 'classification', ...classPredictions(given) },
      { resamples: 100, seed: 1 },
    );
    expect(scores.rocAuc).toEqual({ value: 0, greaterIsBetter: true, interval: null });
    expect(scores.accuracy!.interval).not.toBeNull();
    expect(scores.top3Accuracy).not.toHaveProperty('interval');
  });
});
