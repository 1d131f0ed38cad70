/**
 * Models that an earlier gradpool saved, before a model held how its columns are read. The files in
 * test/fixtures/models/0.1.0 were made at f9f668b by
 * `train table.csv -t answer|price --hidden 5 --epochs 3 --kernels portable --workers 0`, then `predict`.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadModel } from '#src/model/index.js';

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/models/0.1.0/${name}`, import.meta.url));
const cells = (name: string) =>
  readFileSync(fixture(name), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));

it.each(['classes', 'values'])('%s: opens and predicts as it did, and says what is assumed', async (name) => {
  const model = await loadModel(fixture(`${name}.safetensors`), { kernels: 'portable' });
  const predictions = await model.predict(fixture('table.csv'));
  const found = Array.from(predictions.batches(), ({ predicted }) => predicted).flat();
  const expected = cells(`${name}.csv`).map(([first]) => first);
  // kernels round differently in the last digits
  const short = (value: string | number) => (name === 'values' ? Number(value).toPrecision(7) : value);
  expect(found.map(short)).toEqual(expected.map(short));
  expect(predictions.notes).toEqual(
    expect.arrayContaining([
      'column "born": the model was saved by an earlier gradpool without its format; dates, yyyy-mm-dd are assumed',
      'column "active": the model was saved by an earlier gradpool without its format; boolean, false and true are assumed',
    ]),
  );
  expect((await model.evaluate(fixture('table.csv'))).rows).toBe(60);
});
