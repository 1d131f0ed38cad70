import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import type { FloatArray } from '#src/kernels/kernels.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

const SHAPES = [
  [1, 1],
  [1, 4],
  [2, 2],
  [3, 3],
  [5, 7],
  [4, 10],
  [33, 129],
] as const;

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe('softmax', () => {
    it.each(SHAPES)('agrees with float64 and its rows sum to 1, R=%i N=%i', (R, N) => {
      const z = numbers(R * N, 5).map((v) => Math.fround(10 * v));
      const dy = numbers(R * N, 6);
      const [y, dz] = [zeros(R * N), zeros(R * N)];
      kernels.softmax(y, array(z), R, N);
      kernels.softmaxBackward(dz, array(dy), y, R, N);
      const [expectedY, expectedDz] = [new Float64Array(R * N), new Float64Array(R * N)];
      oracle.kernels.softmax(expectedY, z, R, N);
      oracle.kernels.softmaxBackward(expectedDz, dy, expectedY, R, N);
      y.forEach((v, i) => {
        expect(Math.abs(v - expectedY[i])).toBeLessThanOrEqual((N + 24) * unit * expectedY[i]);
      });
      dz.forEach((v, i) => {
        expect(Math.abs(v - expectedDz[i])).toBeLessThanOrEqual((2 * N + 48) * unit);
      });
      for (let r = 0; r < R; r++) {
        const sum = Array.from(y.subarray(r * N, (r + 1) * N)).reduce((a, b) => a + b);
        expect(Math.abs(sum - 1)).toBeLessThanOrEqual((N + 8) * unit);
      }
    });

    it('a constant added to a row changes no bit, extremes give no NaN, a NaN comes out', () => {
      fc.assert(
        fc.property(
          fc.array(fc.integer({ min: -64, max: 64 }), { minLength: 1, maxLength: 23 }),
          fc.integer({ min: -1000, max: 1000 }),
          (row, constant) => {
            implementation.reset();
            const N = row.length;
            const [y, shifted] = [zeros(N), zeros(N)];
            kernels.softmax(y, array(row.map((v) => v / 4)), 1, N);
            kernels.softmax(shifted, array(row.map((v) => v / 4 + constant)), 1, N);
            expect(bits(shifted)).toEqual(bits(y));
          },
        ),
        { numRuns: 50, seed: 1 },
      );
      const y = zeros(6);
      kernels.softmax(y, array([1e4, -1e4, 0, -1e4, -1e4, -1e4]), 2, 3);
      expect([...y.subarray(0, 3)]).toEqual([1, 0, 0]);
      expect(y[4]).toBeCloseTo(1 / 3, 6);
      kernels.softmax(y, array([1, 2, NaN, 1, 1, 1]), 2, 3);
      expect([...y.subarray(0, 3)]).toEqual([NaN, NaN, NaN]);
      expect(y[3]).toBeCloseTo(1 / 3, 6);
    });
  });

  describe('logSoftmax', () => {
    it.each(SHAPES)('is the logarithm of softmax, and so is its gradient, R=%i N=%i', (R, N) => {
      const z = numbers(R * N, 5).map((v) => Math.fround(10 * v));
      const dy = numbers(R * N, 6);
      const [y, dz] = [zeros(R * N), zeros(R * N)];
      kernels.logSoftmax(y, array(z), R, N);
      kernels.logSoftmaxBackward(dz, array(dy), y, R, N);
      const [p, dp, expectedDz] = [0, 1, 2].map(() => new Float64Array(R * N));
      oracle.kernels.softmax(p, z, R, N);
      p.forEach((value, i) => {
        dp[i] = dy[i] / value;
      });
      oracle.kernels.softmaxBackward(expectedDz, dp, p, R, N);
      y.forEach((v, i) => {
        expect(Math.abs(v - Math.log(p[i]))).toBeLessThanOrEqual((N + 24) * unit * 20);
      });
      dz.forEach((v, i) => {
        expect(Math.abs(v - expectedDz[i])).toBeLessThanOrEqual((2 * N + 48) * unit);
      });
    });

    it('a row has the same bits alone and among others, and nothing past the end is written', () => {
      for (const [R, N] of SHAPES) {
        const [z, dy] = [array(numbers(R * N, 7)), array(numbers(R * N, 8))];
        const [y, dz] = [zeros(R * N), zeros(R * N)];
        kernels.logSoftmax(y, z, R, N);
        kernels.logSoftmaxBackward(dz, dy, y, R, N);
        for (let r = 0; r < R; r++) {
          const [yRow, dzRow] = [zeros(N + 4).fill(7), zeros(N + 4).fill(7)];
          const part = (a: FloatArray) => a.subarray(r * N, (r + 1) * N);
          kernels.logSoftmax(yRow, part(z), 1, N);
          kernels.logSoftmaxBackward(dzRow, part(dy), part(y), 1, N);
          expect(bits(yRow.subarray(0, N))).toEqual(bits(part(y)));
          expect(bits(dzRow.subarray(0, N))).toEqual(bits(part(dz)));
          expect([...yRow.subarray(N), ...dzRow.subarray(N)]).toEqual(Array(8).fill(7));
        }
      }
    });

    it('a constant added to a row changes no bit, ties and extremes are exact, a NaN comes out', () => {
      const [y, shifted] = [zeros(4), zeros(4)];
      kernels.logSoftmax(y, array([0.25, -3, 2, 0]), 1, 4);
      kernels.logSoftmax(shifted, array([512.25, 509, 514, 512]), 1, 4);
      expect(bits(shifted)).toEqual(bits(y));
      kernels.logSoftmax(y, array([1e4, -1e4, 0, 1e4]), 1, 4);
      for (const [i, exact] of [-Math.LN2, -2e4 - Math.LN2, -1e4 - Math.LN2, -Math.LN2].entries()) {
        expect(Math.abs(y[i] / exact - 1)).toBeLessThanOrEqual(4 * unit);
      }
      kernels.logSoftmax(y, array([1e4, -1e4, -1e4, -1e4]), 1, 4);
      expect([...y]).toEqual([0, -2e4, -2e4, -2e4].map((v) => v + 0));
      const dz = zeros(4);
      kernels.logSoftmaxBackward(dz, array([1, 2, 3, 4]), y, 1, 4);
      expect([...dz]).toEqual([-9, 2, 3, 4]);
      kernels.logSoftmax(y, array([1, 2, NaN, 1]), 1, 4);
      expect([...y]).toEqual([NaN, NaN, NaN, NaN]);
    });
  });
});
