import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { DIVERGENCE_CODES } from '#src/kernels/codes.js';
import type { FloatArray, Kernels } from '#src/kernels/kernels.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

type Divergence = keyof typeof DIVERGENCE_CODES;
const DIVERGENCES = Object.entries(DIVERGENCE_CODES) as [Divergence, number][];
const ofClass = (name: Divergence) => name === 'crossEntropy' || name === 'softmaxCrossEntropy';
const onLogits = (name: Divergence) => name === 'softmaxCrossEntropy' || name === 'sigmoidCrossEntropy';
const SHAPES = [
  [1, 1],
  [1, 4],
  [2, 2],
  [3, 3],
  [5, 7],
  [4, 10],
  [33, 129],
] as const;

/** Outputs and targets of R rows as the divergence wants them. */
function example(name: Divergence, R: number, N: number): { y: Float64Array; d: Float64Array } {
  const raw = numbers(R * N, 1);
  const y = raw.map((v) =>
    Math.fround(onLogits(name) ? 8 * v : name === 'squaredError' ? v : 0.01 + 0.49 * (v + 1)),
  );
  const d = ofClass(name)
    ? Float64Array.from({ length: R }, (_, r) => (r * 7) % N)
    : numbers(R * N, 2).map((v) => Math.fround(Math.abs(v)));
  return { y, d };
}

