/** Intervals, sets and quantiles of trained models, each computed again by hand from plain predictions. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '#src/errors.js';
import { loadModel, type Model, type PredictionBatch, type PredictOptions } from '#src/model/index.js';
import { readModel } from '#src/model/read.js';
import { decodeSafetensors, encodeSafetensors } from '#src/model/safetensors.js';
import { kthSmallest, pointLevel, quantilePairs, writeQuantileTargets } from '#src/network/quantiles.js';
import { Stream } from '#src/random.js';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import { withoutChecksum } from '../support/unsealed.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-uncertainty-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stream = new Stream(3, 91, 0);
/** Rows with a number that spreads more the larger x is, and a class that depends on x and chance. */
function rows(count: number) {
  const x = Array.from({ length: count }, () => 4 * stream.uniform());
  const y = x.map((value) => 3 + 2 * value + (0.3 + value) * (stream.uniform() - 0.5));
  const kind = x.map((value) => 'abc'[Math.min(2, Math.max(0, Math.floor(value + stream.uniform() - 1)))]);
  return { x, y, kind };
}
const training = rows(150);
const validation = rows(60);
const holdout = rows(100);

async function trained(name: string, target: 'y' | 'kind', options: Partial<TrainOptions>): Promise<Model> {
  const of = (table: ReturnType<typeof rows>) => ({ x: table.x, [target]: table[target] });
  const fixed = {
    data: of(training),
    val: of(validation),
    target,
    preset: 'none',
    hidden: [8],
    optimizer: 'adam',
    lr: 0.02,
    epochs: 15,
    batch: 30,
    workers: 0,
  } as const;
  for await (const event of train({ ...fixed, ...options }, { out: join(folder, name) })) void event;
  return loadModel(join(folder, name));
}

async function predicted(model: Model, table: { x: number[] }, options?: PredictOptions) {
  const batches: PredictionBatch[] = [...(await model.predict({ x: table.x }, options)).batches()];
  expect(batches).toHaveLength(1);
  return batches[0];
}

/** The ⌈(n+1)·level⌉-th smallest score. */
const scoreAt = (scores: number[], level: number) =>
  scores.toSorted((a, b) => a - b)[Math.ceil((scores.length + 1) * level - 1e-9) - 1];

let plain: Model;
let quantiles: Model;
let classes: Model;
let scaled: Model;
let alone: Model;
const LEVELS = [0.1, 0.5, 0.9];
beforeAll(async () => {
  plain = await trained('plain', 'y', {});
  quantiles = await trained('quantiles', 'y', { quantiles: LEVELS });
  classes = await trained('classes', 'kind', { epochs: 60 });
  scaled = await trained('scaled', 'kind', { epochs: 60, calibrate: 'temperature' });
  alone = await trained('alone', 'y', { val: 0 });
});

