/** Searches, metrics and stopping rules of a program: the same leaderboard however the sweep is run. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SweepOptions } from '#src/experiment/definition.js';
import { moreIsBetter, type ScoreName } from '#src/experiment/scores.js';
import type { OwnSearch } from '#src/experiment/searches/own.js';
import { chooseSplit, isWorthMeasuring, splitsOf } from '#src/experiment/split.js';
import { resumeSweep, sweep } from '#src/experiment/sweep.js';
import type { TrialJob } from '#src/experiment/trial.js';
import type { OwnMetric } from '#src/metrics/own.js';
import type { TrainingPlan } from '#src/train/plan.js';
import { endOf, leaderboard } from './sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-own-'));
afterAll(() => rmSync(folder, { recursive: true }));

const base = { data: 'moons:150', hidden: [4], epochs: 3, batch: 20, val: 0.3, kernels: 'portable' } as const;

/** Draws two configurations, then moves from the best so far. */
const climb: OwnSearch = ({ tried, draw, random }) => {
  if (tried.length === 0) return [draw(), draw()];
  const [best] = [...tried].sort((a, b) => (b.score ?? 0) - (a.score ?? 0));
  const lr = best.axes.lr as number;
  return [{ lr: lr * (1 + random()) }, { lr: lr / (1 + random()) }, { lr }];
};
const axes = { lr: { from: 0.001, to: 1, scale: 'log' } } as const;
const climbing: SweepOptions = { base, axes, search: climb, trials: 6, score: 'val_f1Macro' };

describe('a search of one’s own', () => {
  let alone: string;
  beforeAll(async () => {
    const out = join(folder, 'alone');
    const end = await endOf(sweep(climbing, { out, parallel: 1, workers: 0 }));
    expect(end).toMatchObject({ status: 'completed', score: 'val_f1Macro' });
    alone = leaderboard(out);
  });

  it('is asked again with the results, without repetitions, until there are enough', () => {
    const lines = alone.trim().split('\n');
    expect(lines).toHaveLength(1 + 6);
    expect(new Set(lines.map((line) => line.split(',')[1])).size).toBe(1 + 6);
    const scores = lines.slice(1).map((line) => Number(line.split(',')[3]));
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    expect(readFileSync(join(folder, 'alone', 'sweep.yaml'), 'utf8')).toContain('search: own:climb\n');
  });

  it('gives the same leaderboard in parallel, and after an interruption; resume wants the function', async () => {
    const out = join(folder, 'interrupted');
    const abort = new AbortController();
    for await (const event of sweep(climbing, { out, parallel: 2, signal: abort.signal })) {
      if (event.type === 'trialEnd' && event.result.trial > 2) abort.abort();
    }
    await expect(endOf(resumeSweep(out))).rejects.toThrow(/^search climb is a function of the program/);
    await endOf(resumeSweep(out, { search: climb, parallel: 2 }));
    expect(leaderboard(out)).toBe(alone);
  });

  it.each<[string, OwnSearch, RegExp]>([
    ['nothing', () => [], /^search nothing: proposed no configuration to begin with/],
    ['text', () => 'lr' as never, /^search text: must return a list of configurations, found string/],
    ['typo', () => [{ lrr: 1 }], /^unknown axis 'lrr', did you mean 'lr'\?/],
    ['wrong', () => [{ lr: -1 }], /^lr=-1: lr: must be greater than 0/],
  ])('that proposes %s is refused in one line', async (name, propose, message) => {
    const search = Object.defineProperty(propose, 'name', { value: name });
    await expect(endOf(sweep({ base, search, trials: 2 }, { out: null }))).rejects.toThrow(message);
  });
});

const errors: OwnMetric = {
  name: 'errors',
  greaterIsBetter: false,
  value: ({ predicted, targets }) =>
    Array.from(targets, (target, row) => Number(predicted[row] !== target)).reduce((a, b) => a + b, 0),
};

describe('a metric of one’s own', () => {
  const options: SweepOptions = { base: { ...base, metric: errors }, axes: { lr: [0.3, 0.001] } };

  it('ranks a sweep, whose trials then run in this thread', async () => {
    const out = join(folder, 'metric');
    const end = await endOf(sweep(options, { out, workers: 0 }));
    expect(end.score).toBe('val_min:errors');
    const [best, worst] = end.leaderboard.map(({ score }) => score!);
    expect(best).toBeLessThan(worst);
    expect(Number.isInteger(best)).toBe(true);
    await expect(endOf(resumeSweep(out))).rejects.toThrow(/^metric errors is a function of the program/);
    expect((await endOf(resumeSweep(out, { metric: errors }))).leaderboard).toEqual(end.leaderboard);
    await expect(endOf(sweep(options, { out: null, parallel: 2 }))).rejects.toThrow(/^parallel: 2 trials/);
  });
});

describe('a score', () => {
  it('is that of the metric of the trainings unless another is given', async () => {
    const options = { base: { ...base, metric: 'logLoss' }, axes: { lr: [0.3, 0.001] } } as const;
    const { score, leaderboard: rows } = await endOf(sweep(options, { out: null, parallel: 1, workers: 0 }));
    expect(score).toBe('val_logLoss');
    expect(rows[0].score!).toBeLessThan(rows[1].score!);
  });

  it.each<[ScoreName, boolean]>([
    ['val_loss', false],
    ['test_rocAuc', true],
    ['val_ece', false],
    ['val_max:profit_a', true],
    ['val_min:cost', false],
  ])('%s: more is better: %s', (score, expected) => {
    expect(moreIsBetter(score)).toBe(expected);
  });
});

describe('the split of the cores', () => {
  const job = {} as TrialJob;
  const signal = new AbortController().signal;
  const at =
    (rates: Record<number, number>) =>
    (_: TrialJob, { parallel }: { parallel: number }) =>
      Promise.resolve(rates[parallel]);

  it('goes from as many trials as possible to one, with the other cores inside', () => {
    expect(splitsOf(8, 4, 8)).toEqual([
      { parallel: 8, workers: 0 },
      { parallel: 4, workers: 2 },
      { parallel: 2, workers: 4 },
      { parallel: 1, workers: 4 },
    ]);
    expect(splitsOf(3, 8, 2)).toEqual([
      { parallel: 2, workers: 0 },
      { parallel: 1, workers: 2 },
    ]);
  });

  it('is the fastest before one that is slower', async () => {
    const splits = splitsOf(8, 8, 8);
    const found = await chooseSplit(job, splits, signal, at({ 8: 100, 4: 150, 2: 120 }));
    expect(found).toMatchObject({ parallel: 4, workers: 2 });
    expect(found!.why).toBe('measured to be 1.25 times as fast as 2 at a time with 4 workers each');
  });

  it('is not measured for a sweep that is soon over', () => {
    const plan = (rows: number) =>
      ({ layers: [], sizes: { trainRows: rows }, config: { epochs: 10 } }) as unknown as TrainingPlan;
    expect(isWorthMeasuring(plan(1000), 10, 2)).toBe(false);
  });
});
