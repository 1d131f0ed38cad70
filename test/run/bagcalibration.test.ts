/**
 * The calibration of a bag, computed again by hand: each row's score is that of the members that were not
 * trained on it, each loaded and asked on its own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { calibrateClasses } from '#src/calibration/calibrate.js';
import { bagData, bagSources } from '#src/data/bag.js';
import { loadTrainingData } from '#src/data/load.js';
import { chooseKernels } from '#src/kernels/choose.js';
import { calibrateModel } from '#src/model/calibrate.js';
import { loadModel, type Model } from '#src/model/index.js';
import { readModel } from '#src/model/read.js';
import { Stream } from '#src/random.js';
import { train } from '#src/run/train.js';
import { resolveConfig, type TrainOptions } from '#src/train/config.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-bag-calibration-'));
afterAll(() => rmSync(folder, { recursive: true }));

const stream = new Stream(5, 92, 0);
function rows(count: number) {
  const x = Array.from({ length: count }, () => 4 * stream.uniform());
  const y = x.map((value) => 3 + 2 * value + 2 * (stream.uniform() - 0.5));
  const kind = x.map((value) => 'abc'[Math.min(2, Math.max(0, Math.floor(value + stream.uniform() - 1)))]);
  return { x, y, kind };
}
const known = rows(120);
const fresh = rows(50);

const shared = { hidden: [6], optimizer: 'adam', lr: 0.02, epochs: 12, batch: 20, workers: 0 } as const;
type Target = 'y' | 'kind';
const optionsOf = (target: Target, more: Partial<TrainOptions>): TrainOptions => ({
  data: { x: known.x, [target]: known[target] },
  target,
  val: 0.25,
  bag: 3,
  seed: 2,
  kernels: 'portable',
  preset: 'none',
  ...shared,
  ...more,
});

async function trained(name: string, options: TrainOptions): Promise<Model> {
  for await (const event of train(options, { out: join(folder, name) })) void event;
  return loadModel(join(folder, name), { kernels: 'portable' });
}

/** Returns the rows of the folds with the models that were not trained on them. */
async function outOfFold(name: string, options: TrainOptions): Promise<Map<number, Model[]>> {
  const { options: sources, fraction } = bagSources({ ...resolveConfig(options), data: options.data });
  const { members } = bagData(await loadTrainingData(sources), options.bag!, fraction, options.seed!);
  const models = new Map<number, Model[]>();
  for (const [member, { val }] of members.entries()) {
    const path = join(folder, name, 'members', String(member + 1));
    const model = await loadModel(path, { kernels: 'portable' });
    for (const row of val!.rows) models.set(row, [...(models.get(row) ?? []), model]);
  }
  return models;
}

const first = (model: Model, x: number) => [...model.predictRows([{ x }]).batches()][0];
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const rising = (values: readonly number[]) => values.toSorted((a, b) => a - b);
/** Compares stored scores, which are rounded up in their last digits. */
function expectScores(stored: readonly number[], expected: readonly number[]) {
  expect(stored).toHaveLength(expected.length);
  rising(expected).forEach((score, i) => {
    expect(stored[i]).toBeCloseTo(score, 4);
  });
}

