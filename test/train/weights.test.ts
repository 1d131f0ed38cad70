/** Sample and class weights: only proportions matter, as in PyTorch (test/fixtures/pytorch/weights.py). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrainingData } from '#src/data/load.js';
import { DataError } from '#src/errors.js';
import { meanMetrics } from '#src/forward/metrics.js';
import { weightsSha256 } from '#src/network/digest.js';
import { PURPOSE, permute } from '#src/random.js';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { EndEvent } from '#src/train/events.js';
import type { Trainer } from '#src/train/trainer.js';
import { syntheticData } from '../support/data.js';
import { newTrainer, trainToEnd } from '../support/train.js';

type Options = Omit<TrainOptions, 'data'>;
interface Epoch {
  readonly losses: number[];
  readonly end: Record<string, number[]>;
}
interface Fixture {
  readonly rows: number;
  readonly inputs: number;
  readonly units: number;
  readonly batch: number;
  readonly lr: number;
  readonly momentum: number;
  readonly x: number[];
  readonly classes: number[];
  readonly values: number[];
  readonly samples: number[];
  readonly classWeights: number[];
  readonly start: Record<string, number[]>;
  readonly cases: (Epoch & { title: string; samples: boolean; classes: boolean; smoothing: number })[];
  readonly otherSmoothing: number;
  readonly regression: Epoch & { start: Record<string, number[]> };
}
const fixture: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/weights.json', import.meta.url), 'utf8'),
);

/** The data with a weight for each training row. */
function weighted(data: TrainingData, weights: ArrayLike<number>): TrainingData {
  const { dataset, rows } = data.train;
  const stored = new Float32Array(new SharedArrayBuffer(4 * dataset.rows));
  stored.set(weights);
  return { ...data, train: { dataset: { ...dataset, weights: stored }, rows } };
}

function parameter({ memory }: Trainer, name: string): Float32Array {
  const { offset, length } = memory.layout.views.find((view) => view.name === name)!;
  return memory.weights.subarray(offset, offset + length);
}

/** The mean loss of the batch that the next step takes. */
async function stepLoss(trainer: Trainer): Promise<number> {
  const { epochLoss, epochWeight } = trainer.state;
  await trainer.step();
  return (trainer.state.epochLoss - epochLoss) / (trainer.state.epochWeight - epochWeight);
}

const largest = (values: Iterable<number>) => Math.max(...Array.from(values, Math.abs));
const difference = (a: ArrayLike<number>, b: readonly number[]) =>
  largest(b.map((value, i) => a[i] - value)) / largest(b);

describe('an epoch beside PyTorch', () => {
  const { rows, inputs, units, batch, lr, momentum } = fixture;
  const seed = 5;

  /** The fixture's rows, placed so that the epoch's shuffle brings them into the fixture's order. */
  function fixtureTrainer(regression: boolean, samples: boolean, options: Options): Trainer {
    const data = syntheticData({ rows, inputs, classes: regression ? 0 : 3 });
    const { numbers, targets } = data.train.dataset;
    const order = Uint32Array.from(data.train.rows);
    const weights: number[] = [];
    permute(order, seed, PURPOSE.shuffle, 0);
    for (const [position, row] of order.entries()) {
      // Standardising with shift 0.1 and scale 0.5 gives back the fixture's values.
      targets[row] = regression ? 0.1 + 2 * fixture.values[position] : fixture.classes[position];
      weights[row] = fixture.samples[position];
      for (let j = 0; j < inputs; j++) numbers[row * inputs + j] = fixture.x[position * inputs + j];
    }
    const common = { hidden: [units], activation: 'tanh', batch, lr, momentum, seed, epochs: 1 } as const;
    return newTrainer(samples ? weighted(data, weights) : data, {
      ...common,
      optimizer: 'sgd',
      workers: 0,
      ...options,
    });
  }

  async function compare(trainer: Trainer, start: Record<string, number[]>, { losses, end }: Epoch) {
    for (const [name, values] of Object.entries(start)) parameter(trainer, name).set(values);
    const ours: number[] = [];
    while (trainer.state.step < trainer.plan.totalSteps) ours.push(await stepLoss(trainer));
    expect(ours.length).toBe(losses.length);
    expect(difference(ours, losses)).toBeLessThan(2e-6);
    for (const [name, values] of Object.entries(end)) {
      expect.soft(difference(parameter(trainer, name), values), name).toBeLessThan(2e-6);
    }
  }

  it.each(fixture.cases)('$title', async ({ samples, classes, smoothing, ...epoch }) => {
    const options: Options = {
      labelSmoothing: smoothing,
      ...(classes ? { classWeights: fixture.classWeights } : {}),
    };
    await compare(fixtureTrainer(false, samples, options), fixture.start, epoch);
  });

  it('sample weights of a regression', async () => {
    await compare(fixtureTrainer(true, true, {}), fixture.regression.start, fixture.regression);
  });

  it('a class weight counts for the smoothed part of its rows too, which is not how PyTorch weighs it', async () => {
    const smoothed = fixture.cases.find(({ smoothing }) => smoothing > 0)!;
    expect(Math.abs(smoothed.losses[0] - fixture.otherSmoothing)).toBeGreaterThan(0.01);
  });
});