function run(
  kernels: Kernels,
  code: number,
  y: FloatArray,
  d: FloatArray,
  dy: FloatArray,
  losses: FloatArray,
  N: number,
) {
  kernels.divergence(code, losses, dy, y, d, losses.length, N);
  return { losses, dy };
}

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each(DIVERGENCES)('%s', (name, code) => {
    test.each(SHAPES)('value and derivative agree with float64, R=%i N=%i', (R, N) => {
      const { y, d } = example(name, R, N);
      const actual = run(kernels, code, array(y), array(d), zeros(R * N), zeros(R), N);
      const expected = run(oracle.kernels, code, y, d, new Float64Array(R * N), new Float64Array(R), N);
      const near = (a: number, b: number, size: number) =>
        expect(Math.abs(a - b)).toBeLessThanOrEqual(16 * unit * size);
      actual.losses.forEach((loss, r) => {
        near(loss, expected.losses[r], 20 + N);
      });
      actual.dy.forEach((value, i) => {
        near(value, expected.dy[i], 2 * Math.abs(expected.dy[i]) + 1);
      });
      const losses = zeros(R);
      kernels.divergence(code, losses, null, array(y), array(d), R, N);
      expect(bits(losses)).toEqual(bits(actual.losses));
    });

    test('a row has the same bits alone and among others, and nothing past the end is written', () => {
      for (const [R, N] of SHAPES) {
        const { y, d } = example(name, R, N);
        const [all, targets] = [array(y), array(d)];
        const D = targets.length / R;
        const whole = run(kernels, code, all, targets, zeros(R * N), zeros(R), N);
        for (let r = 0; r < R; r++) {
          const dy = zeros(N + 4).fill(7);
          const row = all.subarray(r * N, (r + 1) * N);
          const { losses } = run(kernels, code, row, targets.subarray(r * D, (r + 1) * D), dy, zeros(1), N);
          expect(bits(losses)).toEqual(bits(whole.losses.slice(r, r + 1)));
          expect(bits(dy.subarray(0, N))).toEqual(bits(whole.dy.slice(r * N, (r + 1) * N)));
          expect([...dy.subarray(N)]).toEqual([7, 7, 7, 7]);
        }
      }
    });

    test('extreme outputs give no NaN', () => {
      const y = onLogits(name) || name === 'squaredError' ? [1e4, -1e4, 0, 1e4, -1e4] : [1, 0, 0, 1, 1];
      for (let c = 0; c < 5; c++) {
        const d = ofClass(name) ? [c] : [c, 1, 0, 1, 1].map((v) => Math.min(v, 1));
        const { losses, dy } = run(kernels, code, array(y), array(d), zeros(5), zeros(1), 5);
        expect(kernels.allFinite(losses, 1) && kernels.allFinite(dy, 5)).toBe(true);
      }
    });

    test('NaN comes out', () => {
      for (let bad = 0; bad < 5; bad++) {
        const { y, d } = example(name, 1, 5);
        y[bad] = NaN;
        if (ofClass(name)) d[0] = bad;
        const { losses, dy } = run(kernels, code, array(y), array(d), zeros(5), zeros(1), 5);
        expect(losses[0]).toBeNaN();
        expect(dy[bad]).toBeNaN();
      }
    });

    test.runIf(ofClass(name))('a class that does not exist makes the row NaN', () => {
      for (const c of [-1, 5, NaN, 1e9]) {
        const { y } = example(name, 1, 5);
        const { losses, dy } = run(kernels, code, array(y), array([c]), zeros(5), zeros(1), 5);
        expect([losses[0], ...dy]).toEqual(Array(6).fill(NaN));
      }
    });
  });

  test('fused and unfused divergences agree', () => {
    const [R, N] = [6, 7];
    const z = array(numbers(R * N, 3).map((v) => 5 * v));
    const classes = array(Float64Array.from({ length: R }, (_, r) => r));
    const targets = array(numbers(R * N, 4).map((v) => (v > 0 ? 1 : 0)));
    const [y, dy, dz] = [zeros(R * N), zeros(R * N), zeros(R * N)];
    const tolerance = unit < 1e-10 ? 1e-12 : 1e-5;
    const check = (fused: { losses: FloatArray; dy: FloatArray }, losses: FloatArray) => {
      losses.forEach((v, r) => {
        expect(Math.abs(v - fused.losses[r])).toBeLessThanOrEqual(tolerance * 10);
      });
      dz.forEach((v, i) => {
        expect(Math.abs(v - fused.dy[i])).toBeLessThanOrEqual(tolerance);
      });
    };
    kernels.softmax(y, z, R, N);
    const { losses } = run(kernels, DIVERGENCE_CODES.crossEntropy, y, classes, dy, zeros(R), N);
    kernels.softmaxBackward(dz, dy, y, R, N);
    check(run(kernels, DIVERGENCE_CODES.softmaxCrossEntropy, z, classes, zeros(R * N), zeros(R), N), losses);

    kernels.activate(1, y, z, R * N, 0);
    const binary = run(kernels, DIVERGENCE_CODES.binaryCrossEntropy, y, targets, dy, zeros(R), N);
    kernels.activateBackward(1, dz, dy, z, y, R * N, 0);
    check(
      run(kernels, DIVERGENCE_CODES.sigmoidCrossEntropy, z, targets, zeros(R * N), zeros(R), N),
      binary.losses,
    );
  });

  describe('softmax', () => {
    test.each(SHAPES)('agrees with float64 and its rows sum to 1, R=%i N=%i', (R, N) => {
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

    test('a constant added to a row changes no bit, extremes give no NaN, a NaN comes out', () => {
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
});

describe.each(DIVERGENCES)('%s against central differences in float64', (name, code) => {
  test('agrees', () => {
    const [R, N, h] = [5, 6, 1e-6];
    const { y, d } = example(name, R, N);
    const { dy } = run(oracle.kernels, code, y, d, new Float64Array(R * N), new Float64Array(R), N);
    const loss = (i: number, step: number) => {
      const moved = y.slice();
      moved[i] += step;
      const { losses } = run(oracle.kernels, code, moved, d, new Float64Array(R * N), new Float64Array(R), N);
      return losses[Math.floor(i / N)];
    };
    for (let i = 0; i < R * N; i++) {
      const numeric = (loss(i, h) - loss(i, -h)) / (2 * h);
      expect(Math.abs(numeric - dy[i])).toBeLessThanOrEqual(1e-7 * (1 + Math.abs(dy[i])));
    }
  });
});
