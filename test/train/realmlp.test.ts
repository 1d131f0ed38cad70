/** RealMLP's layers and configuration fit together, and train. */
import { describe, expect, it } from 'vitest';
import { realmlpConfig, realmlpLayers } from '#src/train/realmlp.js';
import { syntheticData } from '../support/data.js';
import { newTrainer, trainToEnd } from '../support/train.js';

const data = syntheticData({ rows: 60, inputs: 5, classes: 3 });
const task = { problemType: 'classification', numbers: 4, embedded: [], outputs: 3 } as const;

describe.each(['tdSimple', 'td'] as const)('%s', (variant) => {
  const layers = realmlpLayers(variant, task);
  const options = { ...realmlpConfig(variant, 'classification'), layers, batch: 30, epochs: 3 };

  it('has the published layers, rates and initial outputs', () => {
    const trainer = newTrainer(data, { ...options, workers: 0 });
    void trainer.close();
    const { plan, memory } = trainer;
    const kinds = plan.layers.map(({ kind }) => kind);
    const block = variant === 'td' ? ['dense', 'parametric', 'dropout'] : ['dense', 'selu'];
    const front = variant === 'td' ? ['periodic', 'scale'] : ['scale'];
    expect(kinds).toEqual([...front, ...block, ...block, ...block, 'dense', 'softmax']);
    const rates = new Set(memory.groups.map(({ rateFactor }) => rateFactor));
    expect(rates).toEqual(new Set(variant === 'td' ? [0.1, 6, 1] : [6, 1, 0.1]));
    expect(memory.groups.some(({ decays }) => !decays)).toBe(variant === 'td');
    const last = memory.layout.views.filter(({ name }) => name.startsWith(`${kinds.lastIndexOf('dense')}.`));
    const values = last.flatMap(({ offset, length }) => [
      ...memory.weights.subarray(offset, offset + length),
    ]);
    expect(values.every((value) => value === 0)).toBe(variant === 'tdSimple');
  });

  it('gives the same bits for 0 and 2 workers', async () => {
    const inProcess = await trainToEnd(data, { ...options, workers: 0 });
    expect(await trainToEnd(data, { ...options, workers: 2 })).toEqual(inProcess);
  });
});

it('for numbers takes mish, a rate of its own and no softmax', () => {
  const layers = realmlpLayers('td', { ...task, problemType: 'regression', outputs: 1 });
  expect(layers).toContainEqual({ parametric: { activation: 'mish', rate: 0.1 } });
  expect(layers.at(-1)).toEqual({ dense: { units: 1, ntk: true, biasRate: 0.1, zero: false } });
  expect(realmlpConfig('td', 'regression')).toMatchObject({ lr: 0.2, loss: 'squaredError' });
  expect(realmlpConfig('tdSimple', 'regression')).toMatchObject({ lr: 0.07, optimizer: 'adam' });
});
