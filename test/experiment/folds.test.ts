/** Sweeps over folds: every configuration on the same folds, whatever the threads, killed or not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { comparePaired } from '#src/experiment/statistics/statistics.js';
import { resumeSweep, sweep } from '#src/experiment/sweep.js';
import type { TrialResult } from '#src/experiment/triallines.js';
import { meanInterval } from '#src/meaninterval.js';
import { train } from '#src/run/train.js';
import { endOf, leaderboard, sweepKilledAfter } from './sweeps.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-folds-'));
const path = (...names: string[]) => join(folder, ...names);
const SWEEP = {
  base: { data: 'moons:90', hidden: [6], epochs: 3, batch: 20, cv: 3, kernels: 'portable' },
  axes: { lr: [0.1, 0.01] },
  seeds: 2,
} as const;
let alone: string;
let results: TrialResult[];

beforeAll(async () => {
  await endOf(sweep(SWEEP, { out: path('alone'), parallel: 1, workers: 0 }));
  alone = leaderboard(path('alone'));
  const lines = readFileSync(path('alone', 'trials.jsonl'), 'utf8').trim().split('\n');
  results = lines.map((line) => JSON.parse(line)).filter(({ status }) => status === 'completed');
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The losses of a configuration, fold by fold of each seed. */
const losses = (lr: number) =>
  results
    .filter(({ axes }) => axes.lr === lr)
    .sort((a, b) => a.seed - b.seed || a.fold! - b.fold!)
    .map(({ val }) => val!.loss);

describe('a sweep over folds', () => {
  it('ranks by the mean over all folds of all seeds, with the corrected interval', () => {
    const [header, first] = alone.split('\n');
    expect(header).toBe('rank,lr,folds,val_loss,val_loss_low,val_loss_high,epochs,status,reason,weights');
    expect(losses(0.1)).toHaveLength(6);
    const { mean, low } = meanInterval(losses(0.1), { testToTrain: 1 / 2 });
    const cells = first.split(',');
    expect(cells.slice(0, 4)).toEqual(['1', '0.1', '6', `${mean}`]);
    expect(Number(cells[4])).toBeCloseTo(low!, 6);
    expect(cells.at(-1)!.split(' ')).toHaveLength(6);
  });

  it('trains each trial as the cross-validation of its configuration does', async () => {
    for await (const event of train({ ...SWEEP.base, lr: 0.01, seed: 2 }, { out: null })) {
      if (event.type !== 'fold') continue;
      const trial = results.find(
        ({ axes, seed, fold }) => axes.lr === 0.01 && seed === 2 && fold === event.fold,
      );
      expect(trial!.weightsSha256).toBe(event.weightsSha256);
    }
  });

  it.each([
    [2, 0],
    [3, 2],
  ])(
    'has the same leaderboard with %i trials at a time and %i workers in each',
    async (parallel, workers) => {
      const out = path(`${parallel}x${workers}`);
      const { comparisons, folds } = await endOf(sweep(SWEEP, { out, parallel, workers }));
      expect(leaderboard(out)).toBe(alone);
      const paired = comparePaired(losses(0.1), losses(0.01), { folds: { testToTrain: 1 / 2 } });
      expect(folds).toBe(3);
      expect(comparisons).toMatchObject([
        { name: 'lr=0.01', p: paired.p, interval: paired.interval, pairs: 6 },
      ]);
    },
  );

  it.each([13])('after SIGKILL at event %i ends in the same leaderboard', async (events) => {
    const out = path(`killed-${events}`);
    expect(await sweepKilledAfter(events, SWEEP, out)).toBe('SIGKILL');
    expect((await endOf(resumeSweep(out, { parallel: 2 }))).status).toBe('completed');
    expect(leaderboard(out)).toBe(alone);
  });

  it('goes on in rungs, and trains the best configuration on all rows', async () => {
    const { base } = SWEEP;
    const axes = { lr: [0.1, 0.3, 0.03] };
    const options = { base, axes, search: 'halving', refit: true } as const;
    const { leaderboard: rows, refit } = await endOf(sweep(options, { out: path('halving') }));
    expect(rows.map(({ epochs, seeds }) => [epochs, seeds])).toEqual([
      [3, 3],
      [1, 3],
      [1, 3],
    ]);
    const { result } = JSON.parse(readFileSync(join(refit!, 'run.json'), 'utf8'));
    expect(result.refit.rows).toBe(90);
    expect(result.cv.trained.map(({ weightsSha256 }: TrialResult) => weightsSha256)).toEqual(rows[0].weights);
  });

  it('refuses, before the first trial, what folds do not allow', async () => {
    const refused = (base: object, more: object = {}) =>
      expect(endOf(sweep({ ...SWEEP, base: { ...SWEEP.base, ...base }, ...more }, { out: null }))).rejects;
    await refused({ cv: 46 }).toThrow(/--cv 46: class "\w+" has 45 rows, too few for each of 46 folds/);
    await refused({ group: 'site' }).toThrow(/--group site: moons:90 is not a table and has no columns/);
    await refused({ cvRepeats: 2, cv: undefined }).toThrow(/cvRepeats 2: repeats a cross-validation/);
    await refused({}, { axes: { cv: [2, 3] } }).toThrow(
      /cv cannot be an axis: all configurations are compared/,
    );
    await refused({}, { score: 'test_loss' }).toThrow(
      /score test_loss: the folds are scored by their own rows/,
    );
  });
});
