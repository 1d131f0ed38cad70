/**
 * The activations against PyTorch, or against their closed form where it has none; what is refused in
 * training.
 */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import {
  ACTIVATION_NAMES,
  ACTIVATIONS,
  type Activation,
  type ActivationName,
  DIFFERENTIABLE_NAMES,
} from '#src/network/activations.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';
import { resolveConfig } from '#src/train/config.js';
import { specify } from '#src/train/specification.js';
import { implementations } from '../kernels/implementations.js';
import { setParameters, testNetwork } from '../support/network.js';

interface Fixture {
  readonly z: number[];
  readonly activations: {
    readonly title: string;
    readonly name: ActivationName;
    readonly p: number | null;
    readonly y: (number | 'Infinity')[];
    readonly dz: (number | 'Infinity')[];
  }[];
  readonly logSoftmax: Record<'z' | 'dy' | 'y' | 'dz', number[][]>;
}
const fixture: Fixture = JSON.parse(readFileSync('test/fixtures/pytorch/activations.json', 'utf8'));
const parameterOf = (name: ActivationName) => (ACTIVATIONS[name] as Activation).parameter?.default ?? 0;

const step = (z: number) => (z > 0 ? 1 : 0);
/** y and the derivative of what PyTorch has not. */
const CLOSED: Partial<Record<ActivationName, (z: number) => [number, number]>> = {
  gaussian: (z) => [Math.exp(-z * z), -2 * z * Math.exp(-z * z)],
  threshold: (z) => [step(z), 0],
  straightThrough: (z) => [step(z), Math.abs(z) <= 1 ? 1 : 0],
  perceptron: (z) => [step(z), 1],
};

describe.each(implementations.filter(({ label }) => label !== 'reference float32'))(
  '$label',
  (implementation) => {
    const { kernels, array, zeros, unit } = implementation;
    beforeEach(() => implementation.reset());
    const exact = unit < 1e-10;

    const computed = (name: ActivationName, p: number) => {
      const z = array(fixture.z);
      const [y, dz, dy] = [zeros(z.length), zeros(z.length), zeros(z.length).fill(1)];
      kernels.activate(name, y, z, z.length, p);
      kernels.activateBackward(name, dz, dy, z, y, z.length, p);
      return { y, dz };
    };
    /**
     * Float32 has no 1e-20 beside 1, and no e^100: derivatives are measured by their size, which is about 1.
     */
    const near = (actual: number, expected: number, least: number, where: string) => {
      if (Math.abs(expected) > 3e38 && actual === Math.sign(expected) * Infinity) return;
      const size = Math.abs(expected) + (exact ? 1e-7 : least);
      expect(Math.abs(actual - expected) / size, where).toBeLessThanOrEqual(exact ? 1e-6 : 1e-5);
    };

    it.each(fixture.activations)('$title: value and gradient are those of PyTorch', ({ name, p, y, dz }) => {
      const found = computed(name, p ?? parameterOf(name));
      fixture.z.forEach((z, i) => {
        near(found.y[i], Number(y[i]), 0.01, `y(${z})`);
        // PyTorch 1.13 takes -1/2 for hardSwish at -3, and 0 since its pull request 148049
        if (name === 'hardSwish' && z === -3) expect(found.dz[i]).toBe(0);
        else near(found.dz[i], Number(dz[i]), 1, `f'(${z})`);
      });
    });

    it.each(Object.entries(CLOSED))('%s: value and gradient are those of its formula', (name, closed) => {
      const found = computed(name as ActivationName, 0);
      fixture.z.forEach((z, i) => {
        const [y, dz] = closed(z);
        near(found.y[i], y, 0.01, `y(${z})`);
        near(found.dz[i], dz, 1, `f'(${z})`);
      });
    });

    it('logSoftmax: value and gradient are those of PyTorch, at ±1e4 and with ties too', () => {
      const { z, dy, y, dz } = fixture.logSoftmax;
      const [R, N] = [z.length, z[0].length];
      const [found, foundDz] = [zeros(R * N), zeros(R * N)];
      kernels.logSoftmax(found, array(z.flat()), R, N);
      kernels.logSoftmaxBackward(foundDz, array(dy.flat()), found, R, N);
      y.flat().forEach((expected, i) => {
        near(found[i], expected, 0.01, `y ${i}`);
      });
      dz.flat().forEach((expected, i) => {
        near(foundDz[i], expected, 1, `dz ${i}`);
      });
    });
  },
);

describe('the list', () => {
  it('has a fixture or a closed form for each', () => {
    const compared = new Set([...fixture.activations.map(({ name }) => name), ...Object.keys(CLOSED)]);
    expect([...compared].toSorted()).toEqual(ACTIVATION_NAMES.toSorted());
  });

  it('says which pass on their derivative', () => {
    const others = ACTIVATION_NAMES.filter((name) => !DIFFERENTIABLE_NAMES.includes(name));
    expect(others).toEqual(['threshold', 'straightThrough', 'perceptron']);
  });
});

describe('the threshold', () => {
  const specified = (...layers: LayerSpec[]) =>
    specify(resolveConfig({ data: 'none', layers, loss: 'squaredError' }), {
      problemType: 'regression',
      inputs: 2,
      continuous: 2,
      outputs: 2,
      embedded: [],
    });

  it('is refused in training, with the reason and what to take instead', () => {
    expect(() => specified({ dense: 2 }, 'threshold')).toThrow(UsageError);
    expect(() => specified({ dense: 2 }, 'threshold')).toThrow(
      'layers[1] (threshold): its derivative is 0 wherever it has one, so backpropagation cannot train what lies before it: take sigmoid or tanh, or {threshold: {gradient: straightThrough}}',
    );
    expect(() => specified({ dense: 3 }, { residual: ['tanh', 'threshold'] }, { dense: 2 })).toThrow(
      /^layers\[1\] \(residual\)\[1\] \(threshold\): its derivative/,
    );
    expect(() => specified({ add: [[{ dense: 2 }], [{ dense: 2 }, 'threshold']] })).toThrow(
      /^layers\[0\] \(add\)\[1\]\[1\] \(threshold\)/,
    );
    expect(() => specified({ residual: [{ dense: 2 }] }, 'threshold')).toThrow(/^layers\[1\] \(threshold\)/);
  });

  it('is not where nothing before it learns, nor with a straight-through gradient', () => {
    expect(specified('threshold', { dense: 2 }).layers).toHaveLength(2);
    for (const gradient of ['straightThrough', { gradient: 'straightThrough' }] as const) {
      expect(specified({ dense: 2 }, { threshold: gradient }, { dense: 2 }).layers).toHaveLength(3);
      expect(buildLayers([{ threshold: gradient }], 3)[0].kind).toBe('straightThrough');
    }
    expect(buildLayers([{ threshold: { gradient: 'none' } }], 3)[0].kind).toBe('threshold');
  });

  it('with a straight-through gradient passes ∂Div/∂y on where |z| ≤ 1', () => {
    const layers: LayerSpec[] = [{ dense: { units: 3, bias: false } }, 'straightThrough'];
    const network = testNetwork({ layers, inputs: 1, loss: 'squaredError', rows: 1 });
    setParameters(network, [0.5, -1, 1.5]);
    network.differentiate([1], [0.25, 0.25, 0.25]);
    expect([...network.gradient.subarray(0, 3)]).toEqual([0.75, -0.25, 0]);
  });
});
