/** Every metric against scikit-learn (test/fixtures/metrics/metrics.py), and properties that hold for all. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { METRICS, metricNames, metricValue, type TaskPredictions } from '#src/metrics/catalogue.js';
import { measureAll } from '#src/metrics/measure.js';
import { classPredictions } from '#src/metrics/predictions.js';
import { classScores, confusionMatrix } from '#src/metrics/tallies.js';

interface ClassCase {
  readonly name: string;
  readonly classes: number;
  readonly targets: number[];
  readonly predicted: number[];
  readonly probabilities: number[];
  readonly weights: number[] | null;
  readonly confusion: number[][];
  readonly perClass: Record<'precision' | 'recall' | 'f1' | 'rows', number[]>;
  readonly metrics: Record<string, number | null>;
}

interface ValueCase {
  readonly name: string;
  readonly outputs: number;
  readonly targets: number[];
  readonly predicted: number[];
  readonly weights: number[] | null;
  readonly levels: number[];
  readonly quantiles: number[] | null;
  readonly metrics: Record<string, number | null>;
}

const file = new URL('../fixtures/metrics/metrics.json', import.meta.url);
const fixture: { classes: ClassCase[]; values: ValueCase[] } = JSON.parse(readFileSync(file, 'utf8'));

const named = (count: number) => Array.from({ length: count }, (_, k) => `c${k}`);
const ofClasses = (given: Pick<ClassCase, 'classes' | 'targets' | 'predicted' | 'weights'>, p: number[]) =>
  classPredictions({ ...given, classes: named(given.classes), probabilities: p });
const predictionsOf = (given: ClassCase | ValueCase): TaskPredictions =>
  'classes' in given
    ? { task: 'classification', ...ofClasses(given, given.probabilities) }
    : { task: 'regression', ...given };

/** Compares a task's metrics with those of a fixture, where null stands for undefined. */
function compare(given: ClassCase | ValueCase): void {
  const predictions = predictionsOf(given);
  const names = metricNames(predictions.task);
  expect([...names].sort()).toEqual(Object.keys(given.metrics).sort());
  for (const name of names) {
    const expected = given.metrics[name];
    const found = metricValue(name, predictions);
    if (expected === null) expect(found, name).toEqual({ reason: expect.stringMatching(/^\S.*[^.]$/) });
    else
      expect(Math.abs((found as number) - expected), `${name}: ${found} for ${expected}`).toBeLessThan(1e-9);
  }
}

describe('metrics of classes against scikit-learn', () => {
  it.each(fixture.classes.map((given) => [given.name, given] as const))('%s', (_, given) => compare(given));

  it.each(fixture.classes.map((given) => [given.name, given] as const))('by class: %s', (_, given) => {
    const predictions = ofClasses(given, given.probabilities);
    confusionMatrix(predictions).forEach((row, i) => {
      row.forEach((count, j) => {
        expect(count).toBeCloseTo(given.confusion[i][j], 10);
      });
    });
    classScores(predictions).forEach((scores, k) => {
      expect(scores.class).toBe(`c${k}`);
      for (const name of ['precision', 'recall', 'f1', 'rows'] as const) {
        expect(scores[name] ?? 0, `${name} of ${k}`).toBeCloseTo(given.perClass[name][k], 10);
      }
    });
  });
});

describe('metrics of numbers against scikit-learn', () => {
  it.each(fixture.values.map((given) => [given.name, given] as const))('%s', (_, given) => compare(given));
});

describe('an undefined metric', () => {
  const of = (name: string) => predictionsOf(fixture.classes.find((given) => given.name === name)!);
  it.each([
    ['rocAuc', 'class 1 absent, but predicted', 'class c1 has no rows'],
    ['rocAucWeighted', 'one class, three known', 'all rows are of one class (c1)'],
    ['prAuc', 'the first class alone', 'class c1 has no rows'],
    ['mcc', 'one class, two known', 'all rows are of one class (c1)'],
    ['kappa', 'one class, all right', 'all rows are of one class (c1), and predicted as it'],
    ['top3Accuracy', 'untied, two classes', 'there are only 2 classes'],
  ] as const)('%s of %s says: %s', (name, given, reason) => {
    expect(metricValue(name, of(given))).toEqual({ reason });
    expect(measureAll(of(given), null)[name]).toMatchObject({ value: null, reason });
  });

  it('of values: constant targets, a target of 0, the other task', () => {
    const values = (name: string) => predictionsOf(fixture.values.find((given) => given.name === name)!);
    expect(metricValue('r2', values('constant'))).toEqual({ reason: 'the targets are constant' });
    expect(metricValue('mape', values('a target of 0'))).toEqual({
      reason: 'a target is 0, and nothing is a share of 0',
    });
    expect(metricValue('accuracy', values('ties'))).toEqual({ reason: 'the model predicts numbers' });
    expect(metricValue('mae', of('one row'))).toEqual({ reason: 'the model predicts classes' });
  });

  it('without probabilities, and where no row counts', () => {
    const given = fixture.classes[0];
    const bare = classPredictions({ ...given, classes: named(2), probabilities: null });
    for (const [name, { value, reason }] of Object.entries(
      measureAll({ task: 'classification', ...bare }, null),
    )) {
      const metric = METRICS[name as keyof typeof METRICS];
      const needs = 'ofProbabilities' in metric && metric.ofProbabilities;
      expect(value === null, name).toBe(needs);
      expect(reason).toBe(needs ? 'the network gives no probabilities' : undefined);
    }
    const nothing: TaskPredictions = { ...of('ties, two classes'), weights: new Array(50).fill(0) };
    for (const { reason } of Object.values(measureAll(nothing, null)))
      expect(reason).toBe('all rows have weight 0');
  });
});

