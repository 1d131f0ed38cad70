import { describe, expect, it } from 'vitest';
import { UsageError } from '#src/errors.js';
import { ACTIVATION_NAMES } from '#src/network/activations.js';
import type { UncheckedLayer } from '#src/network/kind.js';
import { LAYER_KINDS } from '#src/network/kinds.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers } from '#src/network/spec.js';

describe('the network language', () => {
  it('infers every width from the input', () => {
    const layers = buildLayers(
      [{ dense: 128 }, 'relu', { dense: { units: 10, bias: false } }, 'softmax'],
      784,
    );
    expect(layers.map(({ kind, inputs, outputs }) => [kind, inputs, outputs])).toEqual([
      ['dense', 784, 128],
      ['relu', 128, 128],
      ['dense', 128, 10],
      ['softmax', 10, 10],
    ]);
    const { views, count } = parameterLayout(layers);
    expect(views.map(({ name, spec: { shape } }) => [name, shape])).toEqual([
      ['0.weight', [784, 128]],
      ['0.bias', [128]],
      ['2.weight', [128, 10]],
    ]);
    expect(count).toBe(784 * 128 + 128 + 1280);
  });

  it('begins each parameter on a cache line, without overlap', () => {
    const { views, length } = parameterLayout(buildLayers([{ dense: 3 }, { dense: 17 }, { dense: 1 }], 5));
    let end = 0;
    for (const view of views) {
      expect(view.offset % 16).toBe(0);
      expect(view.offset).toBeGreaterThanOrEqual(end);
      end = view.offset + view.length;
    }
    expect(length).toBeGreaterThanOrEqual(end);
    expect(length % 16).toBe(0);
  });

  it('knows every activation by name', () => {
    for (const name of ACTIVATION_NAMES) expect(buildLayers([name, { [name]: null }], 4)).toHaveLength(2);
    expect(Object.keys(LAYER_KINDS)).toEqual(
      expect.arrayContaining(['dense', 'softmax', ...ACTIVATION_NAMES]),
    );
  });

  it('takes the argument of an activation as a number or by name', () => {
    for (const spec of [{ leakyRelu: 0.2 }, { leakyRelu: { slope: 0.2 } }]) {
      expect(buildLayers([spec], 4)[0].kind).toBe('leakyRelu');
    }
  });
});

describe('what cannot be meant is refused in one line', () => {
  // biome-ignore format: one line a case
  const cases: [UncheckedLayer, RegExp][] = [
    ['rellu', /^layers\[1\]: unknown layer 'rellu', did you mean 'relu'\?; known: dense, /],
    ['ReLU', /^layers\[1\]: unknown layer 'ReLU', did you mean 'relu'\?/],
    [{ denze: 3 }, /^layers\[1\]: unknown layer 'denze', did you mean 'dense'\?/],
    ['zzzzzzzz', /^layers\[1\]: unknown layer 'zzzzzzzz'; known: /],
    ['constructor', /^layers\[1\]: unknown layer 'constructor'/],
    [{ __proto__: null, toString: 1 } as UncheckedLayer, /^layers\[1\]: unknown layer 'toString'/],
    [{ dense: 0 }, /^layers\[1\] \(dense\): units: must be at least 1, found 0$/],
    [{ dense: 2.5 }, /^layers\[1\] \(dense\): units: expected a whole number, found 2\.5$/],
    [{ dense: '8' }, /^layers\[1\] \(dense\): units: expected a number, found "8"$/],
    [{ dense: null }, /^layers\[1\] \(dense\): units: expected a number, found nothing$/],
    ['dense', /^layers\[1\] \(dense\): units: expected a number, found nothing$/],
    [{ dense: { unit: 3 } }, /^layers\[1\] \(dense\): unknown key 'unit', did you mean 'units'\?/],
    [{ dense: { units: 3, bias: 1 } }, /^layers\[1\] \(dense\): bias: expected a boolean, found 1$/],
    [{ tanh: 2 }, /^layers\[1\] \(tanh\): takes no argument, found 2$/],
    [{ softmax: 2 }, /^layers\[1\] \(softmax\): takes no argument, found 2$/],
    [{ leakyRelu: 2 }, /^layers\[1\] \(leakyRelu\): slope: must be at most 1, found 2$/],
    [{ leakyRelu: { slope: '0.1' } }, /^layers\[1\] \(leakyRelu\): slope: expected a number, found "0\.1"$/],
    [{ leakyRelu: { slop: 0.1 } }, /^layers\[1\] \(leakyRelu\): unknown key 'slop', did you mean 'slope'\?/],
    [{ add: [['relu'], [{ dense: 3 }]] }, /^layers\[1\] \(add\): the branches end in 4 and 3 values/],
    [{ residual: [{ dense: 4 }, 'rellu'] }, /^layers\[1\] \(residual\)\[1\]: unknown layer 'rellu', did you mean 'relu'\?/],
    [{ residual: [{ dense: 3 }] }, /^layers\[1\] \(residual\): x has 4 values and F\(x\) 3: /],
    [{ dropout: 1 }, /^layers\[1\] \(dropout\): p: must be less than 1, found 1$/],
    [{ groupMax: 3 }, /^layers\[1\] \(groupMax\): 4 inputs do not divide into groups of 3$/],
    [{ maxout: { units: 2 } }, /^layers\[1\] \(maxout\): pieces: expected a number, found nothing$/],
    [{ dense: 3, relu: null }, /^layers\[1\]: expected one kind such as \{dense: 128\}, found \{"dense":3,"relu":null\}$/],
    [{}, /^layers\[1\]: expected one kind/],
  ];
  it.each(cases)('%j', (spec, message) => {
    expect(() => buildLayers([{ dense: 4 }, spec], 4)).toThrow(UsageError);
    expect(() => buildLayers([{ dense: 4 }, spec], 4)).toThrow(message);
  });
});