describe('the calibration of a bag', () => {
  it.each([
    ['one member', 3, 1, 90],
    ['two members', 8, 2, 120],
  ])('scores a value by the %s not trained on its row', async (_, bag, crowd, held) => {
    const options = optionsOf('y', { bag });
    const model = await trained(`values-${bag}`, options);
    const models = await outOfFold(`values-${bag}`, options);
    expect([...models.values()].every(({ length }) => length === crowd)).toBe(true);
    const residuals = [...models].map(([row, its]) => {
      const predicted = mean(its.map((member) => first(member, known.x[row]).predicted[0] as number));
      return Math.abs(known.y[row] - predicted);
    });
    if (model.calibration?.kind !== 'values') throw new Error('no calibration of values');
    expect(model.calibration.rows).toBe(held);
    expectScores(model.calibration.scores[0][0], residuals);
    const width = rising(residuals)[Math.ceil((held + 1) * 0.9 - 1e-9) - 1];
    const [batch] = [...model.predictRows([{ x: fresh.x[0] }], { interval: 0.9 }).batches()];
    const point = batch.predicted[0] as number;
    expect(batch.intervals![0]).toBeCloseTo(point - width, 3);
    expect(batch.intervals![1]).toBeCloseTo(point + width, 3);
    const { uncertainty } = await model.evaluate({ x: fresh.x, y: fresh.y });
    expect(uncertainty!.width).toBeCloseTo(2 * width, 3);
  });

  it('scores a class by the mean probability of those members, before or after the temperature', async () => {
    for (const calibrate of ['none', 'temperature'] as const) {
      const options = optionsOf('kind', { bag: 8, calibrate, epochs: 30 });
      const model = await trained(`kind-${calibrate}`, options);
      const models = await outOfFold(`kind-${calibrate}`, { ...options });
      const names = model.classes!;
      const plain = [...models].map(([row, its]) => {
        // What a member predicts is scaled by its own temperature, so its network is asked.
        const each = its.map((member) => rawProbabilities(member, known.x[row]));
        return { label: names.indexOf(known.kind[row]), p: names.map((_, j) => mean(each.map((p) => p[j]))) };
      });
      const labels = plain.map(({ label }) => label);
      const probabilities = plain.flatMap(({ p }) => p);
      const expected = calibrateClasses({ probabilities, classes: 3, labels }, calibrate === 'temperature');
      if (model.calibration?.kind !== 'classes') throw new Error('no calibration of classes');
      expect(model.calibration).toMatchObject({ rows: 120, applied: calibrate === 'temperature' });
      expect(model.calibration.temperature).toBeCloseTo(expected.temperature, 4);
      expect(model.calibration.temperature).not.toBe(1);
      expect(model.calibration.ece.before).toBeCloseTo(expected.ece.before, 4);
      expectScores(model.calibration.scores, expected.scores);
      const { uncertainty } = await model.evaluate({ x: fresh.x, kind: fresh.kind });
      expect(uncertainty!.coverage).toBeGreaterThan(0);
    }
  });

  it('with validation rows from a source of their own is that of the mean', async () => {
    const val = { x: fresh.x, y: fresh.y };
    const model = await trained('own', optionsOf('y', { val }));
    const residuals = fresh.x.map((x, i) => Math.abs(fresh.y[i] - (first(model, x).predicted[0] as number)));
    if (model.calibration?.kind !== 'values') throw new Error('no calibration of values');
    expectScores(model.calibration.scores[0][0], residuals);
  });

  it('is missing where no rows are kept back', async () => {
    const model = await trained('none', optionsOf('y', { val: 0 }));
    expect(model.calibration).toBeNull();
    expect(() => model.predictRows([{ x: 1 }], { interval: 0.9 })).toThrow(/without validation rows/);
  });

  it('of many rows takes some of each group, evenly', async () => {
    const { train: all } = await loadTrainingData({
      ...resolveConfig(optionsOf('y', {})),
      data: bulk(),
      val: 0,
    });
    const { dataset } = all;
    const groups = [
      { subset: { dataset, rows: all.rows.subarray(0, 60_000) as typeof all.rows }, members: [0] },
      { subset: { dataset, rows: all.rows.subarray(60_000) as typeof all.rows }, members: [1, 2] },
    ];
    const chosen = chooseKernels({ kernels: 'portable', precision: 'f32' });
    const model = readModel(join(folder, 'values-3'));
    const found = calibrateModel(model, groups, { chosen, applied: false, source: 'rows' });
    expect(found).toMatchObject({ kind: 'values', rows: 100_000 });
  });
});

/** 120,000 rows, more than a calibration takes. */
function bulk() {
  const x = Array.from({ length: 120_000 }, (_, i) => (i % 4000) / 1000);
  return { x, y: x.map((value) => 3 + 2 * value) };
}

/** Returns the probabilities of a network before any temperature, of which it stores how it scales them. */
function rawProbabilities(model: Model, x: number): number[] {
  const { probabilities } = first(model, x);
  const { calibration } = model;
  if (calibration?.kind !== 'classes' || !calibration.applied) return [...probabilities!];
  const powers = Array.from(probabilities!, (p) => p ** calibration.temperature);
  return powers.map((power) => power / powers.reduce((a, b) => a + b));
}
