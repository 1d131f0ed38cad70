/** Tests rare categories, dates in parts, transforms and clipped predictions against other libraries. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CIRCLES, datePart, turnOf } from '#src/data/dateparts.js';
import { featuresOf } from '#src/data/schema.js';
import { allRows } from '#src/data/split.js';
import { skewness, sortedPresent } from '#src/data/statistics.js';
import { fitTransform, transformOf } from '#src/data/transforms.js';
import { failure } from '../helpers.js';
import { fitted, inputsBy } from './inputs.js';

interface Column {
  readonly values: number[];
  readonly later: number[];
  readonly quantileNormal: number[];
  readonly quantileUniform: number[];
  readonly skewness: number;
  readonly unit: number;
}
const fixture: { days: number[]; parts: number[][]; columns: Record<string, Column> } = JSON.parse(
  readFileSync(new URL('../../fixtures/sklearn/columns.json', import.meta.url), 'utf8'),
);

const repeat = <T>(times: number, value: T): T[] => new Array(times).fill(value);

describe('rare categories', () => {
  const kinds = [...repeat(6, 'x'), ...repeat(5, 'y'), 'p', 'q', 'q', null];

  it('share one input with unseen ones', async () => {
    const { x, data, schema } = await fitted({ kinds }, { rareBelow: 3 });
    expect(schema.columns[0]).toMatchObject({ categories: ['x', 'y'], rare: ['p', 'q'], missing: true });
    expect([x[0], x[6], x[11], x[13], x[14]]).toEqual([
      [1, 0, 0, 0],
      [0, 1, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
      [0, 0, 1, 0],
    ]);
    expect(data.notes).toContain(
      'column "kinds": 2 categories have fewer than 3 training rows ("p", "q") and share one input with those that training never saw',
    );
    const later = await inputsBy(schema, 4, { kinds: ['p', 'new', null, 'y'] });
    expect(later.x).toEqual([
      [0, 0, 0, 1],
      [0, 0, 0, 1],
      [0, 0, 1, 0],
      [0, 1, 0, 0],
    ]);
    expect(later.notes).toContain(
      'column "kinds": 1 value not seen in training ("new"), taken as a rare category',
    );
  });

  it('are one of two signed categories', async () => {
    const pair = kinds.map((kind) => (kind === 'y' ? 'p' : kind));
    const { x, schema } = await fitted({ pair }, { rareBelow: 8, categories: 'signed' }).catch(() => ({
      x: [],
      schema: null,
    }));
    expect(schema).toBeNull(); // every category is rare, so that no column is left
    expect(x).toEqual([]);
    const two = await fitted({ pair: kinds }, { rareBelow: 6, categories: 'signed' });
    expect(two.schema.columns[0]).toMatchObject({ categories: ['x'], rare: ['p', 'q', 'y'], signed: true });
    expect(two.x.map(([value]) => value)).toEqual([...repeat(6, -1), ...repeat(8, 1), 0]);
    const later = await inputsBy(two.schema, 1, { pair: ['new', null, 'x'] });
    expect(later.x).toEqual([[1], [0], [-1]]);
  });

  it('booleans are never pooled', async () => {
    const flag = ['yes', ...repeat(9, 'no')];
    const { schema } = await fitted({ flag }, { rareBelow: 5 });
    expect(schema.columns[0]).toMatchObject({ type: 'boolean', categories: ['no', 'yes'] });
    expect(schema.columns[0]).not.toHaveProperty('rare');
  });
});

describe('dates in parts', () => {
  it('are those of pandas', () => {
    for (const [i, days] of fixture.days.entries()) {
      const [year, month, day, weekday, hour] = fixture.parts[i];
      expect(datePart('year', days)).toBe(year);
      const turns = { month: (month - 1) / 12, day: (day - 1) / 31, weekday: weekday / 7, hour };
      expect(Object.fromEntries(CIRCLES.map((circle) => [circle, turnOf(circle, days)]))).toEqual(turns);
      for (const [circle, turn] of Object.entries(turns)) {
        expect(datePart(`${circle as (typeof CIRCLES)[number]}Sin`, days)).toBeCloseTo(
          Math.sin(2 * Math.PI * turn),
          14,
        );
        expect(datePart(`${circle as (typeof CIRCLES)[number]}Cos`, days)).toBeCloseTo(
          Math.cos(2 * Math.PI * turn),
          14,
        );
      }
    }
  });

  it('hold only what varies; a missing date is the median day, and the centre of each circle', async () => {
    const born = ['2020-01-31', '2020-03-31', '2020-05-31', null];
    const { x, data, schema } = await fitted({ born }, { dates: 'parts', missingIndicators: 'any' });
    expect(schema.columns[0]).toMatchObject({ kind: 'dateParts', circles: ['month', 'weekday'] });
    expect([data.inputWidth, data.continuous]).toEqual([6, 1]);
    expect(x[3]).toEqual([(18352 - schemaShift(schema)) * schemaScale(schema), 0, 0, 0, 0, 1]);
    expect(x[1].slice(1, 3).map((value) => Number(value.toFixed(6)))).toEqual([0.866025, 0.5]);
    expect(data.notes).toContain('column "born": each date is taken apart into days, month, weekday');
    expect(featuresOf(schema)).toEqual([{ name: 'born', numbers: [0, 1, 2, 3, 4, 5], codes: [] }]);
    const later = await inputsBy(schema, 6, { born: ['2031-05-01', null] });
    expect(later.notes[0]).toContain('filled with the median, 2020-03-31');
    expect(later.x[1]).toEqual(x[3]);
  });

  it('of times are the hour', async () => {
    const at = ['08:00', '12:30', '23:59'];
    const { schema } = await fitted({ at }, { dates: 'parts', scaling: 'robust' });
    expect(schema.columns[0]).toMatchObject({ numbers: [{ part: 'days' }], circles: ['hour'], clip: true });
  });

  const schemaShift = (schema: { columns: unknown[] }) => partScale(schema).shift;
  const schemaScale = (schema: { columns: unknown[] }) => partScale(schema).scale;
  const partScale = (schema: { columns: unknown[] }) =>
    (schema.columns[0] as { numbers: { shift: number; scale: number }[] }).numbers[0];
});

describe('transforms', () => {
  it.each(Object.entries(fixture.columns))('of %s are those of scikit-learn', (_, column) => {
    const sorted = sortedPresent(Float64Array.from(column.values), allRows(column.values.length));
    for (const kind of ['quantileNormal', 'quantileUniform'] as const) {
      const found = column.later.map(transformOf(fitTransform(kind, sorted)));
      for (const [i, value] of found.entries()) expect(value).toBeCloseTo(column[kind][i], 7);
    }
    expect(skewness(Float64Array.from(column.values))).toBeCloseTo(column.skewness, 10);
    const log = fitTransform('log', sorted);
    expect(log).toEqual({ kind: 'log', unit: column.unit });
    for (const value of [0, 1, 1000, -7])
      expect(transformOf(log)(value)).toBeCloseTo(
        Math.sign(value) * Math.log1p(Math.abs(value) / column.unit),
        12,
      );
  });

  it('a value that many rows share at the end has the middle of their ranks', () => {
    const transform = fitTransform('quantileUniform', Float64Array.of(0, 0, 0, 1, 2));
    expect([-1, 0, 1, 1.5, 2, 3].map(transformOf(transform))).toEqual([0, 0.25, 0.75, 0.875, 1, 1]);
  });

  const price = Array.from({ length: 40 }, (_, i) => (i === 39 ? 1e6 : i + 1));

  it('bend all columns of numbers, or one, and are told and stored', async () => {
    const columns = { price, area: price.map((value) => 2 * value) };
    const all = await fitted(columns, { transform: 'log' });
    expect(all.schema.columns).toMatchObject([
      { transform: { kind: 'log' } },
      { transform: { kind: 'log' } },
    ]);
    const one = await fitted(columns, { transform: { price: 'quantileNormal' }, scaling: 'robust' });
    expect(one.schema.columns[1]).not.toHaveProperty('transform');
    expect(one.data.notes).toContain('column "price": its ranks become a normal distribution');
    const later = await inputsBy(one.schema, 2, { price: [1e12, null, -4], area: [2, 2, 2] });
    expect(later.x[1][0]).toBeCloseTo(0, 6); // the median
    expect(Math.max(...later.x.flat().map(Math.abs))).toBeLessThan(3);
  });

  it('auto offers one where a column is skewed', async () => {
    const { data } = await fitted({ price, even: price.map((_, i) => i) }, { transform: 'auto' });
    expect(data.notes.filter((note) => note.includes('skewed'))).toEqual([
      'column "price": skewed (skewness 6.1); --transform price=log may help',
    ]);
  });

  it('of columns that are none are refused', async () => {
    const kind = price.map((_, i) => 'ab'[i % 2]);
    const wrong = (transform: Record<string, 'log'>) => failure(() => fitted({ price, kind }, { transform }));
    expect(await wrong({ prise: 'log' })).toMatch(/2: --transform prise: .* did you mean "price"/);
    expect(await wrong({ kind: 'log' })).toMatch(/2: --transform kind=log: the column holds categories/);
  });
});

describe('columns that are chosen', () => {
  const n = [1, 2, 3, 4];
  const id = ['a', 'b', 'c', 'd'];
  const mixed = ['1,234', '2,345', '3,456', '4,567'];

  it('drop leaves columns out before anything is asked about them', async () => {
    const { schema } = await fitted({ n, id, mixed }, { drop: ['mixed', 'id'] });
    expect(schema.columns.map(({ name }) => name)).toEqual(['n']);
  });

  it('use takes only these, even one that identifies rows', async () => {
    const { schema } = await fitted({ n, id, mixed }, { use: ['id'] });
    expect(schema.columns).toMatchObject([{ name: 'id', categories: id }]);
  });

  it.each([
    [{ drop: ['idd'] }, /2: --drop idd: .*did you mean "id"/],
    [{ use: ['idd'] }, /2: --use idd: .*did you mean "id"/],
    [{ drop: ['y'] }, /2: --drop y: the column is the target, which training needs; leave it out/],
    [{ use: ['y'] }, /2: --use y: the column is the target, which is never an input; leave it out/],
    [{ weights: 'n', drop: ['n'] }, /2: --drop n: the column is the weights/],
    [{ drop: ['n'], use: ['n'] }, /2: --drop and --use both name column "n"; keep one of them/],
    [{ drop: ['n', 'id', 'mixed'] }, /3: .*no column is left to predict "y" from/],
  ])('%j is refused', async (options, message) => {
    expect(await failure(() => fitted({ n, id, mixed }, options))).toMatch(message);
  });

  it('free text is left out in words, with a remedy', async () => {
    const review = n.map((i) => `this is the review number ${i} of a fine product`);
    const { data } = await fitted({ n, review }, {});
    expect(data.notes).toContain(
      'column "review": free text, about 10 words in each cell ("this is the review number 1 of a fine product", …), which is neither a number nor a kind; make columns of what matters in it, such as its length or whether a word occurs; left out',
    );
  });
});
