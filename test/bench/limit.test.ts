/** The limit of a step: operations and bytes counted by hand, and the arithmetic on rates. */
import { describe, expect, it } from 'vitest';
import { closeContestants, costOf, openContestant } from '#src/bench/contestant.js';
import { randomData } from '#src/bench/data.js';
import { additionRate, limitPoints, stepSizes, stepWork, vectorAddition } from '#src/bench/limit.js';
import { resolveBench } from '#src/bench/options.js';
import { peaksOf, productSetup } from '#src/bench/peak.js';
import { madeReport } from './report.js';

/** Opens a training of 3-4-2 with batch 5, and returns the sizes of its step. */
async function sizesOf(optimizer: 'sgd' | 'adam', momentum?: number) {
  const training = {
    kernels: 'portable',
    optimizer,
    ...(momentum === undefined ? {} : { momentum }),
  } as const;
  const network = [3, 4, 2];
  const settings = resolveBench({ network, batch: 5, workers: [2], training }, 2);
  const data = randomData({ rows: 10, inputs: 3, outputs: 2, seed: 1 });
  const contestant = openContestant(settings, { workers: 0, shards: 2, batch: 5, network }, data);
  await closeContestants([contestant]);
  return stepSizes(contestant.trainer, costOf(contestant.trainer).flopsPerRow);
}

describe('the work of a step of 3-4-2, batch 5', () => {
  it('by SGD with momentum, which keeps a velocity', async () => {
    const sizes = await sizesOf('sgd', 0.9);
    // 3·4 + 4 + 4·2 + 2 parameters; 4 operations for each weight of layer 1, whose input needs no gradient
    expect(sizes).toEqual({ rows: 5, inputs: 3, parameters: 26, slots: 1, flopsPerRow: 4 * 12 + 6 * 8 });
    // 15 numbers of the rows; of 26 each: read gradient, weights, velocity, write weights, velocity
    expect(stepWork(sizes, 1)).toEqual({ flops: 480, bytes: 4 * (15 + 5 * 26), memory: 4 * (15 + 3 * 26) });
    expect(stepWork(sizes, 0)).toEqual(stepWork(sizes, 1));
    // two threads leave two gradients
    expect(stepWork(sizes, 2)).toEqual({ flops: 480, bytes: 4 * (15 + 6 * 26), memory: 4 * (15 + 4 * 26) });
  });

  it('by Adam, which keeps two moments, and by SGD without momentum, which keeps nothing', async () => {
    expect(stepWork(await sizesOf('adam'), 1).bytes).toBe(4 * (15 + 7 * 26));
    expect(stepWork(await sizesOf('sgd', 0), 1).bytes).toBe(4 * (15 + 3 * 26));
  });
});

it('the limit adds the products at the peak and the bytes at the bandwidth', () => {
  const sizes = { rows: 100, inputs: 10, parameters: 1000, slots: 1, flopsPerRow: 5000 };
  const rates = new Map([
    [0, { gflops: 50, gigabytes: 21 }],
    [2, { gflops: 100, gigabytes: 50 }],
  ]);
  const report = madeReport();
  const [serial, , two] = report.strong!.points;
  const [alone, pair] = limitPoints(sizes, rates, report.strong);
  expect(alone).toMatchObject({ workers: 0, flops: 500_000, bytes: 24_000, gflops: 50, gigabytes: 21 });
  expect(alone.products).toBeCloseTo(10e-6, 15);
  expect(alone.moves).toBeCloseTo(24_000 / 21e9, 15);
  expect(alone.seconds).toBe(alone.products + alone.moves);
  expect(alone.share).toBeCloseTo(alone.seconds / serial.step.value, 12);
  expect(pair.seconds).toBeCloseTo(5e-6 + 28_000 / 50e9, 15);
  expect(pair.share).toBeCloseTo(pair.seconds / two.step.value, 12);
  expect(limitPoints(sizes, rates, null).map(({ share }) => share)).toEqual([null, null]);
  expect([...peaksOf(rates)]).toEqual([
    [0, 50],
    [2, 100],
  ]);
});

describe('the addition that measures the bandwidth', () => {
  const setup = productSetup({ kernels: 'portable', precision: 'f32' });

  it('fills the memory it is given with two arrays, and moves three numbers for two', () => {
    expect(vectorAddition(setup, 8000).bytes).toBe(12_000);
    expect(vectorAddition(setup, 0).bytes).toBe(12 * 64);
  });

  it('counts what it has moved', () => {
    const addition = vectorAddition(setup, 1 << 22);
    let made = 0;
    const add = () => {
      made++;
      addition.add();
    };
    const rate = additionRate({ ...addition, add }, 0);
    expect(made).toBe(1); // 6 MiB are enough between two looks at the clock
    expect(rate).toBeGreaterThan(0);
    additionRate({ add, bytes: 1 << 18 }, 0);
    expect(made).toBe(5);
  });
});
