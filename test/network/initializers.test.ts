import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ACTIVATION_NAMES, ACTIVATIONS } from '#src/network/activations.js';
import { initialize } from '#src/network/initialize.js';
import { INITIALIZER_NAMES, INITIALIZERS } from '#src/network/initializers.js';
import { type ParameterLayout, parameterLayout } from '#src/network/layout.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';

const FAN_IN = 120;
const FAN_OUT = 250;

type Name = Parameters<typeof initialize>[2];

function initial(name: Name, seed = 1, specs: LayerSpec[] = [{ dense: FAN_OUT }]) {
  const layout = parameterLayout(buildLayers(specs, FAN_IN));
  const block = new Float32Array(layout.length).fill(9);
  initialize(block, layout, name, seed);
  return { layout, block };
}

const hash = (block: Float32Array) => createHash('sha256').update(block).digest('hex').slice(0, 16);

const values = (layout: ParameterLayout, block: Float32Array, name: string) => {
  const { offset, length } = layout.views.find((view) => view.name === name)!;
  return block.subarray(offset, offset + length);
};

function moments(sample: ArrayLike<number>): { mean: number; variance: number; fourth: number } {
  const x = Array.from(sample);
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const central = (k: number) => x.reduce((sum, value) => sum + (value - mean) ** k, 0) / x.length;
  return { mean, variance: central(2), fourth: central(4) / central(2) ** 2 };
}

describe('initial weights', () => {
  const expected = {
    heNormal: 2 / FAN_IN,
    heUniform: 2 / FAN_IN,
    glorotNormal: 2 / (FAN_IN + FAN_OUT),
    glorotUniform: 2 / (FAN_IN + FAN_OUT),
    lecunNormal: 1 / FAN_IN,
    lecunUniform: 1 / FAN_IN,
  };

  it.each(Object.keys(expected) as (keyof typeof expected)[])('%s: mean, variance and shape', (name) => {
    const { layout, block } = initial(name);
    const weights = values(layout, block, '0.weight');
    const { mean, variance, fourth } = moments(weights);
    const deviation = Math.sqrt(expected[name]);
    const error = deviation / Math.sqrt(weights.length); // of the mean; 30,000 draws
    expect(Math.abs(mean)).toBeLessThan(4 * error);
    expect(variance / expected[name]).toBeGreaterThan(0.97);
    expect(variance / expected[name]).toBeLessThan(1.03);
    const normal = INITIALIZERS[name].distribution === 'normal';
    expect(fourth).toBeCloseTo(normal ? 3 : 9 / 5, normal ? 0 : 1);
    const largest = weights.reduce((max, weight) => Math.max(max, Math.abs(weight)), 0);
    if (normal) expect(largest).toBeGreaterThan(3.5 * deviation);
    else {
      expect(largest).toBeLessThanOrEqual(Math.fround(deviation * Math.sqrt(3)));
      expect(largest).toBeGreaterThan(0.999 * deviation * Math.sqrt(3));
    }
  });

  it.each(INITIALIZER_NAMES)('%s: biases and padding are zero', (name) => {
    const { layout, block } = initial(name, 1, [{ dense: 3 }, { dense: 5 }]);
    for (const { offset, length } of layout.views)
      if (length % 16 !== 0) expect(block[offset + length]).toBe(0);
    expect([...values(layout, block, '0.bias')]).toEqual([0, 0, 0]);
  });

  it('normal draws are not the same twice, also in pairs', () => {
    const { layout, block } = initial('heNormal');
    expect(new Set(values(layout, block, '0.weight')).size).toBeGreaterThan(29_900);
  });

  it.each(ACTIVATION_NAMES)('auto takes what fits before %s', (activation) => {
    const specs = [{ dense: FAN_OUT }, activation];
    const auto = initial('auto', 1, specs);
    const named = initial(ACTIVATIONS[activation].init, 1, specs);
    expect(hash(auto.block)).toBe(hash(named.block));
  });

  it('auto takes glorotUniform before softmax and at the end', () => {
    for (const specs of [[{ dense: 4 }], [{ dense: 4 }, 'softmax']] as LayerSpec[][]) {
      expect(hash(initial('auto', 1, specs).block)).toBe(hash(initial('glorotUniform', 1, specs).block));
    }
  });

  it('auto keeps the variance of a signal through twenty layers of rectifiers', () => {
    const width = FAN_IN;
    const specs = Array.from({ length: 20 }, () => [{ dense: width }, 'relu'] as LayerSpec[]).flat();
    const { layout, block } = initial('auto', 3, specs);
    let y = Float64Array.from({ length: width }, (_, i) => (i % 7) - 3);
    const square = (v: Float64Array) => v.reduce((sum, value) => sum + value * value, 0);
    const before = square(y);
    for (let k = 0; k < 20; k++) {
      const w = values(layout, block, `${2 * k}.weight`);
      y = Float64Array.from({ length: width }, (_, j) => {
        let z = 0;
        for (let i = 0; i < width; i++) z += w[i * width + j] * y[i];
        return Math.max(0, z);
      });
    }
    expect(square(y) / before).toBeGreaterThan(0.1);
    expect(square(y) / before).toBeLessThan(10);
  });
});

