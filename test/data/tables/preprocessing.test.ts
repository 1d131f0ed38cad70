/** Tests how columns become inputs under each choice of preprocessing. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';
import { featuresOf, parseSchema } from '#src/data/schema.js';
import { allRows } from '#src/data/split.js';
import { linearQuantile, sortedPresent } from '#src/data/statistics.js';
import type { CellValue } from '#src/data/tables/records.js';
import { failure } from '../helpers.js';
import { fitted, inputsBy, inputsOf } from './inputs.js';

interface Scaled {
  readonly values: number[];
  readonly quantiles: number[];
  readonly scaled: number[];
}
const fixture: { shares: number[]; columns: Record<string, Scaled> } = JSON.parse(
  readFileSync(new URL('../../fixtures/sklearn/scaling.json', import.meta.url), 'utf8'),
);

describe('quantiles and robust scaling are those of numpy', () => {
  it.each(Object.entries(fixture.columns))('%s', async (_, { values, quantiles, scaled }) => {
    const sorted = sortedPresent(Float64Array.from(values), allRows(values.length));
    expect(fixture.shares.map((share) => linearQuantile(sorted, share))).toEqual(quantiles);
    const { x } = await fitted({ a: values }, { scaling: 'robust' });
    // numpy divides where gradpool multiplies, and the dataset may be stored as float32
    for (const [row, [value]] of x.entries()) expect(value).toBeCloseTo(scaled[row], 4);
  });
});

describe('robust scaling', () => {
  it('is of the training rows, and fills with the median, which becomes 0', async () => {
    const a = [1, 2, 3, 4, 5, null, 1e6];
    const { x, schema } = await fitted({ a }, { scaling: 'robust' });
    expect(schema.columns[0]).toMatchObject({ shift: 3.5, scale: 1 / 2.5, fill: 3.5, clip: true });
    expect(x[5]).toEqual([0]);
    const z = (1e6 - 3.5) * (1 / 2.5);
    expect(x[6][0]).toBe(z / Math.sqrt(1 + (z / 3) ** 2));
  });

  it('holds for a value however far out, and for dates', async () => {
    const a = [1, 2, 3, 4];
    const born = ['2020-01-01', '2020-01-03', '2020-01-05', '2020-01-07'];
    const { schema, data } = await fitted({ a, born }, { scaling: 'robust' });
    expect(data.continuous).toBe(2);
    const { x } = await inputsBy(schema, 2, { a: [1e300, -1e300], born: ['2020-01-04', null] });
    expect(x).toEqual([
      [3, 0],
      [-3, 0],
    ]);
  });

  it('leaves out a column that is constant', async () => {
    const { data } = await fitted({ a: [1, 2, 3], b: [7, 7, 7] }, { scaling: 'robust' });
    expect(data.notes).toContain('column "b": always 7; left out');
    expect(data.inputWidth).toBe(1);
  });

  it('is for columns of arrays as well, and pixels keep one mean', async () => {
    const inputs = Float64Array.of(1, 10, 2, 20, 3, 30, 4, 40, 1e9, 50);
    const labels = Float64Array.of(0, 1, 0, 1, 0.5);
    const options = { task: 'regression', val: 0, seed: 1, scaling: 'robust' } as const;
    const data = await loadTrainingData({ data: { inputs, shape: [5, 2], labels }, ...options });
    const x = inputsOf(data.train, data.schema, 2);
    expect(x[3]).toEqual([0.5 / Math.sqrt(1 + (0.5 / 3) ** 2), 0.5 / Math.sqrt(1 + (0.5 / 3) ** 2)]);
    expect(x[4][0]).toBeCloseTo(3, 6);
    const images = {
      inputs: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
      shape: [2, 2, 2],
      labels: Uint8Array.of(0, 1),
    };
    const pixels = await loadTrainingData({ data: images, ...options });
    expect(pixels.schema).not.toHaveProperty('clip');
    expect(pixels.notes.join()).toContain('scaling robust is for columns');
  });
});

describe('indicators of missing numbers', () => {
  const few = (count: number): CellValue[] =>
    Array.from({ length: 400 }, (_, i) => (i < count ? null : i % 7));

  it.each([
    ['never', 300, 1],
    ['auto', 4, 1],
    ['auto', 5, 2],
    ['any', 1, 2],
    ['any', 0, 1],
  ] as const)('%s, %i missing: %i inputs', async (missingIndicators, count, inputs) => {
    const { data } = await fitted({ a: few(count) }, { missingIndicators });
    expect([data.inputWidth, data.continuous]).toEqual([inputs, 1]);
  });

  it('are 1 where the number is missing, unscaled, and stand behind all numbers', async () => {
    const columns = { a: [1, null, 3], b: [4, 5, 9] };
    const { x, data, schema } = await fitted(columns, { missingIndicators: 'any' });
    expect(x.map((row) => row[2])).toEqual([0, 1, 0]);
    expect(x.map((row) => row[0])).toEqual([-1, 0, 1]);
    expect(data.notes).toContain(
      'column "a": 1 missing value filled with the median, 2; an input of its own says which',
    );
    expect(featuresOf(schema)).toEqual([
      { name: 'a', numbers: [0, 2], codes: [] },
      { name: 'b', numbers: [1], codes: [] },
    ]);
    const later = await inputsBy(schema, 3, { b: [null, 5], a: [null, 1] });
    expect(later.x.map((row) => row[2])).toEqual([1, 0]);
    expect(later.notes).toContain('column "b": 1 missing value filled with the median, 5');
  });
});

describe('signed categories', () => {
  const kinds = ['x', 'y', 'z', null, 'x', 'y', 'z'];
  const two = ['no', 'yes', null, 'no', 'yes', 'no', 'no'];

  it('two are -1 and 1, more are one-hot; missing and unseen are 0', async () => {
    const columns = { kinds, n: [1, 2, 3, 4, 5, 6, 7], two };
    const { x, data, schema } = await fitted(columns, { categories: 'signed' });
    expect([data.inputWidth, data.continuous]).toEqual([5, 1]);
    expect(x.map((row) => row.slice(1))).toEqual([
      [-1, 1, 0, 0],
      [1, 0, 1, 0],
      [0, 0, 0, 1],
      [-1, 0, 0, 0],
      [1, 1, 0, 0],
      [-1, 0, 1, 0],
      [-1, 0, 0, 1],
    ]);
    expect(featuresOf(schema)).toEqual([
      { name: 'kinds', numbers: [], codes: [0] },
      { name: 'n', numbers: [0], codes: [] },
      { name: 'two', numbers: [1], codes: [] },
    ]);
    const later = await inputsBy(schema, 5, { two: ['yes', 'maybe'], kinds: ['w', 'z'], n: [4, 4] });
    expect(later.x).toEqual([
      [0, 1, 0, 0, 0],
      [0, 0, 0, 0, 1],
    ]);
    expect(later.notes).toContain(
      'column "two": 1 value not seen in training ("maybe"), taken as neither of its categories',
    );
  });

  it('a column with many categories is embedded, with missing as one of them', async () => {
    const columns = { kinds: [...kinds, ...kinds, 'x'] };
    const { schema } = await fitted(columns, { categories: 'signed', embedAbove: 2 });
    expect(schema.columns[0]).toMatchObject({ categories: ['x', 'y', 'z'], missing: true, embedding: 2 });
  });

  it('a damaged model is refused', async () => {
    const { schema } = await fitted({ two }, { categories: 'signed' });
    const damaged = { ...schema, columns: [{ ...schema.columns[0], categories: ['a', 'b', 'c'] }] };
    expect(await failure(() => parseSchema(damaged, 'model'))).toMatch(/signed categories needs exactly two/);
  });
});
