import { beforeEach, describe, expect, it } from 'vitest';
import {
  type ActivationKernel,
  SCALAR_ACTIVATIONS,
  type ScalarActivation,
} from '#src/kernels/reference/activations.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

const NAMES = Object.keys(SCALAR_ACTIVATIONS) as ActivationKernel[];
const PARAMETERS: Partial<Record<string, number[]>> = {
  relu: [0, 1],
  leakyRelu: [0.01, 0.25],
  elu: [1, 0.25],
  celu: [1, 0.25],
};
/** y at −∞ and ∞, and the derivative there. */
const LIMITS: Record<ActivationKernel, [number, number, number, number]> = {
  identity: [-Infinity, Infinity, 1, 1],
  sigmoid: [0, 1, 0, 0],
  tanh: [-1, 1, 0, 0],
  relu: [0, Infinity, 0, 1],
  leakyRelu: [-Infinity, Infinity, 0.01, 1],
  gelu: [0, Infinity, 0, 1],
  geluTanh: [0, Infinity, 0, 1],
  silu: [0, Infinity, 0, 1],
  softplus: [0, Infinity, 0, 1],
  softsign: [-1, 1, 0, 0],
  hardSigmoid: [0, 1, 0, 0],
  hardTanh: [-1, 1, 0, 0],
  relu6: [0, 6, 0, 0],
  elu: [-1, Infinity, 0, 1],
  selu: [-1.7580993, Infinity, 0, 1.050701],
  celu: [-1, Infinity, 0, 1],
  hardSwish: [0, Infinity, 0, 1],
  mish: [0, Infinity, 0, 1],
  gaussian: [0, 0, 0, 0],
  sine: [NaN, NaN, NaN, NaN],
  exp: [0, Infinity, 0, Infinity],
  threshold: [0, 1, 0, 0],
  straightThrough: [0, 1, 0, 0],
  perceptron: [0, 1, 1, 1],
};
/** Where some activation has a kink. */
const KINKS = [-3, -1, 0, 1, 3, 6];

