/** The learning-rate range test on a network, and on a loss whose best rate is known. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DivergedError, UsageError } from '#src/errors.js';
import { findLearningRate } from '#src/run/findlr.js';
import { rangeTest } from '#src/train/findlr.js';
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
const RANGE = { from: 1e-4, to: 100, steps: 61 };

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

  it('suggests the rate at which the loss falls fastest', async () => {
    // a step down of the logarithm of the rate about 0.01
    const { suggestion } = await rangeTest(
      fake((rate) => 1 / (1 + (rate / 0.01) ** 4) + 0.5),
      RANGE,
    );
    expect(suggestion).toBeGreaterThan(0.005);
    expect(suggestion).toBeLessThan(0.05);
  });

  it('does not look beyond the minimum', async () => {
    const humps = (_: number, step: number) => (step < 30 ? 2 - step / 30 : step < 40 ? 3 : 2);
    const { rates, suggestion } = await rangeTest(fake(humps), RANGE);
    expect(suggestion).toBeLessThan(rates[31]);
  });

  it('suggests nothing where the loss does not fall, and stops where training diverges', async () => {
    const found = await rangeTest(
      fake((_, step) => {
        if (step === 5) throw new DivergedError('diverged');
        return 1 + step / 10;
      }),
      RANGE,
    );
    expect(found).toMatchObject({ suggestion: null });
    expect(found.rates.length).toBe(5);
  });

  it('refuses impossible ranges', async () => {
    for (const range of [{ from: 0 }, { from: 1000 }, { steps: 2 }, { to: Number.NaN }]) {
      await expect(
        rangeTest(
          fake(() => 1),
          { ...RANGE, ...range },
        ),
      ).rejects.toThrow(UsageError);
    }
  });
});

it('on a network: a rate at which it learns, the same for any number of workers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gradpool-findlr-'));
  try {
    const data = writeIdxFolder(join(folder, 'data'), { train: 300, test: 30 });
    const options = { data, val: 0, hidden: [16], batch: 20, momentum: 0, workers: 0 } as const;
    const found = await findLearningRate(options, { to: 1000 });
    const { smoothed, suggestion } = found;
    expect(suggestion).toBeGreaterThan(1e-3);
    expect(suggestion).toBeLessThan(5);
    expect(Math.min(...smoothed)).toBeLessThan(0.7 * smoothed[0]);
    expect(await findLearningRate({ ...options, workers: 2 }, { to: 1000 })).toEqual(found);
    const { momentum: _, ...others } = options;
    await expect(findLearningRate({ ...others, optimizer: 'lbfgs', batch: 'all' })).rejects.toThrow(
      /lbfgs finds its own/,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
