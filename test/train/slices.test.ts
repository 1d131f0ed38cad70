/** Workers that update the parameters in slices leave the bits of the update in one piece. */
import { describe, expect, it } from 'vitest';
import type { LayerSpec } from '#src/network/spec.js';
import { updateSlice, updateSlices } from '#src/train/slices.js';
import { UPDATE_CELLS, writeUpdate } from '#src/train/stepcells.js';
import { syntheticData } from '../support/data.js';
import { finish, newTrainer, trainToEnd } from '../support/train.js';

const data = syntheticData({ rows: 150, inputs: 40, classes: 3 });
/** 64,523 parameters are enough for slices, and their last chunk is short. */
const wide = { hidden: [180, 311], batch: 50, epochs: 2, lr: 0.01 } as const;

describe.each(['sgd', 'adam', 'adamw', 'lion', 'rmsprop', 'adagrad'] as const)('%s', (optimizer) => {
  it('gives the same bits for 0, 2 and 3 workers', async () => {
    const inProcess = await trainToEnd(data, { ...wide, optimizer, workers: 0 });
    for (const workers of [2, 3]) {
      expect(await trainToEnd(data, { ...wide, optimizer, workers })).toEqual(inProcess);
    }
  });
});

const features = {
  'weight decay on weights alone': { optimizer: 'adamw', weightDecay: 0.1, decayBiases: false },
  'an average over steps': { optimizer: 'adamw', averaging: 'ema', emaDecay: 'auto', emaWarmup: true },
  'an average over epochs': { optimizer: 'sgd', averaging: 'swa', swaStart: 1 },
} as const;

describe.each(Object.entries(features))('%s', (_, options) => {
  it('gives the same bits for 0, 2 and 3 workers', async () => {
    const inProcess = await trainToEnd(data, { ...wide, ...options, workers: 0 });
    for (const workers of [2, 3]) {
      expect(await trainToEnd(data, { ...wide, ...options, workers })).toEqual(inProcess);
    }
  });
});

it('gives the same bits for 0, 2 and 3 workers where parameters have rates of their own', async () => {
  const layers: LayerSpec[] = [
    { periodic: { columns: 40, frequencies: 6 } },
    { scale: { rate: 6 } },
    { dense: 200 },
    'tanh',
    { dense: 180 },
    'relu',
    { dense: 3 },
    'softmax',
  ];
  const options = { batch: 50, epochs: 2, optimizer: 'adamw', weightDecay: 0.1, layers } as const;
  const inProcess = await trainToEnd(data, { ...options, workers: 0 });
  for (const workers of [2, 3]) {
    const trainer = newTrainer(data, { ...options, workers });
    expect(trainer.plan.sizes.sliced).toBe(true);
    expect(trainer.memory.groups.map(({ rateFactor }) => rateFactor)).toEqual([0.1, 6, 1]);
    expect(await finish(trainer)).toEqual(inProcess);
  }
});

it('is chosen for many parameters, several workers and a rule that goes element by element', () => {
  const sliced = (change: object) => {
    const trainer = newTrainer(data, { ...wide, workers: 2, ...change });
    void trainer.close();
    return trainer.plan.sizes.sliced;
  };
  expect(sliced({})).toBe(true);
  expect(sliced({ workers: 1 })).toBe(false);
  expect(sliced({ hidden: [20] })).toBe(false);
  expect(sliced({ clip: 1 })).toBe(false);
  expect(sliced(features['an average over steps'])).toBe(true);
});

it('cuts parameters into slices without gap or overlap', () => {
  for (const parameters of [1, 16384, 16385, 100_000, 1_000_003]) {
    for (const workers of [1, 2, 3, 16]) {
      const slices = updateSlices(parameters, workers);
      expect(slices.length).toBeLessThanOrEqual(workers);
      expect(slices.map(({ first }) => first)).toEqual([0, ...slices.slice(0, -1).map(({ last }) => last)]);
      expect(slices.at(-1)!.last).toBe(parameters);
    }
  }
});

it('refuses to make the same slice twice', () => {
  const workspace = { updates: new Float64Array([7]) };
  const update = new Float64Array(UPDATE_CELLS);
  writeUpdate(update, 7, 0);
  const slice = { first: 0, last: 1, shards: 1, gradientTasks: 1 };
  expect(() => updateSlice({ workspace, memory: { update } } as never, slice)).toThrow(
    /a worker died while it was updating the parameters/,
  );
});