/** From −30 to 30, dense near 0, with both zeros and all kinks. */
const POINTS = Float64Array.from(
  [0, -0, ...KINKS, ...numbers(1000, 1).map((v) => v * v * v * 30)],
  Math.fround,
);

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each(NAMES)('%s', (name) => {
    const count = POINTS.length;

    it.each(PARAMETERS[name] ?? [0])('forward and backward agree with float64, p = %d', (p) => {
      const [z, dy, y, dz] = [array(POINTS), array(numbers(count, 2)), zeros(count), zeros(count)];
      kernels.activate(name, y, z, count, p);
      kernels.activateBackward(name, dz, dy, z, y, count, p);
      const expectedY = new Float64Array(count);
      const expectedDz = new Float64Array(count);
      oracle.kernels.activate(name, expectedY, POINTS, count, p);
      oracle.kernels.activateBackward(name, expectedDz, numbers(count, 2), POINTS, expectedY, count, p);
      for (let i = 0; i < count; i++) {
        // 1 − y² and y(1 − y) cancel near saturation: their error is absolute.
        expect(Math.abs(y[i] - expectedY[i])).toBeLessThanOrEqual(8 * unit * (Math.abs(expectedY[i]) + 0.25));
        const size = Math.max(1, Math.abs(expectedDz[i]));
        expect(Math.abs(dz[i] - expectedDz[i])).toBeLessThanOrEqual(32 * unit * size);
      }
    });

    it('an element has the same bits at any place of any array', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const [z, y, dy, dz] = [array(POINTS), zeros(count), array(numbers(count, 3)), zeros(count)];
      kernels.activate(name, y, z, count, p);
      kernels.activateBackward(name, dz, dy, z, y, count, p);
      for (let length = 1; length <= 7; length++) {
        for (const from of [0, 1, 2, 3, 501]) {
          const part = [y, z, dy, dz].map((a) => a.subarray(from, from + length));
          const [yPart, dzPart] = [zeros(length + 4).fill(7), zeros(length + 4).fill(7)];
          kernels.activate(name, yPart, part[1], length, p);
          kernels.activateBackward(name, dzPart, part[2], part[1], part[0], length, p);
          expect(bits(yPart.subarray(0, length))).toEqual(bits(part[0]));
          expect(bits(dzPart.subarray(0, length))).toEqual(bits(part[3]));
          expect([...yPart.subarray(length), ...dzPart.subarray(length)]).toEqual(Array(8).fill(7));
        }
      }
    });

    it('in place', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const [z, y, same] = [array(POINTS), zeros(count), array(POINTS)];
      kernels.activate(name, y, z, count, p);
      kernels.activate(name, same, same, count, p);
      expect(bits(same)).toEqual(bits(y));
    });

    it('NaN comes out, infinities have their limits', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const z = array([-Infinity, Infinity, NaN, -1e4, 1e4, 3e38, -3e38]);
      const [y, dz, dy] = [zeros(7), zeros(7), zeros(7).fill(1)];
      kernels.activate(name, y, z, 7, p);
      kernels.activateBackward(name, dz, dy, z, y, 7, p);
      expect(y[2]).toBeNaN();
      if (name !== 'identity') expect(dz[2]).toBeNaN();
      [y[0], y[1], dz[0], dz[1]].forEach((value, i) => {
        const limit = LIMITS[name][i];
        if (Number.isFinite(limit)) expect(value).toBeCloseTo(limit, 6);
        else expect(value).toBe(limit);
      });
      for (const i of [3, 4, 5, 6]) {
        const { forward, derivative }: ScalarActivation = SCALAR_ACTIVATIONS[name];
        const [exactY, exactDz] = [forward(z[i], p), derivative(z[i], forward(z[i], p), p)];
        if (Number.isFinite(Math.fround(exactY))) expect(y[i]).toSatisfy(Number.isFinite);
        if (Number.isFinite(Math.fround(exactDz))) expect(dz[i]).toSatisfy(Number.isFinite);
      }
    });
  });

  it.each([
    ['relu', 0, [0, 0], 0],
    ['relu', 1, [0, 0], 3],
    ['leakyRelu', 0.25, [0, 0], 0.75],
    ['elu', 0.25, [0, 0], 0.75],
    ['relu6', 0, [0, 6], 0],
    ['hardTanh', 0, [-1, 1], 0],
    ['hardSigmoid', 0, [-3, 3], 0],
    ['hardSwish', 0, [-3, -3], 0],
    ['hardSwish', 0, [3, 3], 3],
    ['threshold', 0, [-1, 0], 0],
    ['straightThrough', 0, [-1, 1], 3],
    ['straightThrough', 0, [-1.25, 1.25], 0],
    ['perceptron', 0, [-9, 0], 3],
  ] as const)('3 times the derivative of %s, p = %d, at the kinks %j is %d', (name, p, kinks, expected) => {
    const z = array([...kinks, -0]);
    const [y, dz, dy] = [zeros(2), zeros(2), zeros(2).fill(3)];
    kernels.activate(name, y, z, 2, p);
    kernels.activateBackward(name, dz, dy, z, y, 2, p);
    for (const value of dz) expect(value).toBeCloseTo(expected, 12);
  });

  it.each(['threshold', 'straightThrough', 'perceptron'] as const)('%s is 1 right of 0 only', (name) => {
    const z = array([-1, -0, 0, 1e-30, 2]);
    const y = zeros(5);
    kernels.activate(name, y, z, 5, 0);
    expect([...y]).toEqual([0, 0, 0, 1, 1]);
  });
});

/** A step function's difference quotient is 0, which is not what straightThrough and perceptron pass on. */
const STEPS: readonly ActivationKernel[] = ['threshold', 'straightThrough', 'perceptron'];
const SMOOTH = NAMES.filter((name) => !STEPS.includes(name));

describe.each(SMOOTH)('%s against central differences in float64', (name) => {
  const { forward, derivative } = SCALAR_ACTIVATIONS[name];
  /**
   * The greatest error of the quotient over z in −6.5 … 6.5, away from the kinks, of a derivative scaled by
   * `factor`.
   */
  const worst = (factor: number) => {
    const [h, p] = [1e-5, 0.2];
    let error = 0;
    for (const z of numbers(500, 4).map((v) => v * 6.5)) {
      if (KINKS.some((kink) => Math.abs(z - kink) < 2 * h)) continue;
      const numeric = (forward(z + h, p) - forward(z - h, p)) / (2 * h);
      const exact = factor * derivative(z, forward(z, p), p);
      error = Math.max(error, Math.abs(numeric - exact) / Math.max(1, Math.abs(exact)));
    }
    return error;
  };
  it('agree', () => expect(worst(1)).toBeLessThan(1e-9));
  it('do not, once the derivative is wrong by a thousandth', () =>
    expect(worst(1.001)).toBeGreaterThan(1e-5));
});
