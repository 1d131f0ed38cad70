/** The lecture's numbers, and its formulas as loops (docs/lecture.md, sections 1 to 3, 6 and 7). */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { FloatArray } from '#src/kernels/kernels.js';
import { ordered } from '#src/kernels/steps.js';
import { numbers, setParameters, type TestNetwork, testNetwork, withoutPadding } from '../support/network.js';

const program: { before: number; weights: number[][]; biases: number[][]; after: number } = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/sklearn.json', import.meta.url), 'utf8'),
);

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z));

/** Views of a block by parameter: `of(network.gradient)['0.weight']`. */
function named({ layout }: TestNetwork, block: FloatArray): Record<string, FloatArray> {
  return Object.fromEntries(
    layout.views.map(({ name, offset, length }) => [name, block.subarray(offset, offset + length)]),
  );
}

function expectClose(actual: ArrayLike<number>, expected: readonly number[], digits: number): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, i) => {
    expect(actual[i]).toBeCloseTo(value, digits);
  });
}

describe('the 2-2-2 network of section 7', () => {
  const x = [0.05, 0.1];
  const d = [0.01, 0.99];
  const fresh = () => {
    const network = testNetwork({
      layers: [{ dense: 2 }, 'sigmoid', { dense: 2 }, 'sigmoid'],
      inputs: 2,
      loss: 'squaredError',
      rows: 1,
    });
    // w1, w2 lead to the first hidden unit, w3, w4 to the second: [in, out] has them as columns
    setParameters(network, [0.15, 0.25, 0.2, 0.3, 0.35, 0.35, 0.4, 0.5, 0.45, 0.55, 0.6, 0.6]);
    return network;
  };
  /** w ← w − η·dDiv/dw for the weights; the biases stay. */
  const step = (network: TestNetwork) => {
    const weights = named(network, network.parameters);
    const gradients = named(network, network.gradient);
    const update = { lr: 0.5, momentum: 0, nesterov: 0, weightDecay: 0, gradientScale: 1 };
    for (const name of ['0.weight', '2.weight']) {
      network.kernels.update(
        'sgd',
        weights[name],
        gradients[name],
        [null],
        weights[name].length,
        ordered('sgd', update),
      );
    }
  };

  it('has the forward pass', () => {
    const network = fresh();
    const loss = network.loss(x, d);
    const [z1, y1, z2, y2] = network.bound.arrays.map(({ y }) => y);
    expectClose(z1, [0.3775, 0.3925], 12);
    expectClose(y1, [0.5932699921, 0.5968843783], 10);
    expectClose(z2, [1.1059059671, 1.2249214041], 10);
    expectClose(y2, [0.7513650696, 0.7729284653], 10);
    expect(loss).toBeCloseTo(0.29837110876, 12);
  });

  it('has the backward pass', () => {
    const network = fresh();
    network.differentiate(x, d);
    const gradients = named(network, network.gradient);
    const [dz1, dy1] = network.bound.arrays.map(({ dy }) => dy);
    expectClose(dz1, [0.0087714, 0.0099543], 7);
    expectClose(dy1, [0.0363503, 0.0413703], 7);
    expect(gradients['2.weight'][0]).toBeCloseTo(0.0821670406, 10);
    expect(gradients['0.weight'][0]).toBeCloseTo(0.000438567734, 12);
    expectClose(gradients['0.bias'], [...dz1], 15);
  });

  it('is the sum over paths: 0.00066840 through the first output, -0.00022983 through the second', () => {
    const network = fresh();
    network.differentiate(x, d);
    const [, , , { y }] = network.bound.arrays;
    const h = network.bound.arrays[1].y[0];
    const through = [0, 1].map((output) => {
      const w = [0.4, 0.5][output];
      return (y[output] - d[output]) * y[output] * (1 - y[output]) * w * h * (1 - h) * x[0];
    });
    expectClose(through, [0.0006684, -0.00022983], 8);
    expect(named(network, network.gradient)['0.weight'][0]).toBeCloseTo(through[0] + through[1], 15);
  });

  it('learns: one step, and ten thousand', () => {
    const network = fresh();
    network.differentiate(x, d);
    step(network);
    const weights = named(network, network.parameters);
    expect(weights['0.weight'][0]).toBeCloseTo(0.149780716133, 12);
    expect(weights['2.weight'][0]).toBeCloseTo(0.358916479718, 12);
    expect(network.loss(x, d)).toBeCloseTo(0.291027773694, 12);
    for (let i = 1; i < 10_000; i++) {
      network.differentiate(x, d);
      step(network);
    }
    expect(network.loss(x, d) / 3.5101878e-5).toBeCloseTo(1, 6);
    expectClose(weights['0.bias'], [0.35, 0.35], 15);
  });
});