describe('intervals', () => {
  it('are the prediction, and as much on either side as the validation rows say', async () => {
    const known = await predicted(plain, validation);
    const scores = validation.y.map((y, i) => Math.abs(y - (known.predicted[i] as number)));
    for (const level of [0.5, 0.9]) {
      const found = await predicted(plain, holdout, { interval: level });
      const width = scoreAt(scores, level);
      found.predicted.forEach((value, i) => {
        expect(found.intervals![2 * i]).toBeCloseTo((value as number) - width, 4);
        expect(found.intervals![2 * i + 1]).toBeCloseTo((value as number) + width, 4);
      });
      expect(found).toMatchObject({ sets: null, quantiles: null, probabilities: null });
    }
    expect(plain.calibration).toMatchObject({ kind: 'values', rows: 60 });
    expect(known.intervals).toBeNull();
  });

  it('are evaluated', async () => {
    const { intervals } = await predicted(plain, holdout, { interval: 0.9 });
    const inside = holdout.y.filter((y, i) => intervals![2 * i] <= y && y <= intervals![2 * i + 1]);
    const { uncertainty, ece } = await plain.evaluate({ x: holdout.x, y: holdout.y });
    expect(uncertainty).toEqual({
      level: 0.9,
      coverage: inside.length / 100,
      width: expect.closeTo(intervals![1] - intervals![0], 6),
      size: null,
    });
    expect(ece).toBeNull();
    expect((await alone.evaluate({ x: holdout.x, y: holdout.y })).uncertainty).toBeNull();
  });

  it('of rows in hand are the same', async () => {
    const found = await predicted(plain, holdout, { interval: 0.8 });
    const [batch] = plain.predictRows([{ x: holdout.x[0] }], { interval: 0.8 }).batches();
    expect([...batch.intervals!]).toEqual([...found.intervals!.subarray(0, 2)]);
  });

  it.each([0, 1, -0.5, 1.5, Number.NaN])('at level %d are refused', (level) => {
    const ask = () => plain.predictRows([{ x: 1 }], { interval: level });
    expect(ask).toThrow(UsageError);
    expect(ask).toThrow(/^interval: expected a level between 0 and 1, such as 0\.9, found /);
  });

  it('at a level that the rows do not support are refused with the highest one', () => {
    const ask = (level: number) => plain.predictRows([{ x: 1 }], { interval: level });
    expect(() => ask(0.99)).toThrow(
      /^interval: 0\.99 needs 99 validation rows, .* on 60: ask for 0\.9836 at/,
    );
    expect(() => ask(0.99)).toThrow(UsageError);
    expect(() => ask(0.9836)).not.toThrow();
  });

  it('of a model without validation rows are refused with the remedy', () => {
    const ask = () => alone.predictRows([{ x: 1 }], { interval: 0.9 });
    expect(alone.calibration).toBeNull();
    expect(ask).toThrow(DataError);
    expect(ask).toThrow(/trained without validation rows.*\(--val 0\.2\)/);
  });

  it('of a classifier without probabilities are refused with the remedy', async () => {
    const hinge = await trained('hinge', 'kind', { loss: 'hinge', epochs: 1 });
    const ask = () => hinge.predictRows([{ x: 1 }], { interval: 0.9 });
    expect(ask).toThrow(/gives no probabilities.*loss crossEntropy/);
    expect((await hinge.evaluate({ x: holdout.x, kind: holdout.kind })).ece).toBeNull();
  });
});

describe('quantiles', () => {
  it('are sorted, and the one nearest to the median is the prediction', async () => {
    const prediction = await quantiles.predict({ x: holdout.x });
    expect(prediction.quantiles).toEqual(LEVELS);
    const [{ quantiles: found, predicted: values }] = [...prediction.batches()];
    values.forEach((value, i) => {
      const three = [...found!.subarray(3 * i, 3 * i + 3)];
      expect(three).toEqual(three.toSorted((a, b) => a - b));
      expect(value).toBe(three[1]);
    });
    const { metrics } = await quantiles.evaluate({ x: holdout.x, y: holdout.y });
    const squares = values.map((value, i) => ((value as number) - holdout.y[i]) ** 2);
    expect(metrics.rmse).toBeCloseTo(Math.sqrt(squares.reduce((a, b) => a + b) / 100), 4);
  });

  it('become intervals as conformalised quantile regression says', async () => {
    const known = (await predicted(quantiles, validation)).quantiles!;
    const outer = validation.y.map((y, i) => Math.max(known[3 * i] - y, y - known[3 * i + 2]));
    const inner = validation.y.map((y, i) => Math.abs(y - known[3 * i + 1]));
    for (const level of [0.9, 0.75, 0.3]) {
      const found = await predicted(quantiles, holdout, { interval: level });
      const q = scoreAt(level > 0.4 ? outer : inner, level); // 0.3 is nearer to 0 than to 0.9 − 0.1
      const [low, high] = level > 0.4 ? [0, 2] : [1, 1];
      for (let i = 0; i < 100; i++) {
        const values = found.quantiles!.subarray(3 * i, 3 * i + 3);
        expect(found.intervals![2 * i]).toBeCloseTo(Math.min(values[1], values[low] - q), 4);
        expect(found.intervals![2 * i + 1]).toBeCloseTo(Math.max(values[1], values[high] + q), 4);
      }
    }
  });

  it("of a linear network come to scikit-learn's", async () => {
    const fixture: { x: number[]; y: number[]; levels: number[]; predictions: number[][]; loss: number } =
      JSON.parse(readFileSync(new URL('../fixtures/calibration/quantiles.json', import.meta.url), 'utf8'));
    const { x, y, levels } = fixture;
    const options = { schedule: 'cosine', lr: 0.05, epochs: 3000, batch: 'all' } as const;
    const model = await trained('linear', 'y', {
      ...options,
      data: { x, y },
      val: 0,
      quantiles: levels,
      hidden: undefined,
      layers: [{ dense: 3 }],
    });
    const found = (await predicted(model, { x })).quantiles!;
    const pinball = (error: number, level: number) => Math.max(level * error, (level - 1) * error);
    const losses = [...found].map((value, i) => pinball(y[Math.floor(i / 3)] - value, levels[i % 3]));
    const loss = losses.reduce((a, b) => a + b) / losses.length;
    expect(loss / fixture.loss).toBeGreaterThan(0.9999);
    expect(loss / fixture.loss).toBeLessThan(1.005);
    fixture.predictions.flat().forEach((value, i) => {
      expect(Math.abs(found[i] - value)).toBeLessThan(0.35); // of values from 1 to 17: the optimum is flat
    });
  });

  it('are laid out target by target', () => {
    const desired = new Float64Array(2 * 8);
    writeQuantileTargets(desired, [1, 2, 3, 4], 2, 2, [0.25, 0.75]);
    expect([...desired]).toEqual([1, 1, 2, 2, 0.25, 0.75, 0.25, 0.75, 3, 3, 4, 4, 0.25, 0.75, 0.25, 0.75]);
    expect([[0.05, 0.5, 0.95], [0.1, 0.2, 0.9], [0.4, 0.6], [0.9]].map(pointLevel)).toEqual([1, 1, 0, 0]);
    expect(quantilePairs(0)).toEqual([{ low: 0, high: 0 }]);
    expect(quantilePairs(4)).toEqual([
      { low: 0, high: 3 },
      { low: 1, high: 2 },
    ]);
    expect([0, 1, 2, 3].map((k) => kthSmallest([9, 3, 1, 3, 2, 9], 1, 4, k))).toEqual([1, 2, 3, 3]);
    expect(kthSmallest([Number.NaN, 1], 0, 2, 1)).toBeNaN();
  });
});

