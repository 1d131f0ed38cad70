import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allocate } from '#src/data/elements.js';
import { columnMoments, commonMoments } from '#src/data/moments.js';
import { allRows } from '#src/data/split.js';
import { columnMedian } from '#src/data/statistics.js';
import { Stream } from '#src/random.js';

const f64 = (values: readonly number[]) => {
  const array = allocate('f64', values.length) as Float64Array<SharedArrayBuffer>;
  array.set(values);
  return array;
};

describe('moments', () => {
  it('1 … n has mean (n+1)/2 and variance (n²−1)/12, in a column of its own', () => {
    const n = 101;
    const values = f64(Array.from({ length: n }, (_, i) => [i + 1, 7]).flat());
    const { mean, std } = columnMoments(values, 2, allRows(n));
    expect(Array.from(mean)).toEqual([(n + 1) / 2, 7]);
    expect(std[0]).toBeCloseTo(Math.sqrt((n * n - 1) / 12), 12);
    expect(std[1]).toBe(0);
  });

  it('only the given rows count, and missing values do not', () => {
    const values = f64([1, 100, Number.NaN, 3, 1e9]);
    const { mean, std } = columnMoments(values, 1, Uint32Array.of(0, 2, 3));
    expect([mean[0], std[0]]).toEqual([2, 1]);
  });

  it('bytes, summed exactly, agree with the same numbers in float64', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 300 }), (draws) => {
        const bytes = allocate('u8', draws.length);
        bytes.set(draws);
        const exact = commonMoments(bytes, 1, allRows(draws.length));
        const plain = columnMoments(f64(draws), 1, allRows(draws.length));
        expect(exact.mean[0]).toBe(plain.mean[0]);
        expect(exact.std[0]).toBeCloseTo(plain.std[0], 10);
      }),
    );
  });

  it('the sums of bytes do not overflow', () => {
    const bytes = allocate('u8', 200_000).fill(255);
    bytes[0] = 0;
    const { mean, std } = commonMoments(bytes, 100_000, allRows(2));
    const p = 1 / 200_000;
    expect(mean[0]).toBeCloseTo(255 * (1 - p), 10);
    expect(std[0]).toBeCloseTo(255 * Math.sqrt(p * (1 - p)), 10);
  });
});

describe('moments of bytes are exact, wherever the bytes lie', () => {
  const stream = new Stream(5, 99, 0);
  it.each([
    // offset of the bytes in their buffer, width, which of the four rows count
    [0, 4, [0, 1, 2, 3]],
    [1, 5, [0, 1, 2, 3]],
    [3, 7, [0, 2, 3]],
    [2, 1, [1, 3]],
    [1, 2, [2]],
    [0, 40_000, [0, 1, 3]],
  ])('at offset %i, width %i, rows %j', (offset, width, rows) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(offset + 4 * width), offset);
    for (let i = 0; i < bytes.length; i++) bytes[i] = stream.below(3) === 0 ? 0 : 255 - stream.below(4);
    const taken = rows.flatMap((row) => Array.from(bytes.subarray(row * width, (row + 1) * width)));
    const sum = taken.reduce((total, value) => total + value, 0);
    const squares = taken.reduce((total, value) => total + value * value, 0);
    const n = taken.length;
    const variance = Number(BigInt(n) * BigInt(squares) - BigInt(sum) ** 2n) / (n * n);
    const { mean, std } = commonMoments(bytes, width, Uint32Array.from(rows));
    expect([mean[0], std[0]]).toEqual([sum / n, Math.sqrt(variance)]);
  });
});

it('medians agree with sorting, whether values are few or counted', () => {
  const value = fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true }));
  fc.assert(
    fc.property(fc.array(value, { maxLength: 40 }), fc.constantFrom(1, 1001), (some, times) => {
      const values = Float64Array.from({ length: some.length * times }, (_, i) => some[i % some.length]);
      const before = values.slice();
      const sorted = values.toSorted();
      const half = sorted.length >> 1;
      const expected = sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
      expect(columnMedian(values) + 0).toEqual((expected ?? Number.NaN) + 0);
      expect(values.every((value, i) => Object.is(value, before[i]))).toBe(true);
    }),
    { numRuns: 20 },
  );
});
