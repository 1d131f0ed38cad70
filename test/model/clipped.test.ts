/** Tests that predictions stay within the range of the training targets, in training as in a saved model. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { TableColumns } from '#src/data/tables/records.js';
import { loadModel } from '#src/model/index.js';
import { train } from '#src/run/train.js';
import type { TrainOptions } from '#src/train/config.js';
import type { TrainEvent } from '#src/train/events.js';

const folder = mkdtempSync(join(tmpdir(), 'gradpool-clipped-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Rows of a line; those of the test lie far beyond those of the training. */
const line = (from: number, to: number) => {
  const x = Array.from({ length: to - from }, (_, i) => from + i);
  return { x, y: x.map((value) => 3 * value + 0.5) };
};

/** Trains a linear model, and returns its test figures beside those of the saved model. */
async function figures(
  table: { data: TableColumns | TrainOptions['data']; test: TrainOptions['test'] },
  clipPredictions: boolean,
) {
  const out = join(folder, String(clipPredictions) + Math.abs(JSON.stringify(table.data).length));
  let last: TrainEvent | undefined;
  const options = {
    ...table,
    task: 'regression',
    val: 0,
    hidden: [],
    preset: 'none',
    optimizer: 'sgd',
    lr: 0.1,
    batch: 'all',
  } as const;
  const more = { epochs: 200, workers: 0, clipPredictions } as const;
  for await (const event of train({ ...options, ...more } as TrainOptions, { out })) last = event;
  const model = await loadModel(out);
  const [{ predicted }] = model.predictRows([{ x: -100 }, { x: 5 }, { x: 100 }].map((row) => row)).batches();
  const evaluation = await model.evaluate(table.test as TrainOptions['data']);
  if (last?.type !== 'end') throw new Error('the training has no end');
  return { predicted: predicted as readonly number[], test: last.test!, evaluation };
}

it('of a table', async () => {
  const table = { data: line(0, 20), test: line(0, 40), target: 'y' };
  const free = await figures(table, false);
  expect(free.predicted[0]).toBeLessThan(-200);
  expect(free.predicted[2]).toBeGreaterThan(200);

  const { predicted, test, evaluation } = await figures(table, true);
  expect([predicted[0], predicted[2]]).toEqual([0.5, 57.5]);
  expect(predicted[1]).toBeCloseTo(15.5, 0);
  expect(evaluation.metrics).toEqual(test);
  // the rows 20 to 39 are all predicted as 57.5, the others nearly right
  const squares = line(20, 40).y.reduce((sum, y) => sum + (y - 57.5) ** 2, 0);
  expect(test.rmse!).toBeCloseTo(Math.sqrt(squares / 40), 1);
  expect(free.test.rmse!).toBeLessThan(1);
  expect(evaluation.mae!).toBeGreaterThan(10);
});