describe('equal weights', () => {
  const options: Options = { hidden: [6], batch: 16, epochs: 3 };
  it.each([
    ['classification', 3],
    ['regression', 0],
  ])('of any size give the bits of none, %s', async (_, classes) => {
    const data = syntheticData({ rows: 70, inputs: 4, classes, val: 10 });
    const without = await trainToEnd(data, { ...options, workers: 0 });
    for (const weight of [1e-30, 1e-4, 1, 3, 1000, 1e38]) {
      const same = await trainToEnd(weighted(data, new Array(70).fill(weight)), { ...options, workers: 0 });
      expect.soft(same, `${weight}`).toEqual(without);
    }
    if (classes === 0) return;
    expect(await trainToEnd(data, { ...options, workers: 0, classWeights: [7, 7, 7] })).toEqual(without);
  });
});

it('a row of weight 0 changes nothing, whatever stands in it', async () => {
  const data = syntheticData({ rows: 40, inputs: 3, classes: 0 });
  const weights = Array.from({ length: 40 }, (_, row) => (row % 3 === 0 ? 0 : 1 + (row % 2)));
  const options: Options = { hidden: [5], batch: 'all', epochs: 5, workers: 0 };
  const before = await trainToEnd(weighted(data, weights), options);
  for (let row = 0; row < 40; row += 3) data.train.dataset.targets[row] = 1e30;
  const after = await trainToEnd(weighted(data, weights), options);
  expect(after.sha256).toBe(before.sha256);
});

it('an integer weight is the row that often', async () => {
  const data = syntheticData({ rows: 24, inputs: 3, classes: 0 });
  const counts = data.train.rows.map((row) => 1 + (row % 3));
  const repeated = Uint32Array.from([...data.train.rows].flatMap((row) => new Array(counts[row]).fill(row)));
  const shared = new Uint32Array(new SharedArrayBuffer(4 * repeated.length));
  shared.set(repeated);
  const options: Options = { hidden: [5], batch: 'all', workers: 0, lr: 0.1, optimizer: 'sgd' };
  const one = newTrainer(weighted(data, counts), { ...options, epochs: 5 });
  const other = newTrainer(
    { ...data, train: { dataset: data.train.dataset, rows: shared } },
    { ...options, epochs: 5 },
  );
  for (let step = 0; step < 5; step++) expect(await stepLoss(one)).toBeCloseTo(await stepLoss(other), 6);
  for (const [i, weight] of one.memory.weights.entries()) {
    expect(weight).toBeCloseTo(other.memory.weights[i], 6);
  }
});