describe('sets', () => {
  it('hold the classes that validation rows of this probability had', async () => {
    const names = classes.classes!;
    const { probabilities: known } = await predicted(classes, validation);
    const scores = validation.kind.map((kind, i) => 1 - known![3 * i + names.indexOf(kind)]);
    for (const level of [0.5, 0.9]) {
      const q = scoreAt(scores, level);
      const { sets, probabilities, predicted: best } = await predicted(classes, holdout, { interval: level });
      sets!.forEach((set, i) => {
        const row = [...probabilities!.subarray(3 * i, 3 * i + 3)];
        const all = names.filter((name, j) => name === best[i] || 1 - row[j] <= q + 1e-6);
        expect(set.toSorted()).toEqual(all.toSorted());
        expect(set[0]).toBe(best[i]);
      });
    }
    const { sets } = await predicted(classes, holdout, { interval: 0.9 });
    const { uncertainty } = await classes.evaluate({ x: holdout.x, kind: holdout.kind });
    expect(uncertainty).toEqual({
      level: 0.9,
      coverage: holdout.kind.filter((kind, i) => sets![i].includes(kind)).length / 100,
      size: sets!.flat().length / 100,
      width: null,
    });
  });

  it('come from probabilities that are scaled if the configuration says so', async () => {
    const { calibration } = scaled;
    if (calibration?.kind !== 'classes' || classes.calibration?.kind !== 'classes') throw new Error('kind');
    expect(calibration).toMatchObject({ applied: true, rows: 60 });
    expect(classes.calibration).toMatchObject({ applied: false, temperature: calibration.temperature });
    expect(calibration.temperature).not.toBe(1);
    expect(calibration.logLoss.after).toBeLessThan(calibration.logLoss.before);
    const [raw, found] = [await predicted(classes, holdout), await predicted(scaled, holdout)];
    for (let at = 0; at < 300; at += 3) {
      const powers = [...raw.probabilities!.subarray(at, at + 3)].map(
        (p) => p ** (1 / calibration.temperature),
      );
      const total = powers.reduce((a, b) => a + b);
      powers.forEach((power, j) => {
        expect(found.probabilities![at + j]).toBeCloseTo(power / total, 5);
      });
    }
    expect(found.predicted).toEqual(raw.predicted);
    const { probabilities: known } = await predicted(scaled, validation);
    const worst = Math.max(
      ...validation.kind.map((kind, i) => 1 - known![3 * i + scaled.classes!.indexOf(kind)]),
    );
    expect(calibration.scores.at(-1)).toBeCloseTo(worst, 6);
    const { ece } = await scaled.evaluate({ x: holdout.x, kind: holdout.kind });
    expect(ece).toEqual((await classes.evaluate({ x: holdout.x, kind: holdout.kind })).ece);
  });
});

