import { expect, it } from 'vitest';
import { describeSource } from '#src/data/describe.js';
import { loadTrainingData, loadWithSchema } from '#src/data/load.js';
import { file } from '../helpers.js';

const load = (seed: number) => loadTrainingData({ data: 'mnist', task: 'auto', val: 0.1, seed });

it('mnist: 60,000 images split by class, 10,000 to test, pixels standardised by the training images', async () => {
  const data = await load(1);
  expect(data).toMatchObject({ name: 'mnist', task: 'classification', inputWidth: 784, outputs: 10 });
  expect(data.classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  expect([data.train.rows.length, data.val!.rows.length, data.test!.rows.length]).toEqual([
    54_000, 6000, 10_000,
  ]);
  const { numbers, targets } = data.train.dataset;
  expect(numbers.length).toBe(60_000 * 784);
  // the pixels are a view of the file itself, header included, not a second copy
  expect(numbers.buffer.byteLength).toBe(numbers.length + 16);
  expect(Array.from(targets.subarray(0, 10))).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4]);
  const share = (rows: Uint32Array) => rows.reduce((ones, row) => ones + (targets[row] === 1 ? 1 : 0), 0);
  expect([share(data.train.rows), share(data.val!.rows)]).toEqual([6067, 675]);

  let sum = 0;
  let squares = 0;
  for (const row of data.train.rows) {
    for (let j = 0; j < 784; j++) {
      const pixel = numbers[row * 784 + j];
      sum += pixel;
      squares += pixel * pixel;
    }
  }
  const mean = sum / (54_000 * 784);
  expect(data.encoding.shift).toEqual([mean]);
  expect(data.encoding.scale[0]).toBeCloseTo(1 / Math.sqrt(squares / (54_000 * 784) - mean * mean), 14);
});

it('the fingerprint belongs to the data, not to the split', async () => {
  const [one, two] = [await load(1), await load(2)];
  expect(one.val!.rows).not.toEqual(two.val!.rows);
  expect(one.fingerprint).toBe(two.fingerprint);
  expect(one.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  const table = (content: string) =>
    loadTrainingData({ data: file('t.csv', content), task: 'auto', val: 0, seed: 1 });
  const { fingerprint } = await table('x,y\n1,0\n2,1\n');
  expect((await table('x,y\n1,0\n2,1\n')).fingerprint).toBe(fingerprint);
  expect((await table('x,y\n1,0\n3,1\n')).fingerprint).not.toBe(fingerprint);
});

it('a trained model is evaluated on the test part', async () => {
  const { schema } = await load(1);
  const { rows, notes } = await loadWithSchema('mnist', schema, { needTargets: true });
  expect(rows).toBe(10_000);
  expect(notes).toEqual(['data: the test part of mnist, 10000 rows']);
});

it('a source is described without being fitted', async () => {
  const { parts } = await describeSource('mnist');
  expect(parts.map(({ name, rows }) => [name, rows])).toEqual([
    ['train', 60_000],
    ['test', 10_000],
  ]);
  expect(parts[0].columns[0]).toMatchObject({
    name: 'inputs',
    type: 'u8 28 x 28',
    range: { min: 0, max: 255 },
  });
  expect(parts[0].columns[1]).toMatchObject({ name: 'labels', distinct: 10 });

  const table = await describeSource(file('d.csv', 'n,w,d\n1,a,2020-01-01\n,a,2020-01-02\n3,b,\n'));
  expect(table).toMatchObject({ name: 'd', kind: 'table', parts: [{ name: 'rows', rows: 3 }] });
  expect(table.parts[0].columns).toEqual([
    {
      name: 'n',
      type: 'number',
      missing: 1,
      distinct: 2,
      range: { min: 1, max: 3, mean: 2, std: 1 },
      examples: [],
      notes: [],
    },
    { name: 'w', type: 'text', missing: 0, distinct: 2, range: null, examples: ['a', 'b'], notes: [] },
    {
      name: 'd',
      type: 'date',
      missing: 1,
      distinct: 2,
      range: { min: 18262, max: 18263, mean: 18262.5, std: 0.5 },
      examples: [],
      notes: ['dates, yyyy-mm-dd'],
    },
  ]);
});
