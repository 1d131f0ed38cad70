/** Row by row in float64: sums and right classes; and the shuffle, whose draws are those of src/random.ts. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { PURPOSE, permute } from '#src/random.js';
import { implementations } from './implementations.js';

const special = fc.constantFrom(
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
  1e-45,
  3e38,
);
const value = fc.oneof(
  { weight: 20, arbitrary: fc.float({ noNaN: true }) },
  { weight: 1, arbitrary: special },
);
const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
  Buffer.from(buffer, byteOffset, byteLength);
const range = { from: fc.nat(5), rows: fc.nat(40) };

describe.each(implementations)('$label', ({ kernels, array, zeros, reset }) => {
  afterEach(reset);

  /** Returns whole numbers or doubles in the memory of the kernels. */
  const uint32s = (length: number) => {
    const { buffer, byteOffset } = zeros(length);
    return new Uint32Array(buffer, byteOffset, length);
  };
  const doubles = (values: readonly number[]) => {
    const { buffer, byteOffset } = zeros(2 * values.length);
    const array = new Float64Array(buffer, byteOffset, values.length);
    array.set(values);
    return array;
  };

  it('sum adds floats and doubles in their order to where it starts', () => {
    const sums = fc.record({ ...range, values: fc.array(value), start: fc.double({ noNaN: true }) });
    const property = fc.property(sums, ({ from, rows, values, start }) => {
      for (const a of [array(values), doubles(values.map((v) => v / 3))]) {
        const [first, last] = [Math.min(from, a.length), Math.min(from + rows, a.length)];
        let expected = start;
        for (let i = first; i < last; i++) expected += a[i];
        expect(kernels.sum(a, first, last, start)).toBe(expected);
      }
      reset();
    });
    fc.assert(property);
  });

  it('countRight takes the first of the largest outputs, or compares one with the threshold', () => {
    const outputs = fc.record({
      ...range,
      N: fc.integer({ min: 1, max: 6 }),
      // Few different values, so that some are equal.
      values: fc.array(fc.oneof(value, fc.constantFrom(0.25, 0.5, 0.75)), { minLength: 1 }),
      classes: fc.array(fc.nat(5), { minLength: 1 }),
      threshold: fc.constantFrom(0.5, 0.3, 0.1 + 0.2, 0.9),
    });
    const property = fc.property(outputs, ({ from, rows, N, values, classes, threshold }) => {
      const total = from + rows;
      const y = array(Array.from({ length: total * N }, (_, i) => values[i % values.length]));
      const d = array(Array.from({ length: total }, (_, i) => classes[i % classes.length]));
      let right = 0;
      for (let row = from; row < total; row++) {
        const own = [...y.subarray(row * N, (row + 1) * N)];
        // What follows a NaN is never larger than it, and a NaN never larger than what it follows.
        const best = own.reduce((best, output, j) => (output > own[best] ? j : best), 0);
        if ((N === 1 ? Number(own[0] > threshold) : best) === d[row]) right++;
      }
      expect(kernels.countRight(y, d, from, total, N, threshold)).toBe(right);
      reset();
    });
    fc.assert(property);
  });

  it('permute draws as src/random.ts does', () => {
    const shuffles = fc.property(fc.nat(400), fc.maxSafeNat(), fc.nat(), (length, seed, counter) => {
      const [order, expected] = [uint32s(length + 1), new Uint32Array(length + 1)];
      for (const shuffled of [order, expected]) {
        shuffled.forEach((_, i) => {
          shuffled[i] = 7 * i;
        });
        // The last number is not to be shuffled.
        const own = shuffled.subarray(0, length);
        (shuffled === order ? kernels.permute : permute)(own, seed, PURPOSE.shuffle, counter);
      }
      expect(order).toEqual(expected);
      reset();
    });
    fc.assert(shuffles);
  });

  it('permute refuses the draws that would favour a place', () => {
    // Of 2³² draws for a place among n, 2³² mod n are refused: about twenty in this shuffle.
    const order = uint32s(400_000).map((_, i) => i);
    const expected = order.slice();
    permute(expected, 3, PURPOSE.shuffle, 1);
    const own = uint32s(order.length);
    own.set(order);
    kernels.permute(own, 3, PURPOSE.shuffle, 1);
    expect(bytesOf(own).equals(bytesOf(expected))).toBe(true);
  });
});
