/** Losses in training: their parameters, what they ask of the targets, class weights, and evaluation. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '#src/errors.js';
import { loadModel } from '#src/model/index.js';
import { DIVERGENCE_NAMES, DIVERGENCES, type Divergence } from '#src/network/divergences.js';
import { train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';
import type { EndEvent, StartEvent } from '#src/train/events.js';
import { planTraining } from '#src/train/plan.js';
import { syntheticData } from '../support/data.js';
import { newTrainer, trainToEnd } from '../support/train.js';

const count = (i: number) => (i % 10) ** 2 + (i % 7);
const share = (i: number) => (i % 10) / 10;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gradpool-losses-'));
  const table = (name: string, target: (i: number) => number) => {
    const rows = Array.from({ length: 60 }, (_, i) => `${(i % 10) / 10},${(i % 7) / 7},${target(i)}`);
    writeFileSync(join(folder, name), ['a,b,calls', ...rows].join('\n'));
  };
  table('counts.csv', count);
  table('shares.csv', share);
  table('negative.csv', (i) => (i === 41 ? -2 : i + 0.5));
});
afterAll(() => rmSync(folder, { recursive: true }));

const regression = syntheticData({ rows: 40, inputs: 3, classes: 0 });
const classes = syntheticData({ rows: 60, inputs: 3, classes: 3, val: 12 });
const planned = (data: typeof classes, options: Omit<TrainOptions, 'data'>) =>
  planTraining(resolveConfig({ data: 'synthetic', workers: 0, hidden: [4], ...options }), data);

describe('a parameter', () => {
  it.each(DIVERGENCE_NAMES.filter((name) => 'parameter' in DIVERGENCES[name]))(
    'of %s goes from the configuration into network and objective',
    (loss) => {
      const { targets, parameter }: Divergence = DIVERGENCES[loss];
      const data = targets === 'class' ? classes : regression;
      const given = planned(data, { loss, [parameter!.name]: 0.25 });
      expect(given.network.lossParameter).toBe(0.25);
      expect(given.objective.parameter).toBe(0.25);
      const { network, config } = planned(data, { loss });
      expect(network.lossParameter).toBe(parameter!.default);
      expect(config[parameter!.name]).toBe(parameter!.default);
    },
  );

  it('of another divergence is refused', () => {
    const used = /^labelSmoothing: loss nll does not use it; it belongs to crossEntropy/;
    expect(() => planned(classes, { loss: 'nll', labelSmoothing: 0.2 })).toThrow(used);
    expect(planned(classes, { labelSmoothing: 0.2 }).network.lossParameter).toBe(0.2);
    // A new training is refused for that all the same, once its data are known (test/run/older.test.ts).
    expect(planned(regression, { labelSmoothing: 0.2 }).network).not.toHaveProperty('lossParameter');
    expect(planned(classes, { loss: 'nll' }).network).not.toHaveProperty('lossParameter');
  });

  it.each([
    ['huberDelta', 0],
    ['focalGamma', -1],
    ['quantile', 0],
    ['quantile', 1],
    ['labelSmoothing', 1],
    ['labelSmoothing', -0.1],
    ['classWeights', [1, 0]],
    ['classWeights', 'equal'],
  ])('%s = %j is refused', (key, value) => {
    expect(() => resolveConfig({ data: 'none', [key]: value })).toThrow(UsageError);
  });

  it('changes what is learned', async () => {
    const options = { workers: 0, hidden: [4], epochs: 2, batch: 20 };
    const of = async (more: Omit<TrainOptions, 'data'>) =>
      (await trainToEnd(classes, { ...options, ...more })).sha256;
    const plain = await of({ loss: 'crossEntropy' });
    expect(await of({ loss: 'nll' })).toBe(plain); // log-softmax and nll are softmax and cross-entropy
    expect(await of({ loss: 'crossEntropy', labelSmoothing: 0.1 })).not.toBe(plain);
    expect(await of({ loss: 'focal' })).not.toBe(plain);
  });
});

describe('quantiles', () => {
  it('choose the loss, and give each target an output for every level', () => {
    const quantiles = [0.1, 0.5, 0.8];
    const given = planned(regression, { quantiles });
    expect(given.network).toMatchObject({ loss: 'quantiles', lossParameter: quantiles });
    expect(given.network.layers.at(-1)).toEqual({ dense: 3 });
    expect(given.objective).toMatchObject({ levels: quantiles, parameter: 3 });
    expect(planned(regression, { loss: 'quantiles' }).network.lossParameter).toEqual([0.05, 0.5, 0.95]);
    expect(planned(regression, {}).network).not.toHaveProperty('lossParameter');
  });

  it.each([
    [
      classes,
      { quantiles: [0.5] },
      /^quantiles: are of a target that is a number, but the target is a class/,
    ],
    [classes, { loss: 'quantiles' }, /^loss: quantiles is for a target that is a number, but it is a class/],
    [regression, { quantiles: [0.5], loss: 'huber' }, /^quantiles: loss huber does not use them/],
    [regression, { quantiles: [0.5, 0.4] }, /^quantiles: expected rising levels, found/],
    [regression, { quantiles: [0.5, 0.5] }, /^quantiles: expected rising levels, found/],
    [regression, { quantiles: [] }, /^quantiles: /],
    [regression, { quantiles: [0.1, 1] }, /^quantiles\.1: must be less than 1, found 1/],
    [regression, { quantiles: [0, 0.5] }, /^quantiles\.0: must be greater than 0, found 0/],
    [
      regression,
      { quantiles: [0.1, 0.9], layers: [{ dense: 1 }] },
      /^layers: the last layer has 1 outputs, but 1 target values with loss quantiles need 2/,
    ],
  ] as const)('are refused where they do not fit (%#)', (data, options, message) => {
    const { layers, ...rest } = { layers: undefined, ...options } as Omit<TrainOptions, 'data'>;
    const plan = () =>
      planTraining(
        resolveConfig({ data: 'synthetic', workers: 0, ...rest, ...(layers ? { layers } : { hidden: [4] }) }),
        data,
      );
    expect(plan).toThrow(message);
    expect(plan).toThrow(UsageError);
  });
});

describe('the last activation', () => {
  it('is the one that the divergence is fused with', () => {
    for (const loss of DIVERGENCE_NAMES.filter((name) => name !== 'quantiles')) {
      const { fused }: Divergence = DIVERGENCES[loss];
      const { network, objective } = planned(classes, { loss });
      expect(network.layers.at(-1)).toEqual(fused?.activation ?? { dense: 3 });
      expect(objective.fused?.kind).toBe(fused?.activation);
    }
  });

  it('is one output for two classes where the divergence knows what it means', () => {
    const two = syntheticData({ rows: 20, inputs: 2, classes: 2 });
    const widths = DIVERGENCE_NAMES.filter((name) => name !== 'quantiles').map(
      (loss) => [loss, planned(two, { loss }).layers.at(-1)!.outputs] as const,
    );
    expect(widths.filter(([, width]) => width === 1).map(([loss]) => loss)).toEqual([
      'binaryCrossEntropy',
      'hinge',
      'squaredHinge',
    ]);
    expect(planned(two, { loss: 'hinge' }).objective.threshold).toBe(0);
    expect(planned(two, { loss: 'binaryCrossEntropy' }).objective.threshold).toBe(0); // on the logit
  });
});

describe('targets', () => {
  const run = async (file: string, options: Partial<TrainOptions>, out: string | null = null) => {
    const events = [];
    const data = join(folder, file);
    const fixed = {
      target: 'calls',
      task: 'regression',
      epochs: 3,
      batch: 10,
      workers: 0,
      hidden: [4],
    } as const;
    for await (const event of train({ ...fixed, data, hidden: [4], ...options }, { out })) events.push(event);
    return events;
  };

  it.each([
    ['poisson', 'counts.csv', count],
    ['binaryCrossEntropy', 'shares.csv', share],
    ['huber', 'counts.csv', count],
  ] as const)('under %s: the model is evaluated to the bits of training', async (loss, data, target) => {
    const out = join(folder, loss);
    const end = (
      await run(
        data,
        {
          loss,
          ...(loss === 'huber' ? { huberDelta: 0.01 } : {}),
          test: join(folder, data),
          epochs: 40,
          optimizer: 'adam',
          lr: 0.05,
        },
        out,
      )
    ).at(-1) as EndEvent;
    const model = await loadModel(out);
    const { metrics, r2 } = await model.evaluate(join(folder, data));
    expect(metrics).toEqual(end.test);
    const batches = [...(await model.predict(join(folder, data))).batches()];
    const values = batches.flatMap(({ predicted }) => predicted).map(Number);
    const squares = values.reduce((sum, value, i) => sum + (value - target(i)) ** 2, 0);
    // The rmse is in the target's own unit.
    expect((metrics as { rmse: number }).rmse / Math.sqrt(squares / 60)).toBeCloseTo(1, 5);
    expect(r2).toBeGreaterThan(0.5);
    if (loss === 'huber') return;
    for (const value of values) expect(value).toBeGreaterThan(0); // a rate, a probability
  });

  it("are standardised for huber, so that its delta is in their standard deviations and not in the targets' unit", async () => {
    const hash = async (factor: number, huberDelta: number) => {
      const rows = Array.from(
        { length: 60 },
        (_, i) => `${(i % 10) / 10},${(i % 7) / 7},${factor * count(i)}`,
      );
      writeFileSync(join(folder, 'unit.csv'), ['a,b,calls', ...rows].join('\n'));
      return (await run('unit.csv', { loss: 'huber', huberDelta })).at(-1) as EndEvent;
    };
    const [one, other, cents] = [await hash(1, 0.25), await hash(1, 0.5), await hash(1024, 0.25)];
    expect(cents.weightsSha256).toBe(one.weightsSha256);
    expect(other.weightsSha256).not.toBe(one.weightsSha256);

    const out = join(folder, 'huber-unit');
    await run('counts.csv', { loss: 'huber', huberDelta: 0.25, val: 0 }, out);
    const model = await loadModel(out);
    const targets = Array.from({ length: 60 }, (_, i) => count(i));
    const mean = targets.reduce((sum, d) => sum + d, 0) / 60;
    const deviation = Math.sqrt(targets.reduce((sum, d) => sum + (d - mean) ** 2, 0) / 60);
    const batches = [...(await model.predict(join(folder, 'counts.csv'))).batches()];
    const values = batches.flatMap(({ predicted }) => predicted).map(Number);
    const errors = values.map((value, i) => Math.abs(value - targets[i]) / deviation);
    const losses = errors.map((e) => (e <= 0.25 ? e ** 2 / 2 : 0.25 * (e - 0.25 / 2)));
    expect(errors.some((e) => e > 0.25) && errors.some((e) => e < 0.25)).toBe(true);
    const { metrics } = await model.evaluate(join(folder, 'counts.csv'));
    expect(metrics.loss / (losses.reduce((sum, loss) => sum + loss, 0) / 60)).toBeCloseTo(1, 5);
  });

  it('are not standardised where that would leave the domain, and a note says so', () => {
    const plain = { ...regression, train: { ...regression.train } };
    plain.train.dataset.targets.set(plain.train.dataset.targets.map(Math.abs));
    const { data, notes } = planned(plain, { loss: 'poisson' });
    expect(data.encoding).toMatchObject({ targetShift: [0], targetScale: [1] });
    expect(data.schema.target).toMatchObject({ shift: [0], scale: [1] });
    expect(notes).toContain('target: not standardised, since loss poisson is for values at least 0');
    expect(planned(plain, { loss: 'quantile' }).data).toBe(plain);
    expect(planned(classes, { loss: 'hinge' }).data).toBe(classes);
  });

  it('outside the domain are named', async () => {
    await expect(run('negative.csv', { loss: 'poisson', val: 0 })).rejects.toThrow(DataError);
    await expect(run('negative.csv', { loss: 'poisson', val: 0 })).rejects.toThrow(
      /^negative: training row 42, target "calls": -2 is not at least 0, as loss poisson needs it; /,
    );
    await expect(run('counts.csv', { loss: 'hinge', val: 0 })).rejects.toThrow(
      /-?\d+ is not 0 or 1, or -1 or 1/,
    );
    await expect(run('counts.csv', { loss: 'poisson', val: join(folder, 'negative.csv') })).rejects.toThrow(
      /: validation row 42, /,
    );
    const start = (await run('negative.csv', { loss: 'absoluteError', val: 0 }))[0] as StartEvent;
    expect(start.network.loss).toBe('absoluteError');
  });

  it('of another kind are refused before training', () => {
    for (const loss of ['crossEntropy', 'nll', 'focal'] as const) {
      expect(() => planned(regression, { loss })).toThrow(
        `loss: ${loss} is for classes, but the target is a number`,
      );
    }
    expect(() => planned(regression, { loss: 'kl' })).toThrow(
      'loss: kl compares distributions, but the target is one number',
    );
  });
});

describe('class weights', () => {
  const counts = [0, 1, 2].map(
    (c) => classes.train.rows.filter((row) => classes.train.dataset.targets[row] === c).length,
  );

  it('balanced: every class has the same share of the rows', () => {
    const { weighting } = planned(classes, { classWeights: 'balanced' });
    for (const [c, weight] of weighting.classes!.entries()) expect(weight * counts[c]).toBeCloseTo(20, 12);
    expect(planned(classes, {}).weighting.classes).toBeNull();
  });

  it('count in training, and nothing in evaluation', async () => {
    const options = { workers: 0, hidden: [4], batch: 'all', epochs: 1, seed: 3 } as const;
    const measured = async (more: object) => {
      const trainer = newTrainer(classes, { ...options, ...more });
      const { loss: val } = await trainer.evaluate('val');
      await trainer.step();
      const { epochLoss, epochWeight } = trainer.state;
      await trainer.close();
      return { val, loss: epochLoss / epochWeight };
    };
    const plain = await measured({});
    const [first, second, third] = await Promise.all(
      [0, 1, 2].map((only) => measured({ classWeights: [0, 1, 2].map((c) => (c === only ? 1 : 1e-30)) })),
    );
    const all = await measured({ classWeights: [3, 5, 7] });
    const sum = (weights: number[]) =>
      [first, second, third].reduce((total, { loss }, c) => total + weights[c] * counts[c] * loss, 0) /
      counts.reduce((total, count, c) => total + weights[c] * count, 0);
    expect(plain.loss).toBeCloseTo(sum([1, 1, 1]), 6);
    expect(all.loss).toBeCloseTo(sum([3, 5, 7]), 6);
    expect(Math.abs(all.loss - plain.loss)).toBeGreaterThan(1e-3);
    expect(all.val).toBe(plain.val);
  });

  it('give the same bits for any number of workers', async () => {
    const options = { hidden: [5], batch: 16, epochs: 2, classWeights: 'balanced', loss: 'focal' } as const;
    const hashes = await Promise.all(
      [0, 2].map((workers) => trainToEnd(classes, { ...options, hidden: [5], workers })),
    );
    expect(hashes[1]).toEqual(hashes[0]);
  });

  it('that do not fit the classes are refused', () => {
    expect(() => planned(classes, { classWeights: [1, 2] })).toThrow(
      'classWeights: 2 weights for the 3 classes class 0, class 1, class 2',
    );
    expect(() => planned(regression, { classWeights: 'balanced' })).toThrow(
      'classWeights: the target is a number',
    );
  });
});
