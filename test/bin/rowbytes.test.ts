/** Rows of predictions are written as bytes, to the same text as JavaScript's own conversions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { predictionWriter } from '../../dist/bin/render/predictions.js';
import { RowBytes } from '../../dist/bin/render/rowbytes.js';

const slowly = (value: number) => String(Number(value.toPrecision(9)));
const quickly = (value: number) => {
  const to = new RowBytes(8);
  to.number(value);
  return to.take().toString();
};

describe('numbers', () => {
  it('have nine digits, rounded as toPrecision rounds', () => {
    const numbers = fc.oneof(
      fc.double(),
      fc.float(),
      fc.double({ min: 1e-7, max: 1e10 }),
      fc.double({ min: -1, max: 1 }),
      fc.integer({ min: -1e10, max: 1e10 }).map((n) => n / 2),
      fc.integer({ min: -9, max: 11 }).map((n) => Number(`1e${n}`)),
      fc
        .tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: -4, max: 15 }))
        .map(([n, p]) => n / 10 ** p),
      fc
        .tuple(fc.integer({ min: 1, max: 999_999_999 }), fc.integer({ min: 0, max: 6 }))
        .map(([n, p]) => (n + 0.5) / 10 ** p),
    );
    fc.assert(
      fc.property(numbers, (value) => {
        expect(quickly(value)).toBe(slowly(value));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    0,
    -0,
    1,
    0.1,
    1e-6,
    999_999_999.5,
    0.999_999_999_5,
    0.1 + 0.2,
    1e21,
    Number.POSITIVE_INFINITY,
    -1e-300,
  ])('%s', (value) => expect(quickly(value)).toBe(slowly(value)));
});

describe('rows', () => {
  const started = {
    type: 'start',
    targets: ['kind'],
    quantiles: null,
    classes: ['b,c', '7', 'a'],
    kept: ['id', '2'],
    probabilities: true,
  } as const;
  const block = {
    type: 'rows',
    from: 10,
    predicted: ['b,c', 'a'],
    probabilities: Float32Array.of(0.5, 0.25, 0.25, 1, 0, 0),
    quantiles: null,
    intervals: null,
    sets: [['b,c', 'a'], ['a']],
    kept: [
      { name: 'id', text: (row: number) => (row === 10 ? 'x "y"' : null) },
      { name: '2', text: (row: number) => `${row}` },
    ],
  } as const;

  it('are CSV', () => {
    const writer = predictionWriter('csv', started, true);
    expect(writer.header + writer.rows(block, 2)).toBe(
      'id,2,kind,kind_set,"p(b,c)",p(7),p(a)\n"x ""y""",10,"b,c","b,c|a",0.5,0.25,0.25\n,11,a,a,1,0,0\n',
    );
  });

  it('are JSON, with keys in the order of an object', () => {
    const text = predictionWriter('jsonl', started, true).rows(block, 2).toString();
    const [first, second] = text.trim().split('\n');
    const probabilities = Object.fromEntries([
      ['b,c', 0.5],
      ['7', 0.25],
      ['a', 0.25],
    ]);
    const own = Object.fromEntries([
      ['id', 'x "y"'],
      ['2', '10'],
      ['kind', 'b,c'],
      ['kind_set', ['b,c', 'a']],
    ]);
    expect(first).toBe(JSON.stringify({ ...own, probabilities }));
    expect(JSON.parse(second)).toMatchObject({ id: null, kind: 'a', kind_set: ['a'] });
  });
});
