import { beforeEach, describe, expect, test } from 'vitest';
import { ACTIVATION_CODES } from '#src/kernels/codes.js';
import { SCALAR_ACTIVATIONS } from '#src/kernels/reference/activations.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

const ACTIVATIONS = Object.entries(ACTIVATION_CODES) as [keyof typeof ACTIVATION_CODES, number][];
const PARAMETERS: Partial<Record<string, number[]>> = { relu: [0, 1], leakyRelu: [0.01, 0.25] };

/** From −30 to 30, dense near 0, with both zeros. */
const POINTS = Float64Array.from([0, -0, ...numbers(1000, 1).map((v) => v * v * v * 30)], Math.fround);

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each(ACTIVATIONS)('%s', (name, code) => {
    const count = POINTS.length;

    test.each(PARAMETERS[name] ?? [0])('forward and backward agree with float64, p = %d', (p) => {
      const [z, dy, y, dz] = [array(POINTS), array(numbers(count, 2)), zeros(count), zeros(count)];
      kernels.activate(code, y, z, count, p);
      kernels.activateBackward(code, dz, dy, z, y, count, p);
      const expectedY = new Float64Array(count);
      const expectedDz = new Float64Array(count);
      oracle.kernels.activate(code, expectedY, POINTS, count, p);
      oracle.kernels.activateBackward(code, expectedDz, numbers(count, 2), POINTS, expectedY, count, p);
      for (let i = 0; i < count; i++) {
        // 1 − y² and y(1 − y) cancel near saturation: their error is absolute.
        expect(Math.abs(y[i] - expectedY[i])).toBeLessThanOrEqual(8 * unit * (Math.abs(expectedY[i]) + 0.25));
        expect(Math.abs(dz[i] - expectedDz[i])).toBeLessThanOrEqual(32 * unit);
      }
    });

    test('an element has the same bits at any place of any array', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const [z, y, dy, dz] = [array(POINTS), zeros(count), array(numbers(count, 3)), zeros(count)];
      kernels.activate(code, y, z, count, p);
      kernels.activateBackward(code, dz, dy, z, y, count, p);
      for (let length = 1; length <= 7; length++) {
        for (const from of [0, 1, 2, 3, 501]) {
          const part = [y, z, dy, dz].map((a) => a.subarray(from, from + length));
          const [yPart, dzPart] = [zeros(length + 4).fill(7), zeros(length + 4).fill(7)];
          kernels.activate(code, yPart, part[1], length, p);
          kernels.activateBackward(code, dzPart, part[2], part[1], part[0], length, p);
          expect(bits(yPart.subarray(0, length))).toEqual(bits(part[0]));
          expect(bits(dzPart.subarray(0, length))).toEqual(bits(part[3]));
          expect([...yPart.subarray(length), ...dzPart.subarray(length)]).toEqual(Array(8).fill(7));
        }
      }
    });

    test('in place', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const [z, y, same] = [array(POINTS), zeros(count), array(POINTS)];
      kernels.activate(code, y, z, count, p);
      kernels.activate(code, same, same, count, p);
      expect(bits(same)).toEqual(bits(y));
    });

    test('NaN comes out, infinities have their limits', () => {
      const p = PARAMETERS[name]?.[0] ?? 0;
      const limits = {
        identity: [-Infinity, Infinity, 1, 1],
        sigmoid: [0, 1, 0, 0],
        tanh: [-1, 1, 0, 0],
        relu: [0, Infinity, 0, 1],
        leakyRelu: [-Infinity, Infinity, 0.01, 1],
        gelu: [0, Infinity, 0, 1],
        geluTanh: [0, Infinity, 0, 1],
        silu: [0, Infinity, 0, 1],
      }[name];
      const z = array([-Infinity, Infinity, NaN, -1e4, 1e4, 3e38, -3e38]);
      const [y, dz, dy] = [zeros(7), zeros(7), zeros(7).fill(1)];
      kernels.activate(code, y, z, 7, p);
      kernels.activateBackward(code, dz, dy, z, y, 7, p);
      expect(y[2]).toBeNaN();
      if (name !== 'identity') expect(dz[2]).toBeNaN();
      [y[0], y[1], dz[0], dz[1]].forEach((value, i) => {
        if (Number.isFinite(limits[i])) expect(value).toBeCloseTo(limits[i], 6);
        else expect(value).toBe(limits[i]);
      });
      for (const i of [3, 4, 5, 6]) expect(Number.isFinite(y[i]) && Number.isFinite(dz[i])).toBe(true);
    });
  });

  test('derivatives at 0: ReLU takes p, leaky ReLU its slope', () => {
    const [z, y, dy] = [zeros(2), zeros(2), zeros(2).fill(3)];
    z[1] = -0;
    const at = (code: number, p: number) => {
      const dz = zeros(2);
      kernels.activateBackward(code, dz, dy, z, y, 2, p);
      return [...dz];
    };
    expect(at(ACTIVATION_CODES.relu, 0)).toEqual([0, 0]);
    expect(at(ACTIVATION_CODES.relu, 1)).toEqual([3, 3]);
    expect(at(ACTIVATION_CODES.leakyRelu, 0.25)).toEqual([0.75, 0.75]);
  });
});

describe.each(ACTIVATIONS)('%s against central differences in float64', (name) => {
  const { forward, derivative } = SCALAR_ACTIVATIONS[name];
  /** The greatest error of the quotient over z in −6 … 6, away from the kink at 0, of a derivative scaled by `factor`. */
  const worst = (factor: number) => {
    const [h, p] = [1e-5, 0.1];
    let error = 0;
    for (const z of numbers(500, 4).map((v) => v * 6)) {
      if (Math.abs(z) < 2 * h) continue;
      const numeric = (forward(z + h, p) - forward(z - h, p)) / (2 * h);
      error = Math.max(error, Math.abs(numeric - factor * derivative(z, forward(z, p), p)));
    }
    return error;
  };
  test('agree', () => expect(worst(1)).toBeLessThan(1e-9));
  test('do not, once the derivative is wrong by a thousandth', () =>
    expect(worst(1.001)).toBeGreaterThan(1e-5));
});
