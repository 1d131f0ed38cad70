/** Temperature, calibration error and conformal prediction against numpy and scipy, and their properties. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calibrateClasses, calibrateValues } from '#src/calibration/calibrate.js';
import {
  conformalQuantile,
  highestLevel,
  interval,
  intervalScore,
  keptScores,
  labelScores,
  predictionSet,
} from '#src/calibration/conformal.js';
import { expectedCalibrationError } from '#src/calibration/ece.js';
import { calibrationSchema } from '#src/calibration/record.js';
import { fitTemperature, meanLogLoss, withTemperature } from '#src/calibration/temperature.js';
import { Stream } from '#src/random.js';

interface Compared {
  readonly before: number;
  readonly after: number;
}
const fixture: {
  readonly temperatures: {
    readonly classes: number;
    readonly probabilities: number[];
    readonly labels: number[];
    readonly temperature: number;
    readonly logLoss: Compared;
    readonly ece: Compared;
  }[];
  readonly quantiles: {
    readonly scores: number[];
    readonly level: number;
    readonly quantile: number | null;
  }[];
} = JSON.parse(readFileSync(new URL('../fixtures/calibration/calibration.json', import.meta.url), 'utf8'));

/** Probabilities of some rows with labels, as fast-check draws them. */
const labelled = fc
  .record({ classes: fc.integer({ min: 2, max: 5 }), rows: fc.integer({ min: 1, max: 40 }) })
  .chain(({ classes, rows }) =>
    fc.record({
      classes: fc.constant(classes),
      logits: fc.array(fc.double({ min: -30, max: 30, noNaN: true }), {
        minLength: rows * classes,
        maxLength: rows * classes,
      }),
      labels: fc.array(fc.integer({ min: 0, max: classes - 1 }), { minLength: rows, maxLength: rows }),
    }),
  )
  .map(({ classes, logits, labels }) => {
    const probabilities = Float32Array.from(logits, (_, i) => {
      const row = logits.slice(i - (i % classes), i - (i % classes) + classes);
      const max = Math.max(...row);
      return Math.exp(logits[i] - max) / row.reduce((sum, z) => sum + Math.exp(z - max), 0);
    });
    return { classes, labels, probabilities };
  });

describe('temperature scaling', () => {
  it.each(fixture.temperatures)("is scipy's for $classes classes", (rows) => {
    const temperature = fitTemperature(rows);
    expect(temperature / rows.temperature).toBeCloseTo(1, 6);
    expect(meanLogLoss(rows, 1)).toBeCloseTo(rows.logLoss.before, 12);
    expect(meanLogLoss(rows, temperature)).toBeCloseTo(rows.logLoss.after, 10);
  });

  it('never makes the log loss of its rows worse', () => {
    fc.assert(
      fc.property(labelled, (rows) => {
        const temperature = fitTemperature(rows);
        expect(meanLogLoss(rows, temperature)).toBeLessThanOrEqual(meanLogLoss(rows, 1));
        expect(temperature).toBeGreaterThanOrEqual(0.1);
        expect(temperature).toBeLessThanOrEqual(10);
        calibrationSchema.parse(JSON.parse(JSON.stringify(calibrateClasses(rows, true))));
      }),
    );
  });

  it('is 1 where the rows do not say where to stop', () => {
    const allRight = { classes: 2, probabilities: [0.9, 0.1, 0.8, 0.2], labels: [0, 0] };
    expect(fitTemperature(allRight)).toBe(1);
    expect(fitTemperature({ ...allRight, labels: [1, 1] })).toBe(1);
    expect(fitTemperature({ classes: 2, probabilities: [0.5, 0.5], labels: [0] })).toBe(1);
  });

  it('leaves sums at 1, the order of the classes and impossible classes', () => {
    fc.assert(
      fc.property(labelled, fc.double({ min: 0.1, max: 10, noNaN: true }), (rows, temperature) => {
        const { classes, probabilities } = rows;
        const scaled = withTemperature(rows, temperature);
        for (let at = 0; at < scaled.length; at += classes) {
          const row = scaled.subarray(at, at + classes);
          expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
          for (let j = 0; j < classes; j++) {
            for (let k = 0; k < classes; k++) {
              if (probabilities[at + j] > probabilities[at + k]) {
                expect(row[j]).toBeGreaterThanOrEqual(row[k]);
              }
            }
          }
        }
      }),
    );
    expect([...withTemperature({ classes: 2, probabilities: [1, 0] }, 5)]).toEqual([1, 0]);
    expect([...withTemperature({ classes: 2, probabilities: [0.8, 0.2] }, 2)]).toEqual(
      [2 / 3, 1 / 3].map(Math.fround), // √0.8 to √0.2
    );
  });
});

describe('the expected calibration error', () => {
  it.each(fixture.temperatures)("is numpy's for $classes classes", (rows) => {
    expect(expectedCalibrationError(rows)).toBeCloseTo(rows.ece.before, 12);
    const probabilities = withTemperature(rows, rows.temperature);
    expect(expectedCalibrationError({ ...rows, probabilities })).toBeCloseTo(rows.ece.after, 6);
  });

  it('is the distance of accuracy from confidence in each bin', () => {
    const probabilities = [0.9, 0.1, 0.9, 0.1, 0.6, 0.4, 0.4, 0.6];
    expect(expectedCalibrationError({ classes: 2, probabilities, labels: [0, 1, 0, 1] })).toBeCloseTo(
      (2 * Math.abs(0.5 - 0.9) + 2 * Math.abs(1 - 0.6)) / 4,
      12,
    );
  });
});

