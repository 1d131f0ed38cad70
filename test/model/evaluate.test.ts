/** What `model.evaluate` adds to the metrics of training: scores, weights and intervals. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadModel, type Model } from '#src/model/index.js';
import { train } from '#src/run/train.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-evaluate-'));
afterAll(() => rmSync(folder, { recursive: true }));

const x = Array.from({ length: 40 }, (_, row) => (row * 7) % 40);
const noise = x.map((_, row) => ((row * 13) % 11) - 5);
const kind = x.map((value, row) => (value + noise[row] > 20 ? 'high' : 'low'));
const price = x.map((value, row) => 3 * value + noise[row] + 1);
const weight = x.map((_, row) => row % 3);
/** Rows as often as their weight says. */
const repeated = weight.flatMap((count, row) => new Array<number>(count).fill(row));
const take = <T>(values: readonly T[]) => repeated.map((row) => values[row]);

let classes: Model;
let numbers: Model;
beforeAll(async () => {
  const options = { val: 0, hidden: [4], epochs: 5, workers: 0, preset: 'none' } as const;
  const data = { x, kind, price };
  const made = async (target: string, drop: string) => {
    const out = join(folder, target);
    for await (const event of train({ ...options, data, target, drop: [drop] }, { out })) void event;
    return loadModel(out);
  };
  [classes, numbers] = [await made('kind', 'price'), await made('price', 'kind')];
});

describe.each([['classes'], ['numbers']])('an evaluation of %s', (task) => {
  const model = () => (task === 'classes' ? classes : numbers);

  it('says the same in metrics and scores', async () => {
    const { metrics, scores, mae, r2 } = await model().evaluate({ x, kind, price });
    for (const [name, value] of Object.entries(metrics)) {
      if (name !== 'loss') expect(scores[name as 'rmse']!.value, name).toBeCloseTo(value, 5);
    }
    if (task === 'classes') expect(scores.logLoss!.value).toBeCloseTo(metrics.loss, 5);
    else expect([scores.mae!.value, scores.r2!.value]).toEqual([mae, expect.closeTo(r2!, 6)]);
  });

  it('with weights is that of repeated rows', async () => {
    const weighted = await model().evaluate({ x, kind, price, weight }, { weights: 'weight' });
    const plain = await model().evaluate({ x: take(x), kind: take(kind), price: take(price) });
    for (const [name, { value }] of Object.entries(plain.scores))
      expect(weighted.scores[name as 'mae']!.value, name).toEqual(
        value === null ? null : expect.closeTo(value, 6),
      );
    for (const [name, value] of Object.entries(plain.metrics))
      expect(weighted.metrics[name as 'loss'], name).toBeCloseTo(value, 5);
    expect(weighted.confusion).toEqual(plain.confusion);
    expect(weighted.perClass).toEqual(plain.perClass);
    expect(weighted.ece?.before ?? 0).toBeCloseTo(plain.ece?.before ?? 0, 6);
  });

  it('refuses rows without weight, and too few resamples', async () => {
    const none = { x, kind, price, weight: x.map(() => 0) };
    await expect(model().evaluate(none, { weights: 'weight' })).rejects.toThrow(/all 40 rows have weight 0/);
    await expect(model().evaluate({ x, kind, price }, { bootstrap: 2 })).rejects.toThrow(/from 40/);
    const negative = { x, kind, price, weight: x.map(() => -1) };
    await expect(model().evaluate(negative, { weights: 'weight' })).rejects.toThrow(
      /weight must be 0 or more/,
    );
  });
});