describe('a calibration from anybody', () => {
  const damaged = (name: string, change: (calibration: Record<string, unknown>) => unknown) => {
    const source = join(folder, name, 'model.safetensors');
    const { tensors, metadata } = decodeSafetensors(readFileSync(source), source);
    const file = join(folder, 'damaged.safetensors');
    const calibration = JSON.stringify(change(JSON.parse(metadata.calibration)));
    const named = [...tensors].map(([key, tensor]) => ({ name: key, ...tensor }));
    writeFileSync(file, encodeSafetensors(named, withoutChecksum({ ...metadata, calibration })));
    return file;
  };

  it.each<[string, string, (calibration: Record<string, unknown>) => unknown, RegExp]>([
    [
      'temperature 0',
      'classes',
      (c) => ({ ...c, temperature: 0 }),
      /calibration is not valid at temperature/,
    ],
    ['an unknown key', 'classes', (c) => ({ ...c, code: 1 }), /calibration is not valid at the top/],
    ['no rows', 'plain', (c) => ({ ...c, rows: 0 }), /calibration is not valid at rows/],
    [
      'falling scores',
      'classes',
      (c) => ({ ...c, scores: [0.5, 0.4] }),
      /not valid at scores \(expected rising/,
    ],
    ['more scores than rows', 'classes', (c) => ({ ...c, rows: 3 }), /calibration is not one of its network/],
    [
      'too many scores',
      'plain',
      (c) => ({ ...c, scores: [[Array(2001).fill(1)]] }),
      /not valid at scores\.0\.0/,
    ],
    ['scores of two targets', 'plain', (c) => ({ ...c, scores: [[[1]], [[1]]] }), /not one of its network/],
    ['scores of one pair', 'quantiles', (c) => ({ ...c, scores: [[[1]]] }), /not one of its network/],
    ['values for classes', 'classes', () => ({ kind: 'values', rows: 1, scores: [[[1]]] }), /not one of its/],
    ['text', 'classes', () => 'all is well', /calibration is not valid/],
  ])('is refused: %s', (_, name, change, message) => {
    const file = damaged(name, change);
    expect(() => readModel(file)).toThrow(DataError);
    expect(() => readModel(file)).toThrow(message);
  });

  it.each([
    [
      'levels that fall',
      { lossParameter: [0.9, 0.5, 0.1] },
      /its lossParameter does not suit loss quantiles/,
    ],
    ['a number', { lossParameter: 0.5 }, /its lossParameter does not suit loss quantiles/],
    ['none', { lossParameter: undefined }, /its lossParameter does not suit loss quantiles/],
    ['levels of another loss', { loss: 'huber' }, /its lossParameter does not suit loss huber/],
    ['two levels', { lossParameter: [0.1, 0.9] }, /its network is 1 to 3, its preprocessing 1 to 2/],
    ['a level of 1', { lossParameter: [0.1, 0.5, 1] }, /its network is not valid at lossParameter/],
  ])('is refused with %s as levels', (_, change, message) => {
    const source = join(folder, 'quantiles', 'model.safetensors');
    const { tensors, metadata } = decodeSafetensors(readFileSync(source), source);
    const file = join(folder, 'damaged.safetensors');
    const network = JSON.stringify({ ...JSON.parse(metadata.network), ...change });
    const loss = (JSON.parse(network) as { loss: string }).loss;
    const named = [...tensors].map(([key, tensor]) => ({ name: key, ...tensor }));
    writeFileSync(file, encodeSafetensors(named, withoutChecksum({ ...metadata, network, loss })));
    expect(() => readModel(file)).toThrow(message);
  });
});