describe('conformal prediction', () => {
  it.each(fixture.quantiles)("level $level: the quantile is numpy's", ({ scores, level, quantile }) => {
    const found = conformalQuantile(keptScores(scores, 1), scores.length, level);
    if (quantile === null) {
      expect(found).toBe(Number.POSITIVE_INFINITY);
      expect(level).toBeGreaterThan(highestLevel(scores.length));
    } else {
      expect(found).toBeGreaterThanOrEqual(quantile);
      expect(found / quantile).toBeCloseTo(1, 5);
    }
  });

  it('a grid of many scores errs on the safe side, by one step at most', () => {
    const stream = new Stream(1, 90, 0);
    const scores = Float64Array.from({ length: 70_001 }, () => stream.uniform());
    const sorted = scores.toSorted();
    for (const lists of [1, 3, 40, 5000]) {
      const kept = keptScores(scores, lists);
      expect(kept.length).toBeLessThanOrEqual(2000);
      for (const level of [0.01, 0.5, 0.9, 0.95, 0.999, 0.99995]) {
        const exact = sorted[Math.ceil(70_002 * level) - 1];
        const found = conformalQuantile(kept, scores.length, level);
        expect(found).toBeGreaterThanOrEqual(exact);
        expect(found - exact).toBeLessThan(1.5 / kept.length);
      }
    }
  });

  it('rounds scores up, also negative and tiny ones', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (list) => {
        const kept = keptScores(list, 1);
        Float64Array.from(list)
          .sort()
          .forEach((value, i) => {
            expect(kept[i]).toBeGreaterThanOrEqual(value);
            expect(kept[i] - value).toBeLessThanOrEqual(2e-6 * Math.abs(value));
          });
      }),
    );
  });

  it('holds the level it promises, averaged over samples', () => {
    const stream = new Stream(2, 90, 0);
    for (const [rows, level] of [
      [19, 0.9],
      [50, 0.8],
    ] as const) {
      let covered = 0;
      const samples = 4000;
      for (let i = 0; i < samples; i++) {
        const kept = keptScores(
          Float64Array.from({ length: rows }, () => stream.uniform()),
          1,
        );
        if (stream.uniform() <= conformalQuantile(kept, rows, level)) covered++;
      }
      const expected = Math.ceil((rows + 1) * level) / (rows + 1);
      expect(Math.abs(covered / samples - expected)).toBeLessThan(
        5 * Math.sqrt((expected * (1 - expected)) / samples),
      );
    }
  });

  it('a set has every class below the threshold, and never none', () => {
    const rows = { classes: 3, probabilities: [0.2, 0.5, 0.3, 0.05, 0.05, 0.9] };
    expect(predictionSet(rows, 0, 0.75)).toEqual([1, 2]);
    expect(predictionSet(rows, 0, 0.8)).toEqual([1, 2, 0]);
    expect(predictionSet(rows, 0, 0.1)).toEqual([1]);
    expect(predictionSet(rows, 1, 0.75)).toEqual([2]);
    expect(predictionSet(rows, 1, 1)).toEqual([2, 0, 1]);
    expect([...labelScores({ ...rows, labels: [2, 1] })]).toEqual([0.7, 0.95]);
  });

  it('an interval holds its point prediction, and a score says when it covers', () => {
    const number = fc.double({ min: -1e3, max: 1e3, noNaN: true });
    fc.assert(
      fc.property(number, number, number, number, (a, b, target, quantile) => {
        const range = { low: Math.min(a, b), high: Math.max(a, b) };
        const point = (a + b) / 2;
        const { low, high } = interval(range, point, quantile);
        expect(low <= point && point <= high).toBe(true);
        if (intervalScore(range, target) <= quantile - 1e-9)
          expect(low <= target && target <= high).toBe(true);
      }),
    );
    expect(intervalScore({ low: 3, high: 3 }, 5)).toBe(2);
    expect(intervalScore({ low: 3, high: 3 }, 1)).toBe(2);
    expect(intervalScore({ low: 2, high: 6 }, 5)).toBe(-1);
    expect(interval({ low: 2, high: 6 }, 4, -1)).toEqual({ low: 3, high: 5 });
    expect(interval({ low: 2, high: 6 }, 4, -3)).toEqual({ low: 4, high: 4 });
  });

  it('a record of values has a list for each target and pair', () => {
    const ranges = [1, 2, 3].map((value) => ({ low: value, high: value }));
    const outer = [1, 2, 3].map((value) => ({ low: value - 1, high: value + 1 }));
    const targets = [2, 2, 0];
    const record = calibrateValues([
      [
        { ranges: outer, targets },
        { ranges, targets },
      ],
    ]);
    expect(record).toEqual({
      kind: 'values',
      rows: 3,
      scores: [
        [
          [-1, 0, 2],
          [0, 1, 3],
        ],
      ],
    });
    expect(calibrationSchema.parse(JSON.parse(JSON.stringify(record)))).toEqual(record);
  });
});