describe('a batch that counts nothing', () => {
  /** Seven rows count nothing; with batches of one row, so do seven steps. */
  const data = () =>
    weighted(
      syntheticData({ rows: 12, inputs: 3, classes: 0 }),
      Array.from({ length: 12 }, (_, row) => (row < 7 ? 0 : 2)),
    );

  it.each(['sgd', 'adam', 'adamw', 'lamb'] as const)(
    'leaves the weights as they are, %s',
    async (optimizer) => {
      const options: Options = { optimizer, lr: 0.1, weightDecay: 0.1, maxNorm: 0.5, averaging: 'swa' };
      const trainer = newTrainer(data(), { ...options, hidden: [4], batch: 1, epochs: 3, workers: 0 });
      const { layout, weights } = trainer.memory;
      let still = 0;
      while (trainer.state.step < trainer.plan.totalSteps) {
        const before = weightsSha256(layout, weights);
        const { epochWeight } = trainer.state;
        await trainer.step();
        const counted = trainer.state.epochWeight - epochWeight;
        expect(weightsSha256(layout, weights) === before).toBe(counted === 0);
        expect(weights.every(Number.isFinite)).toBe(true);
        still += counted === 0 ? 1 : 0;
      }
      expect(still).toBe(21);
      expect(trainer.evaluated.every(Number.isFinite)).toBe(true);
      const { loss, rmse } = trainer.epochMetrics;
      expect(loss).toBeGreaterThan(0);
      expect(rmse).toBeGreaterThan(0);
      expect(meanMetrics('regression', 1, { loss: 0, score: 0, rows: 1, weight: 0 }).loss).toBe(0);
    },
  );

  it('may be one whose weights are too small beside the heaviest for float32', async () => {
    const small = weighted(
      syntheticData({ rows: 12, inputs: 3, classes: 0 }),
      Array.from({ length: 12 }, (_, row) => (row < 7 ? 1e-38 : 1e38)),
    );
    const result = await trainToEnd(small, { hidden: [4], batch: 1, epochs: 3, workers: 0 });
    expect(result.losses.every(Number.isFinite)).toBe(true);
  });

  it('gives the same bits in slices', async () => {
    const large = weighted(
      syntheticData({ rows: 30, inputs: 60, classes: 3 }),
      Array.from({ length: 30 }, (_, row) => (row < 20 ? 0 : row)),
    );
    const options: Options = { hidden: [900], batch: 2, epochs: 2, optimizer: 'sgd' };
    const inProcess = await trainToEnd(large, { ...options, workers: 0 });
    expect(await trainToEnd(large, { ...options, workers: 2 })).toEqual(inProcess);
  });
});

it('gives the same bits for any rows, weights, batch, shards and workers', async () => {
  const cases = fc.record({
    rows: fc.integer({ min: 2, max: 150 }),
    classes: fc.constantFrom(0, 3),
    scale: fc.constantFrom(1e-20, 1, 1e20),
    zeros: fc.integer({ min: 1, max: 6 }),
    batch: fc.integer({ min: 1, max: 150 }),
    shards: fc.integer({ min: 1, max: 10 }),
    workers: fc.integer({ min: 1, max: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(cases, async ({ rows, classes, scale, zeros, batch, shards, workers }) => {
      const weights = Array.from(
        { length: rows },
        (_, row) => scale * (((row * 7) % zeros) + (row === 1 ? 0.3 : 0)),
      );
      const data = weighted(syntheticData({ rows, inputs: 4, classes }), weights);
      const options: Options = {
        hidden: [5],
        batch: Math.min(batch, rows),
        shards,
        epochs: 1,
        ...(classes === 0 ? {} : { classWeights: 'balanced' }),
      };
      const inProcess = await trainToEnd(data, { ...options, workers: 0 });
      expect(inProcess.losses.every(Number.isFinite)).toBe(true);
      expect(await trainToEnd(data, { ...options, workers })).toEqual(inProcess);
    }),
    { numRuns: 20 },
  );
});

describe('a column of weights', () => {
  async function run(weight: (row: number) => number, more: Options = {}): Promise<EndEvent> {
    const folder = mkdtempSync(join(tmpdir(), 'gradpool-weights-'));
    try {
      const lines = Array.from(
        { length: 60 },
        (_, i) => `${i},${(i * 7) % 11},${2 * i - (i % 5)},${weight(i)}`,
      );
      const file = join(folder, 'houses.csv');
      writeFileSync(file, ['a,b,price,w', ...lines].join('\n'));
      const options = {
        preset: 'none' as const,
        data: file,
        target: 'price',
        weights: 'w',
        epochs: 20,
        workers: 0,
        ...more,
      };
      for await (const event of train(options, { out: null })) if (event.type === 'end') return event;
      throw new Error('no end');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  it('of one size trains as well as without', async () => {
    const one = await run(() => 1);
    for (const weight of [1e-4, 1000]) {
      const { weightsSha256: sha256, train, val } = await run(() => weight);
      expect({ sha256, train, val }).toEqual({ sha256: one.weightsSha256, train: one.train, val: one.val });
    }
  });

  it('of nothing but 0 is refused, in one line', async () => {
    await expect(run(() => 0)).rejects.toThrow(DataError);
    await expect(run(() => 0)).rejects.toThrow(
      /^houses: weights in column "w": all 54 training rows have weight 0, .*; give rows a weight above 0, or leave out --weights$/,
    );
  });

  it('is the same for L-BFGS', async () => {
    const lbfgs: Options = { optimizer: 'lbfgs', batch: 'all', hidden: [4], activation: 'tanh' };
    const one = await run(() => 1, lbfgs);
    const { weightsSha256: small, train } = await run(() => 1e-5, lbfgs);
    expect(small).toBe(one.weightsSha256);
    expect(train!.loss).toBe(one.train!.loss);
  });
});
