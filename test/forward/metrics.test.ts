/** R² and the trivial prediction on numbers worked out by hand. */
import { describe, expect, it } from 'vitest';
import type { Subset } from '#src/data/dataset.js';
import type { TrainingData } from '#src/data/load.js';
import { meanMetrics, targetVariance } from '#src/forward/metrics.js';
import type { DivergenceName } from '#src/network/divergences.js';
import { baselineOf } from '#src/train/baseline.js';

const subset = (targets: readonly number[], rows: readonly number[], targetWidth = 1) =>
  ({ dataset: { targets, targetWidth }, rows }) as unknown as Subset;
const NOTHING = { train: null, val: null, test: null };

describe('R²', () => {
  it('is 1 − Σ(y−d)²/Σ(d−mean d)² over the rows of the subset alone', () => {
    // d = 1, 2, 3, 6: mean 3, squares 4 + 1 + 0 + 9 = 14; the row in between is of another subset
    const variance = targetVariance('regression', subset([1, 2, 100, 3, 6], [0, 1, 3, 4]));
    expect(variance).toBe(14 / 4);
    const { r2, rmse } = meanMetrics('regression', 1, { loss: 1, score: 7, rows: 4, weight: 4, variance });
    expect(r2).toBeCloseTo(1 - 7 / 14, 15);
    expect(rmse).toBeCloseTo(Math.sqrt(7 / 4), 15);
  });

  it('adds up the squares of several targets', () => {
    // first target 0, 2: squares 2; second target 10, 30: squares 200
    const variance = targetVariance('regression', subset([0, 10, 2, 30], [0, 1], 2));
    const { r2 } = meanMetrics('regression', 2, { loss: 1, score: 50.5, rows: 2, weight: 2, variance });
    expect(r2).toBeCloseTo(1 - 50.5 / 202, 15);
  });

  it('is absent for a constant target, for classes, and where the error is not finite', () => {
    const sums = { loss: 1, score: 7, rows: 2, weight: 2 };
    const constant = targetVariance('regression', subset([5, 5], [0, 1]));
    expect(meanMetrics('regression', 1, { ...sums, variance: constant })).not.toHaveProperty('r2');
    const broken = meanMetrics('regression', 1, { ...sums, score: Number.NaN, variance: 1 });
    expect(broken).toEqual({ loss: 0.5, rmse: Number.NaN });
    expect(targetVariance('classification', subset([0, 1], [0, 1]))).toBeUndefined();
  });
});

describe('the trivial prediction', () => {
  const classes = (val: readonly number[]) =>
    ({
      task: 'classification',
      classes: ['no', 'yes', 'maybe'],
      outputs: 3,
      train: subset([1, 0, 1, 1, 0, 1, 1, 0, 2, 1], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
      val: subset(val, [0, 1, 2, 3]),
      test: null,
    }) as unknown as TrainingData;

  it('of classes: the most frequent one of the training rows, and their shares', () => {
    const found = baselineOf(classes([1, 0, 0, 2]), NOTHING, 'crossEntropy');
    expect(found).toMatchObject({ kind: 'most frequent class', class: 'yes', test: null, beaten: null });
    expect(found.train.accuracy).toBe(0.6);
    expect(found.val?.accuracy).toBe(0.25);
    const logLoss = -(Math.log(0.6) + 2 * Math.log(0.3) + Math.log(0.1)) / 4;
    expect(found.val?.logLoss).toBeCloseTo(logLoss, 14);
  });

  it('has no log loss where a class is in no training row', () => {
    const data = classes([1, 0, 0, 2]);
    const train = subset([1, 0, 1, 0], [0, 1, 2, 3]);
    expect(baselineOf({ ...data, train }, NOTHING, 'crossEntropy').val).toEqual({
      accuracy: 0.5,
      logLoss: null,
    });
  });

  it('of numbers: the mean of the training rows', () => {
    const data = {
      task: 'regression',
      classes: null,
      outputs: 1,
      train: subset([1, 2, 3, 6], [0, 1, 2, 3]),
      val: subset([4, 6], [0, 1]),
      test: null,
    } as unknown as TrainingData;
    const found = baselineOf(data, NOTHING, 'squaredError');
    expect(found).toMatchObject({ kind: 'mean', class: null, train: { rmse: Math.sqrt(14 / 4), r2: 0 } });
    // around 3 the squares are 1 + 9, around their own mean 1 + 1
    expect(found.val?.rmse).toBeCloseTo(Math.sqrt(5), 15);
    expect(found.val?.r2).toBeCloseTo(1 - 10 / 2, 15);
  });

  it('is beaten on the rows that are shown: by rmse, by accuracy, or by log loss where the loss is that', () => {
    const beaten = (loss: number, accuracy: number, model: DivergenceName = 'crossEntropy') => {
      const data = classes([1, 1, 0, 2]); // accuracy 0.5, log loss 1.1322
      return baselineOf(data, { ...NOTHING, val: { loss, accuracy } }, model).beaten;
    };
    expect(beaten(9, 0.75)).toBe(true);
    expect(beaten(9, 0.5)).toBe(false);
    expect(beaten(1, 0.5)).toBe(true);
    expect(beaten(1, 0.5, 'squaredError')).toBe(false);
  });
});
