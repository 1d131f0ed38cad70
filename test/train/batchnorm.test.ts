/** Batch normalisation in training: PyTorch (test/fixtures/pytorch/batchnorm.py), and any workers. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrainingData } from '#src/data/load.js';
import type { LayerSpec } from '#src/network/spec.js';
import { PURPOSE, permute } from '#src/random.js';
import type { Trainer } from '#src/train/trainer.js';
import { syntheticData } from '../support/data.js';
import { newTrainer, trainToEnd } from '../support/train.js';

interface Fixture {
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
  readonly classes: number;
  readonly lr: number;
  readonly momentum: number;
  readonly x: number[];
  readonly d: number[];
  readonly start: Record<string, number[]>;
  readonly epochs: {
    readonly batch: number;
    readonly losses: number[];
    readonly evaluated: number;
    readonly end: Record<string, number[]>;
  }[];
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/batchnorm.json', import.meta.url), 'utf8'),
);
const { rows, inputs, units, classes, lr, momentum } = fixture;
const layers: LayerSpec[] = [{ dense: units }, 'batchNorm', 'relu', { dense: classes }, 'softmax'];

/** The fixture's rows, placed so that the first epoch's shuffle brings them into the fixture's order. */
function fixtureData(seed: number): TrainingData {
  const data = syntheticData({ rows, inputs, classes });
  const { numbers, targets } = data.train.dataset;
  const order = Uint32Array.from(data.train.rows);
  permute(order, seed, PURPOSE.shuffle, 0);
  for (const [position, row] of order.entries()) {
    targets[row] = fixture.d[position];
    for (let j = 0; j < inputs; j++) numbers[row * inputs + j] = fixture.x[position * inputs + j];
  }
  return { ...data, val: data.train };
}

function parameter({ memory }: Trainer, name: string): Float32Array {
  const { offset, length } = memory.layout.views.find((view) => view.name === name)!;
  return memory.weights.subarray(offset, offset + length);
}

/** The losses of an epoch's batches, the loss of all rows after it, and the trainer as it then is. */
async function epoch(batch: number) {
  const seed = 3;
  const options = { layers, batch, lr, momentum, optimizer: 'sgd', schedule: 'constant', seed } as const;
  const trainer = newTrainer(fixtureData(seed), { ...options, epochs: 1, workers: 0 });
  for (const [name, values] of Object.entries(fixture.start)) parameter(trainer, name).set(values);
  const losses: number[] = [];
  while (trainer.state.step < trainer.plan.totalSteps) {
    const { epochLoss, epochRows } = trainer.state;
    await trainer.step();
    losses.push((trainer.state.epochLoss - epochLoss) / (trainer.state.epochRows - epochRows));
  }
  const { loss } = await trainer.evaluate('val');
  return { trainer, losses, evaluated: loss };
}

const largest = (values: Iterable<number>) => Math.max(...Array.from(values, Math.abs));
const difference = (a: ArrayLike<number>, b: readonly number[]) =>
  largest(b.map((value, i) => a[i] - value)) / largest(b);

describe('an epoch beside PyTorch', () => {
  it.each(fixture.epochs.filter(({ batch }) => batch <= 32))(
    'agrees to 1e-5 in loss, weights and running statistics, batch $batch',
    async ({ batch, losses, evaluated, end }) => {
      const ours = await epoch(batch);
      expect(ours.losses.length).toBe(losses.length);
      expect(difference(ours.losses, losses)).toBeLessThan(1e-5);
      expect(Math.abs(ours.evaluated / evaluated - 1)).toBeLessThan(1e-5);
      for (const [name, values] of Object.entries(end)) {
        expect.soft(difference(parameter(ours.trainer, name), values), name).toBeLessThan(1e-5);
      }
    },
  );

  /** The means and variances of four parts of 32 rows differ from those of all 128 rows by about 1/√32. */
  it('is near, where a batch of 128 rows is normalised in four parts', async () => {
    const { losses, evaluated, end } = fixture.epochs.find(({ batch }) => batch === 128)!;
    const ours = await epoch(128);
    expect(difference(ours.losses, losses)).toBeLessThan(0.1);
    expect(Math.abs(ours.evaluated / evaluated - 1)).toBeLessThan(0.1);
    const statistic = (name: string) => difference(parameter(ours.trainer, name), end[name]);
    expect(statistic('1.running_mean')).toBeLessThan(0.01);
    expect(statistic('1.running_var')).toBeLessThan(0.05);
  });
});