describe("scikit-learn's hand-computed case", () => {
  const x = [0.6, 0.8, 0.7];
  const network = testNetwork({
    layers: [{ dense: 2 }, 'sigmoid', { dense: 1 }, 'sigmoid'],
    inputs: 3,
    loss: 'binaryCrossEntropy',
    rows: 1,
  });
  setParameters(network, [0.1, 0.2, 0.3, 0.1, 0.5, 0, 0.1, 0.1, 0.1, 0.2, 1]);

  it('one step with L2 on the weights, not on the biases', () => {
    network.differentiate(x, [0]);
    const hidden = [0.679178699175, 0.574442516812];
    expectClose(network.bound.arrays[1].y, hidden, 12);
    const [h1, h2] = hidden.map((h) => Math.round(h * 1000) / 1000); // as the hand rounded them
    expect(sigmoid(0.1 * h1 + 0.2 * h2 + 1)).toBeCloseTo(0.76543292362, 11);
    expect(sigmoid(network.bound.output[0])).toBeCloseTo(program.before, 14);

    const weights = named(network, network.parameters);
    const gradients = named(network, network.gradient);
    for (const [name, values] of Object.entries(weights)) {
      const weightDecay = name.endsWith('weight') ? 0.1 : 0;
      const update = { lr: 0.1, momentum: 0, nesterov: 0, weightDecay, gradientScale: 1 };
      network.kernels.update('sgd', values, gradients[name], [null], values.length, ordered('sgd', update));
    }
    network.loss(x, [0]);
    const after = sigmoid(network.bound.output[0]);
    // by hand, to the three decimals that the hand kept
    expectClose(weights['0.weight'], [0.098, 0.195756, 0.2956664, 0.096008, 0.4939998, -0.002244], 3);
    expectClose(weights['0.bias'], [0.098333, 0.09626], 3);
    expectClose(weights['2.weight'], [0.04706, 0.154089], 3);
    expectClose(weights['2.bias'], [0.9235], 3);
    expect(after).toBeCloseTo(0.739, 3);
    // by the program, to every digit
    [0, 2].forEach((layer, i) => {
      expectClose(weights[`${layer}.weight`], program.weights[i], 14);
      expectClose(weights[`${layer}.bias`], program.biases[i], 14);
    });
    expect(after).toBeCloseTo(program.after, 14);
  });
});

describe('the chain rule', () => {
  it('on a 1-1-1 network is the closed form', () => {
    const network = testNetwork({
      layers: [{ dense: 1 }, 'tanh', { dense: 1 }, 'sigmoid'],
      inputs: 1,
      loss: 'squaredError',
      rows: 1,
    });
    const [w1, b1, w2, b2] = [0.7, -0.2, 1.3, 0.4];
    const [x, d] = [0.9, 0.25];
    setParameters(network, [w1, b1, w2, b2]);
    network.differentiate([x], [d]);
    const h = Math.tanh(w1 * x + b1);
    const y = sigmoid(w2 * h + b2);
    const dz2 = (y - d) * y * (1 - y);
    const dz1 = dz2 * w2 * (1 - h * h);
    expectClose(withoutPadding(network.layout, network.gradient), [dz1 * x, dz1, dz2 * h, dz2], 15);
  });

  it('sums over all paths of the products of their edges', () => {
    const widths = [2, 3, 2, 3];
    const network = testNetwork({
      layers: widths.slice(1).flatMap((units) => [{ dense: units }, 'tanh']),
      inputs: widths[0],
      loss: 'squaredError',
      rows: 1,
    });
    setParameters(network, numbers(network.layout.count, 3, 0.8));
    const x = [0.4, -0.7];
    const d = [0.1, 0.2, -0.3];
    network.differentiate(x, d);
    const weights = named(network, network.parameters);
    const outputOf = (k: number) => (k === 0 ? x : network.bound.arrays[2 * k - 1].y);

    /** Σ over the paths from z of unit j in layer k to Div. */
    const pathsFrom = (k: number, j: number): number => {
      const y = outputOf(k)[j];
      const edge = 1 - y * y;
      if (k === widths.length - 1) return edge * (y - d[j]);
      const w = weights[`${2 * k}.weight`];
      let sum = 0;
      for (let l = 0; l < widths[k + 1]; l++) sum += w[j * widths[k + 1] + l] * pathsFrom(k + 1, l);
      return edge * sum;
    };
    const gradients = named(network, network.gradient);
    for (let k = 1; k < widths.length; k++) {
      const width = widths[k];
      for (let j = 0; j < width; j++) {
        const paths = pathsFrom(k, j);
        expect(gradients[`${2 * k - 2}.bias`][j]).toBeCloseTo(paths, 15);
        for (let i = 0; i < widths[k - 1]; i++) {
          const dw = gradients[`${2 * k - 2}.weight`][i * width + j];
          expect(dw).toBeCloseTo(outputOf(k - 1)[i] * paths, 15);
        }
      }
    }
  });
});

