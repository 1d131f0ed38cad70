/** The learning-rate range test on a network, and on a loss whose best rate is known. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DivergedError, UsageError } from '#src/errors.js';
import { findLearningRate } from '#src/run/findlr.js';
import { bestTrial, checkRange, MARGIN, RATE_RANGE, rangeTest, searchRates } from '#src/train/findlr.js';
import { writeIdxFolder } from '../support/idx.js';

/** A trainer whose loss is what `loss` makes of each rate. */
function fake(loss: (rate: number, step: number) => number) {
  const state = { epochLoss: 0, epochWeight: 0 };
  let step = 0;
  return {
    state,
    plan: { rule: {}, config: { optimizer: 'sgd' } },
    async step(rate: number) {
      state.epochLoss += 20 * loss(rate, step++);
      state.epochWeight += 20;
    },
  } as never;
}
const RANGE = { from: 1e-4, to: 100, steps: 61, trialSteps: 10 };

describe('the range test', () => {
  it('grows the rate by a constant factor from one end to the other', async () => {
    const { rates, losses } = await rangeTest(
      fake(() => 1),
      RANGE,
    );
    expect(rates.length).toBe(61);
    expect(losses).toEqual(new Array(61).fill(1));
    rates.forEach((rate, i) => {
      expect(rate / (1e-4 * 10 ** (i / 10))).toBeCloseTo(1, 12);
    });
  });

  it('stops when the smoothed loss is four times its minimum', async () => {
    const { losses, smoothed } = await rangeTest(
      fake((rate) => (rate < 1 ? 1 : 1 + rate)),
      RANGE,
    );
    expect(losses.length).toBeLessThan(61);
    expect(smoothed.at(-1)).toBeGreaterThan(4 * Math.min(...smoothed));
    expect(smoothed.at(-2)).toBeLessThanOrEqual(4 * Math.min(...smoothed));
    const average = losses.map((_, i) => {
      const weights = losses.slice(0, i + 1).map((_, k) => 0.9 ** (i - k));
      return (
        losses.slice(0, i + 1).reduce((sum, loss, k) => sum + loss * weights[k], 0) /
        weights.reduce((a, b) => a + b)
      );
    });
    smoothed.forEach((value, i) => {
      expect(value).toBeCloseTo(average[i], 12);
    });
  });

  it('stops where training diverges', async () => {
    const found = await rangeTest(
      fake((_, step) => {
        if (step === 5) throw new DivergedError('diverged');
        return 1 + step / 10;
      }),
      RANGE,
    );
    expect(found.rates.length).toBe(5);
  });

  it('refuses impossible ranges', () => {
    for (const range of [{ from: 0 }, { from: 1000 }, { steps: 2 }, { to: Number.NaN }, { trialSteps: 0 }]) {
      expect(() => checkRange((fake(() => 1) as { plan: never }).plan, { ...RANGE, ...range })).toThrow(
        UsageError,
      );
    }
  });
});

describe('the search among rates', () => {
  /** Searches on a loss that is a function of the rate's decimal logarithm; null means diverged. */
  const search = async (loss: (decade: number) => number | null, end = 1, range = RATE_RANGE) => {
    const trials = await searchRates(range, end, MARGIN.part, async (rate) => loss(Math.log10(rate)));
    return { trials, best: bestTrial(trials)?.rate ?? null };
  };

  it('finds the bottom of a valley from wherever it begins, at rates half a decade apart', async () => {
    for (const [bottom, rate] of [
      [-5, 1e-5],
      [-2.5, 3e-3],
      [-1, 0.1],
      [0.5, 3],
    ]) {
      for (const end of [1e-4, 1e-2, 1, 10]) {
        expect(
          (await search((decade) => (decade - bottom) ** 2, end)).best,
          `bottom at ${bottom}, range test ended at ${end}`,
        ).toBe(rate);
      }
    }
  });

  it('tries two worse rates on each side and no more', async () => {
    const { trials } = await search((decade) => (decade + 1) ** 2, 1);
    expect(trials.map(({ rate }) => rate)).toEqual([0.01, 0.03, 0.1, 0.3, 1]);
  });

  it('does not stop at a rate that is worse by chance', async () => {
    const bump = (decade: number) => (Math.abs(decade + 2) < 0.1 ? 9 : (decade + 3) ** 2);
    expect((await search(bump, 1)).best).toBe(0.001);
  });

  it('goes down while training diverges, and never suggests a rate at which it does', async () => {
    const cliff = (decade: number) => (decade > -4.2 ? null : -decade);
    expect((await search((decade) => (decade > -4.2 ? null : -10 - decade), 1)).best).toBe(3e-5);
    expect((await search(cliff, 1)).best).toBe(3e-5);
    expect((await search(() => null)).best).toBeNull();
  });

  it('takes the lowest of equally good rates', async () => {
    expect((await search((decade) => Math.max(0, -2 - decade))).best).toBe(0.01);
  });

  it('stays within the range, also within one without half decades', async () => {
    const near = { ...RATE_RANGE, from: 0.02, to: 0.5 };
    const { trials } = await search((decade) => -decade, 10, near);
    expect(trials.map(({ rate }) => rate)).toEqual([0.03, 0.1, 0.3]);
    const narrow = await search((decade) => decade, 10, { ...RATE_RANGE, from: 0.04, to: 0.08 });
    expect(narrow.best).toBe(0.04);
    expect(Math.max(...narrow.trials.map(({ rate }) => rate))).toBeLessThan(0.0801);
  });
});

it('on a network: a rate at which it learns, the same for any number of workers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-findlr-'));
  try {
    const data = writeIdxFolder(join(folder, 'data'), { train: 300, test: 30 });
    const options = { data, val: 0, hidden: [16], batch: 20, epochs: 2, momentum: 0, workers: 0 } as const;
    const found = await findLearningRate(options, { to: 1000 });
    const { smoothed, suggestion, trials, trialSteps, untrainedLoss } = found;
    expect(suggestion).toBeGreaterThan(1e-3);
    expect(suggestion).toBeLessThan(5);
    expect(Math.min(...smoothed)).toBeLessThan(0.7 * smoothed[0]);
    expect(trialSteps).toBe(30); // 2 epochs of 15 batches, not 500
    expect(Math.min(...trials.map(({ loss }) => loss ?? 1e9))).toBeLessThan(0.7 * untrainedLoss);
    expect(await findLearningRate({ ...options, workers: 2 }, { to: 1000 })).toEqual(found);
    const { momentum: _, ...others } = options;
    await expect(findLearningRate({ ...others, optimizer: 'lbfgs', batch: 'all' })).rejects.toThrow(
      /lbfgs finds its own/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