describe('the running variance', () => {
  /** Momentum 1 keeps the last batch's value, so the mean over an epoch's batches shows a bias. */
  it.each([
    [385, 128],
    [330, 100],
    [200, 2],
    [300, 33],
    [260, 65],
  ])('has no bias, %i rows, batch %i', async (rows, batch) => {
    const data = syntheticData({ rows, inputs: 3, classes: 0 });
    const options = { layers: [{ batchNorm: { momentum: 1 } }, { dense: 1 }], batch, lr: 1e-30 } as const;
    const sums = new Float64Array(3);
    let batches = 0;
    const epochs = Math.ceil(60_000 / rows);
    const trainer = newTrainer(data, { ...options, epochs, workers: 0 });
    while (trainer.state.step < trainer.plan.totalSteps) {
      await trainer.step();
      if (trainer.state.step % trainer.plan.stepsPerEpoch === 0) continue; // a last batch may be a single row
      for (const [n, value] of parameter(trainer, '0.running_var').entries()) sums[n] += value;
      batches++;
    }
    for (let n = 0; n < 3; n++) {
      const column = Array.from({ length: rows }, (_, row) => data.train.dataset.numbers[3 * row + n]);
      const mean = column.reduce((sum, x) => sum + x, 0) / rows;
      const variance = column.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (rows - 1);
      expect.soft(sums[n] / batches / variance).toBeCloseTo(1, 1.5);
    }
  });
});

describe('a batch of a single row', () => {
  it('is normalised with the running statistics, and leaves them as they are', async () => {
    const data = syntheticData({ rows: 9, inputs: 3, classes: 0 });
    const trainer = newTrainer(data, {
      layers: ['batchNorm', { dense: 1 }],
      batch: 8,
      lr: 0.01,
      optimizer: 'sgd',
      momentum: 0,
      workers: 0,
    });
    await trainer.step();
    const names = ['running_mean', 'running_var', 'weight', 'bias'].map((name) => `0.${name}`);
    const [mean, variance, gamma, beta] = names.map((name) => parameter(trainer, name).slice());
    const [weight, [bias]] = ['1.weight', '1.bias'].map((name) => parameter(trainer, name).slice());
    const { epochLoss } = trainer.state;
    await trainer.step();
    expect(parameter(trainer, '0.running_mean')).toEqual(mean);
    expect(parameter(trainer, '0.running_var')).toEqual(variance);

    const row = trainer.memory.order[8];
    const { numbers, targets } = data.train.dataset;
    const normal = [0, 1, 2].map((n) => (numbers[3 * row + n] - mean[n]) / Math.sqrt(variance[n] + 1e-5));
    const y = normal.reduce((sum, x, n) => sum + weight[n] * (gamma[n] * x + beta[n]), bias);
    const error = y - (targets[row] - 0.1) * 0.5;
    expect(trainer.state.epochLoss - epochLoss).toBeCloseTo(error ** 2 / 2, 6);
    for (let n = 0; n < 3; n++) {
      expect(parameter(trainer, '0.weight')[n]).toBeCloseTo(
        gamma[n] - 0.01 * error * weight[n] * normal[n],
        6,
      );
    }
  });

  it('is all that a training has', async () => {
    const data = syntheticData({ rows: 20, inputs: 3, classes: 3, val: 5 });
    const options = { layers, batch: 1, epochs: 3, lr: 0.01 } as const;
    const inProcess = await trainToEnd(data, { ...options, workers: 0 });
    expect(inProcess.losses.every(Number.isFinite)).toBe(true);
    expect(await trainToEnd(data, { ...options, workers: 2 })).toEqual(inProcess);
  });
});

it('gives the same bits for any rows, batch, shards and workers', async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 1, max: 400 }),
    batchShare: fc.double({ min: 0.01, max: 1, noNaN: true }),
    shards: fc.integer({ min: 1, max: 12 }),
    workers: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, batchShare, shards, workers }) => {
      const data = syntheticData({ rows, inputs: 4, classes: 3, val: 10 });
      const batch = Math.max(1, Math.floor(rows * batchShare));
      const options = { layers, batch, shards, epochs: 1, lr: 0.01 } as const;
      const inProcess = await trainToEnd(data, { ...options, workers: 0 });
      expect(await trainToEnd(data, { ...options, workers })).toEqual(inProcess);
    }),
    { numRuns: 25 },
  );
});

it('cuts no shard of fewer than 32 rows, unless the batch has fewer', async () => {
  const bits = async (shards: number, batch: number, kind: 'batchNorm' | 'layerNorm' = 'batchNorm') => {
    const data = syntheticData({ rows: 200, inputs: 4, classes: 3 });
    const layers: LayerSpec[] = [{ dense: 6 }, kind, { dense: 3 }, 'softmax'];
    return (await trainToEnd(data, { layers, batch, shards, epochs: 1, workers: 0 })).sha256;
  };
  expect(await bits(8, 63)).toBe(await bits(1, 63));
  expect(await bits(8, 64)).toBe(await bits(2, 64));
  expect(await bits(8, 64)).not.toBe(await bits(1, 64));
  expect(await bits(8, 200)).toBe(await bits(6, 200));
  // Other layers take no statistics over rows, so their batches are cut as --shards says.
  expect(await bits(8, 63, 'layerNorm')).not.toBe(await bits(1, 63, 'layerNorm'));
});