describe('properties', () => {
  const rows = fc.integer({ min: 1, max: 12 }).chain((R) =>
    fc.record({
      targets: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: R, maxLength: R }),
      // Few distinct values, so that there are ties.
      marks: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3 * R, maxLength: 3 * R }),
      counts: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: R, maxLength: R }),
    }),
  );
  const made = (targets: number[], marks: number[], weights: number[] | null): TaskPredictions => {
    const probabilities = marks.map((mark, i) => {
      const row = marks.slice(3 * Math.floor(i / 3), 3 * Math.floor(i / 3) + 3);
      return (mark + 0.5) / row.reduce((sum, value) => sum + value + 0.5, 0);
    });
    const predicted = targets.map((_, row) => {
      const own = probabilities.slice(3 * row, 3 * row + 3);
      return own.indexOf(Math.max(...own));
    });
    const given = { classes: named(3), targets, predicted, probabilities, weights };
    return { task: 'classification', ...classPredictions(given) };
  };

  it('a row of weight n is n rows', () => {
    fc.assert(
      fc.property(rows, ({ targets, marks, counts }) => {
        const times = counts.flatMap((count, row) => new Array<number>(count).fill(row));
        fc.pre(times.length > 0);
        const repeated = made(
          times.map((row) => targets[row]),
          times.flatMap((row) => marks.slice(3 * row, 3 * row + 3)),
          null,
        );
        const weighted = made(targets, marks, counts);
        for (const name of metricNames('classification')) {
          const [a, b] = [metricValue(name, weighted), metricValue(name, repeated)];
          if (typeof b !== 'number') expect(a, name).toEqual(b);
          else expect(Math.abs((a as number) - b), name).toBeLessThan(1e-12);
        }
      }),
    );
  });

  it('the order of the rows does not matter', () => {
    fc.assert(
      fc.property(rows, ({ targets, marks }) => {
        const turned = targets.map((_, row) => marks.slice(3 * row, 3 * row + 3)).reverse();
        const back = made([...targets].reverse(), turned.flat(), null);
        const forth = made(targets, marks, null);
        for (const name of metricNames('classification')) {
          const [a, b] = [metricValue(name, forth), metricValue(name, back)];
          if (typeof a === 'number') expect(b, name).toBeCloseTo(a, 12);
        }
      }),
    );
  });

  it('ROC AUC is the share of pairs that are ranked rightly', () => {
    fc.assert(
      fc.property(rows, ({ targets, marks }) => {
        const predictions = made(targets, marks, null);
        if (predictions.task !== 'classification') return;
        const found = metricValue('rocAuc', predictions);
        fc.pre(typeof found === 'number');
        const areas = [0, 1, 2].map((k) => {
          const score = (row: number) => predictions.probabilities![3 * row + k];
          const pairs = targets.flatMap((a, i) =>
            targets.flatMap((b, j) => (a === k && b !== k ? [Math.sign(score(i) - score(j))] : [])),
          );
          return pairs.reduce((sum, sign) => sum + (sign + 1) / 2, 0) / pairs.length;
        });
        expect(found).toBeCloseTo(areas.reduce((sum, area) => sum + area, 0) / 3, 12);
      }),
    );
  });

  it('a metric that is said to rise is best for right predictions, one that falls is 0 there', () => {
    const targets = [0, 1, 2, 3, 4, 5, 5, 0];
    const probabilities = targets.flatMap((target) => named(6).map((_, k) => (k === target ? 1 : 0)));
    const given = { classes: named(6), targets, predicted: targets, probabilities, weights: null };
    const right = measureAll({ task: 'classification', ...classPredictions(given) }, null);
    const numbers = { outputs: 1, targets: [1, 2, 4], predicted: [1, 2, 4], weights: null };
    const exact = measureAll({ task: 'regression', levels: [], quantiles: null, ...numbers }, null);
    for (const [name, { value, greaterIsBetter }] of Object.entries({ ...right, ...exact })) {
      expect(value, name).toBeCloseTo(greaterIsBetter ? 1 : 0, 12);
    }
  });
});
