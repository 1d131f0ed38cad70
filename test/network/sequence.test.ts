/** Layers that work together leave the bits that they leave one by one. */
import { describe, expect, it } from 'vitest';
import type { UncheckedLayer } from '#src/network/kind.js';
import { machineSets, numbers } from '../kernels/implementations.js';
import { type Arithmetic, type TestNetworkOptions, testNetwork } from '../support/network.js';

const ROWS = 9;
const INPUTS = 5;

/** Networks, and how many passes, forward and backward, their layers make where they work together. */
const NETWORKS: Readonly<Record<string, readonly [layers: readonly UncheckedLayer[], number, number]>> = {
  'ReLU between dense layers': [[{ dense: 70 }, 'relu', { dense: 33 }, 'relu', { dense: 3 }], 3, 3],
  'ReLU first and last': [['relu', { dense: 7 }, 'relu'], 2, 2],
  'twice in a row': [[{ dense: 6 }, 'relu', 'relu', { dense: 3 }], 3, 3],
  'beside another layer': [[{ dense: 6 }, 'relu', { dropout: 0.5 }, 'relu', { dense: 3 }], 4, 4],
  'another slope at 0': [[{ dense: 6 }, { relu: { atZero: 0.5 } }, { dense: 3 }], 3, 3],
  'no bias': [[{ dense: { units: 6, bias: false } }, 'relu', { dense: 3 }], 2, 2],
  'no plain dense layer': [[{ dense: { units: 6, ntk: true } }, 'relu', { dense: 3 }], 3, 2],
  'in branches': [[{ residual: [{ dense: 5 }, 'relu', { dense: 5 }] }, 'relu', { dense: 3 }], 3, 2],
};

const kernels: readonly Arithmetic[] = [
  'float64',
  'wasm',
  ...(machineSets.length > 0 ? ['jit' as const] : []),
];

describe.each(kernels)('%s', (arithmetic) => {
  it.each(Object.entries(NETWORKS))('%s', (_, [layers, forward, backward]) => {
    const options: TestNetworkOptions = {
      layers,
      inputs: INPUTS,
      loss: 'squaredError',
      rows: ROWS,
      arithmetic,
    };
    const [alone, together] = [false, true].map((together) => testNetwork({ ...options, together }));
    expect(alone.bound.passes.forward).toHaveLength(alone.bound.layers.length);
    expect(together.bound.passes.forward).toHaveLength(forward);
    expect(together.bound.passes.backward).toHaveLength(backward);
    const d = numbers(alone.bound.output.length, 3);
    const [expected, found] = [alone, together].map((network) => {
      network.parameters.set(numbers(network.parameters.length, 1));
      network.differentiate(numbers(ROWS * INPUTS, 2), d);
      return [network.bound.output, network.losses, network.gradient].map((array) => Array.from(array));
    });
    expect(found).toEqual(expected);
  });
});