describe('training by backpropagation (section 6)', () => {
  const layers = [{ dense: 4 }, 'sigmoid', { dense: 3 }, 'tanh', { dense: 2 }];
  const widths = [3, 4, 3, 2];
  const T = 5;
  const x = numbers(T * 3, 21);
  const d = numbers(T * 2, 22);
  const weights = numbers(4 * 3 + 4 + 3 * 4 + 3 + 2 * 3 + 2, 23);

  /** The scalar loops of sections 2 and 3, for one instance; w_0j is the bias. Adds to `sum`, returns Div. */
  function backpropagate(x: readonly number[], d: readonly number[], sum: number[]): number {
    const f = [sigmoid, Math.tanh, (z: number) => z];
    const df = [(y: number) => y * (1 - y), (y: number) => 1 - y * y, () => 1];
    const N = widths.length - 1;
    const starts = [0, 16, 31];
    const at = (k: number, i: number, j: number) =>
      i === 0 ? starts[k - 1] + widths[k - 1] * widths[k] + j : starts[k - 1] + (i - 1) * widths[k] + j;
    const y: number[][] = [[1, ...x]];
    for (let k = 1; k <= N; k++) {
      y[k] = [1];
      for (let j = 0; j < widths[k]; j++) {
        let z = 0;
        for (let i = 0; i <= widths[k - 1]; i++) z += weights[at(k, i, j)] * y[k - 1][i];
        y[k][j + 1] = f[k - 1](z);
      }
    }
    let dy = d.map((value, j) => y[N][j + 1] - value);
    const divergence = dy.reduce((total, error) => total + (error * error) / 2, 0);
    for (let k = N; k >= 1; k--) {
      const dz = dy.map((value, j) => df[k - 1](y[k][j + 1]) * value);
      for (let i = 0; i <= widths[k - 1]; i++) {
        for (let j = 0; j < widths[k]; j++) sum[at(k, i, j)] += y[k - 1][i] * dz[j];
      }
      dy = Array.from({ length: widths[k - 1] }, (_, i) =>
        dz.reduce((total, value, j) => total + weights[at(k, i + 1, j)] * value, 0),
      );
    }
    return divergence;
  }

  it('is the sum over the instances of what the scalar loops give', () => {
    const network = testNetwork({ layers, inputs: 3, loss: 'squaredError', rows: T });
    setParameters(network, weights);
    const loss = network.differentiate(x, d);
    const sum = new Array<number>(weights.length).fill(0);
    let total = 0;
    for (let t = 0; t < T; t++) {
      total += backpropagate(x.slice(3 * t, 3 * t + 3), d.slice(2 * t, 2 * t + 2), sum);
    }
    expect(loss).toBeCloseTo(total, 14);
    expectClose(withoutPadding(network.layout, network.gradient), sum, 14);
  });

  it('takes a bias for a weight from a constant input of 1', () => {
    const network = testNetwork({ layers, inputs: 3, loss: 'squaredError', rows: T });
    setParameters(network, weights);
    const extended = testNetwork({
      layers: [{ dense: { units: 4, bias: false } }, ...layers.slice(1)],
      inputs: 4,
      loss: 'squaredError',
      rows: T,
    });
    const [inner, bias, rest] = [weights.slice(0, 12), weights.slice(12, 16), weights.slice(16)];
    setParameters(extended, [...bias, ...inner, ...rest]);
    const withOnes = Array.from({ length: T }, (_, t) => [1, ...x.slice(3 * t, 3 * t + 3)]).flat();

    expect(extended.differentiate(withOnes, d)).toBe(network.differentiate(x, d));
    const gradient = withoutPadding(network.layout, network.gradient);
    expect(withoutPadding(extended.layout, extended.gradient)).toEqual([
      ...gradient.slice(12, 16),
      ...gradient.slice(0, 12),
      ...gradient.slice(16),
    ]);
  });
});