describe('a seed', () => {
  const specs: LayerSpec[] = [{ dense: 8 }, 'relu', { dense: 5 }, 'tanh', { dense: 3 }, 'softmax'];

  it('gives the same bits everywhere and always', () => {
    expect([1, 2, 2 ** 53 - 1].map((seed) => hash(initial('auto', seed, specs).block))).toEqual([
      '34e86bdc9ad26e7c',
      'a519b6d409dd795e',
      '27ce89bbdb24fa51',
    ]);
  });

  it('gives each parameter draws of its own, whatever the others are', () => {
    const { layout, block } = initial('heNormal', 1, [{ dense: FAN_IN }, { dense: FAN_IN }]);
    const [first, second] = ['0.weight', '1.weight'].map((name) => values(layout, block, name));
    expect(hash(first)).not.toBe(hash(second));
    const other = initial('heNormal', 1, [{ dense: FAN_IN }]);
    expect(hash(values(other.layout, other.block, '0.weight'))).toBe(hash(first));
  });
});

/** The weights of one dense layer, [inputs, units]. */
function weights(
  name: Parameters<typeof initialize>[2],
  inputs: number,
  units: number,
  seed = 1,
  constant = 0,
) {
  const layout = parameterLayout(buildLayers([{ dense: units }], inputs));
  const block = new Float32Array(layout.length);
  initialize(block, layout, name, seed, constant);
  const [weight, bias] = layout.views;
  expect([...block.subarray(bias.offset, bias.offset + bias.length)]).toEqual(new Array(units).fill(0));
  return block.subarray(weight.offset, weight.offset + weight.length);
}

describe('orthogonal', () => {
  it.each([
    [20, 20],
    [30, 7],
    [7, 30],
    [1, 5],
    [5, 1],
    [128, 128],
  ])('%i×%i: rows or columns, whichever are fewer, are orthonormal', (rows, columns) => {
    const w = weights('orthogonal', rows, columns);
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const at = (k: number, i: number) => (rows < columns ? w[k * columns + i] : w[i * columns + k]);
    let error = 0;
    for (let a = 0; a < count; a++) {
      for (let b = 0; b <= a; b++) {
        let product = 0;
        for (let i = 0; i < length; i++) product += at(a, i) * at(b, i);
        error = Math.max(error, Math.abs(product - (a === b ? 1 : 0)));
      }
    }
    expect(error).toBeLessThan(3e-7);
  });

  it('prefers no direction: a corner of many 3×3 matrices has the moments of a uniform point of the sphere', () => {
    const corners = Array.from({ length: 4000 }, (_, seed) => weights('orthogonal', 3, 3, seed)[0]);
    const moment = (k: number) => corners.reduce((sum, value) => sum + value ** k, 0) / corners.length;
    expect(Math.abs(moment(1))).toBeLessThan(0.04);
    expect(moment(2)).toBeCloseTo(1 / 3, 1);
    expect(moment(4)).toBeCloseTo(1 / 5, 1);
  });

  it('is another matrix for another seed, and the same for the same', () => {
    expect(weights('orthogonal', 4, 4, 2)).toEqual(weights('orthogonal', 4, 4, 2));
    expect(weights('orthogonal', 4, 4, 2)).not.toEqual(weights('orthogonal', 4, 4, 3));
  });
});

it('truncatedNormal: variance 1/fanIn, and nothing beyond two deviations of the normal it is cut from', () => {
  const w = weights('truncatedNormal', 120, 250);
  const square = w.reduce((sum, value) => sum + value * value, 0) / w.length;
  const mean = w.reduce((sum, value) => sum + value, 0) / w.length;
  const cut = (2 * Math.sqrt(1 / 120)) / 0.8796256610342398;
  const largest = w.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(square * 120).toBeGreaterThan(0.98);
  expect(square * 120).toBeLessThan(1.02);
  expect(Math.abs(mean)).toBeLessThan(0.002);
  expect(largest).toBeLessThanOrEqual(cut);
  expect(largest).toBeGreaterThan(0.999 * cut);
  // of the standard normal between −2 and 2, 68.27/95.45 lies between −1 and 1
  const inner = w.filter((value) => Math.abs(value) < cut / 2).length / w.length;
  expect(inner).toBeCloseTo(0.7153, 2);
});

it('constant: every weight is initConstant', () => {
  expect([...weights('constant', 3, 2, 1, 0.25)]).toEqual(new Array(6).fill(0.25));
  expect([...weights('zeros', 3, 2, 1, 0.25)]).toEqual(new Array(6).fill(0));
});

it('a parameter with a distribution of its own is drawn from it, whatever the initialiser', () => {
  const layers = buildLayers([{ periodic: { columns: 500, deviation: 0.1 } }], 500);
  const layout = parameterLayout(layers);
  const block = new Float32Array(layout.length);
  initialize(block, layout, 'zeros', 3);
  const values = layout.views.map(({ offset, length }) => [...block.subarray(offset, offset + length)]);
  const deviation = (x: number[]) => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
  const [frequency, phase, weight, bias] = values;
  expect(deviation(frequency)).toBeCloseTo(0.1, 2);
  expect(Math.max(...frequency.map(Math.abs))).toBeGreaterThan(0.3);
  for (const [drawn, limit] of [
    [phase, Math.PI],
    [weight, 0.25],
    [bias, 0.25],
  ] as const) {
    expect(deviation(drawn) / limit).toBeCloseTo(Math.sqrt(1 / 3), 1);
    expect(Math.max(...drawn.map(Math.abs)) / limit).toBeLessThanOrEqual(1 + 1e-6);
    expect(Math.max(...drawn.map(Math.abs)) / limit).toBeGreaterThan(0.99);
  }
});
