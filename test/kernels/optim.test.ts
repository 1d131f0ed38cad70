import { beforeEach, describe, expect, test } from 'vitest';
import type { AdamStep, SgdStep } from '#src/kernels/kernels.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

const SGD: SgdStep = { lr: 0.1, momentum: 0, nesterov: false, weightDecay: 0, gradientScale: 1 };
const SGD_STEPS: [string, SgdStep][] = [
  ['plain', SGD],
  ['weight decay and a scale', { ...SGD, weightDecay: 0.01, gradientScale: 1 / 48 }],
  ['momentum', { ...SGD, momentum: 0.9, weightDecay: 0.01 }],
  ['nesterov', { ...SGD, momentum: 0.9, nesterov: true, weightDecay: 0.01 }],
];

const ADAM = {
  lr: 0.01,
  beta1: 0.9,
  beta2: 0.999,
  eps: 1e-8,
  weightDecay: 0,
  decoupled: false,
  gradientScale: 1,
};
const ADAM_STEPS: [string, typeof ADAM][] = [
  ['plain', ADAM],
  ['L2', { ...ADAM, weightDecay: 0.1, gradientScale: 1 / 48 }],
  ['AdamW', { ...ADAM, weightDecay: 0.1, decoupled: true }],
];
const atStep = (step: typeof ADAM, t: number): AdamStep => ({
  ...step,
  correction1: 1 - step.beta1 ** t,
  correction2: 1 - step.beta2 ** t,
});

/** By hand from PyTorch's formulas: w = 2, g = 1, then g = 0.5. */
test('golden steps', () => {
  const [w, v] = [Float64Array.of(2), new Float64Array(1)];
  const step = { lr: 0.1, momentum: 0.5, nesterov: true, weightDecay: 0.1, gradientScale: 1 };
  oracle.kernels.sgd(w, Float64Array.of(1), v, 1, step);
  expect([w[0], v[0]]).toEqual([2 - 0.1 * (1.2 + 0.5 * 1.2), 1.2]);
  const [a, m, s] = [Float64Array.of(2), new Float64Array(1), new Float64Array(1)];
  oracle.kernels.adam(a, Float64Array.of(1), m, s, 1, atStep({ ...ADAM, eps: 0 }, 1));
  expect(a[0]).toBeCloseTo(2 - 0.01, 14);
  oracle.kernels.adam(a, Float64Array.of(0.5), m, s, 1, atStep({ ...ADAM, eps: 0 }, 2));
  const mean = (0.9 * 0.1 + 0.1 * 0.5) / (1 - 0.81);
  const square = (0.999 * 0.001 + 0.001 * 0.25) / (1 - 0.999 ** 2);
  expect(a[0]).toBeCloseTo(2 - 0.01 - (0.01 * mean) / Math.sqrt(square), 12);
  const decayed = Float64Array.of(2);
  oracle.kernels.adam(
    decayed,
    Float64Array.of(0),
    m.fill(0),
    s.fill(0),
    1,
    atStep({ ...ADAM_STEPS[2][1] }, 1),
  );
  expect(decayed[0]).toBeCloseTo(2 * (1 - 0.01 * 0.1), 14);
});

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each([1, 2, 3, 4, 5, 103])('%i parameters', (count) => {
    test.each(SGD_STEPS)('sgd, %s: ten steps agree with float64', (_, step) => {
      const [w, v] = [zeros(count + 4).fill(7), step.momentum > 0 ? zeros(count + 4).fill(7) : null];
      w.set(numbers(count, 1));
      v?.fill(0, 0, count);
      const [expectedW, expectedV] = [numbers(count, 1), step.momentum > 0 ? new Float64Array(count) : null];
      for (let t = 0; t < 10; t++) {
        kernels.sgd(w, array(numbers(count, 2 + t)), v, count, step);
        oracle.kernels.sgd(expectedW, numbers(count, 2 + t), expectedV, count, step);
      }
      expectedW.forEach((value, i) => {
        expect(Math.abs(w[i] - value)).toBeLessThanOrEqual(200 * unit);
      });
      expect([...w.subarray(count)]).toEqual([7, 7, 7, 7]);
      if (v !== null) expect([...v.subarray(count)]).toEqual([7, 7, 7, 7]);
    });

    test.each(ADAM_STEPS)('adam, %s: ten steps agree with float64', (_, step) => {
      const [w, m, v] = [array(numbers(count, 1)), zeros(count), zeros(count)];
      const [expectedW, expectedM, expectedV] = [
        numbers(count, 1),
        new Float64Array(count),
        new Float64Array(count),
      ];
      for (let t = 1; t <= 10; t++) {
        kernels.adam(w, array(numbers(count, 2 + t)), m, v, count, atStep(step, t));
        oracle.kernels.adam(expectedW, numbers(count, 2 + t), expectedM, expectedV, count, atStep(step, t));
      }
      expectedW.forEach((value, i) => {
        expect(Math.abs(w[i] - value)).toBeLessThanOrEqual(200 * unit);
        expect(Math.abs(m[i] - expectedM[i])).toBeLessThanOrEqual(20 * unit);
        expect(Math.abs(v[i] - expectedV[i])).toBeLessThanOrEqual(20 * unit);
      });
    });
  });

  test('a parameter has the same bits at any place', () => {
    const update = (from: number, to: number) => {
      const [w, m, v] = [numbers(11, 1), numbers(11, 2), numbers(11, 3).map(Math.abs)].map((a) =>
        array(a.slice(from, to)),
      );
      const g = array(numbers(11, 4).slice(from, to));
      kernels.sgd(w, g, m, to - from, SGD_STEPS[3][1]);
      kernels.adam(w, g, m, v, to - from, atStep(ADAM_STEPS[1][1], 3));
      return [w, m, v];
    };
    const whole = update(0, 11);
    for (let i = 0; i < 11; i++) {
      expect(update(i, i + 1).map(bits)).toEqual(whole.map((a) => bits(a.slice(i, i + 1))));
    }
  });
});
