/** Schedules of numbers other than the learning rate: their values, and the same bits for any workers. */
import { describe, expect, it } from 'vitest';
import type { TrainOptions } from '#src/train/config.js';
import { hyperAt, passValuesAt } from '#src/train/schedules.js';
import { syntheticData } from '../support/data.js';
import { newTrainer, trainToEnd } from '../support/train.js';

const data = syntheticData({ rows: 120, inputs: 6, classes: 3 });
const LAYERS = [{ dense: 12 }, 'tanh', { dropout: 0.4 }, { dense: 3 }, 'softmax'] as const;
const options = {
  layers: LAYERS,
  batch: 30,
  epochs: 4,
  optimizer: 'adamw',
  weightDecay: 0.2,
  loss: 'crossEntropy',
  labelSmoothing: 0.1,
  lr: 0.01,
} as const satisfies Partial<TrainOptions>;
const schedules = {
  weightDecay: 'flatCosine',
  dropout: 'flatCosine',
  labelSmoothing: 'cosLog4',
  betas: 'polynomial',
} as const;

/** The plan of a training with these options, whose threads are not needed. */
function planOf(change: Partial<TrainOptions>) {
  const trainer = newTrainer(data, { ...options, workers: 0, ...change });
  void trainer.close();
  return trainer.plan;
}

describe('a scheduled number', () => {
  const plan = planOf({ schedules });

  it('is its base value times the factor of the step', () => {
    expect(plan.totalSteps).toBe(16);
    expect(hyperAt(plan, 0)).toMatchObject({ weightDecay: 0.2, betas: [0.9, 0.999], eps: 1e-8 });
    const { weightDecay, betas } = hyperAt(plan, 12) as { weightDecay: number; betas: number[] };
    expect(weightDecay).toBeCloseTo(0.1, 14);
    expect(betas[0]).toBeCloseTo(0.9 / 4, 14);
    expect(passValuesAt(plan, 0)).toEqual({ dropoutFactor: 1, lossParameter: 0 });
    expect(passValuesAt(plan, 12).dropoutFactor).toBeCloseTo(0.5, 14);
    const expected = (0.1 * (1 - Math.cos(2 * Math.PI * Math.log2(1 + (15 * 5) / 16)))) / 2;
    expect(passValuesAt(plan, 5).lossParameter).toBeCloseTo(expected, 12);
  });

  it('knows no warm-up, which belongs to the learning rate', () => {
    expect(passValuesAt(planOf({ schedules, warmup: 2 }), 1).dropoutFactor).toBe(1);
  });

  it('that has no schedule stays as it is', () => {
    const plain = planOf({});
    expect(hyperAt(plain, 9)).toBe(plain.hyper);
    expect(passValuesAt(plain, 9)).toEqual({ dropoutFactor: 1, lossParameter: 0.1 });
  });
});

describe('training with schedules', () => {
  it('gives the same bits for 0, 1 and 3 workers', async () => {
    const inProcess = await trainToEnd(data, { ...options, schedules, workers: 0 });
    for (const workers of [1, 3]) {
      expect(await trainToEnd(data, { ...options, schedules, workers })).toEqual(inProcess);
    }
  });

  it.each(Object.entries(schedules))('the schedule of %s, %s, changes the weights', async (key, name) => {
    const plain = await trainToEnd(data, { ...options, workers: 0 });
    const scheduled = await trainToEnd(data, { ...options, schedules: { [key]: name }, workers: 0 });
    expect(scheduled.sha256).not.toBe(plain.sha256);
    const constant = { ...options, schedules: { [key]: 'constant' }, workers: 0 } as const;
    expect(await trainToEnd(data, constant)).toEqual(plain);
  });
});

it.each([
  [
    { schedules: { weightdecay: 'flatCosine' } },
    /no 'weightdecay' to schedule, did you mean 'weightDecay'\?/,
  ],
  [{ schedules: { lr: 'flatCosine' } }, /the learning rate has the key schedule of its own/],
  [{ schedules: { quantile: 'cosine' } }, /loss crossEntropy has no 'quantile'/],
  [{ layers: undefined, schedules: { dropout: 'cosine' } }, /no 'dropout' to schedule/],
  [{ schedules: { dropout: 'plateau' } }, /schedules\.dropout: expected constant, .*found "plateau"/],
] as [Partial<TrainOptions>, RegExp][])('%j is refused', (change, message) => {
  expect(() => planOf(change)).toThrow(message);
});
