/** The perceptron rule (Rosenblatt 1958) against its own loop: w ← w + η(d − y)x, a row at a time. */
import { expect, it } from 'vitest';
import { loadTrainingData } from '#src/data/load.js';
import { newTrainer } from '../support/train.js';

it('a threshold unit learns as the rule says, and separates what can be separated', async () => {
  const data = await loadTrainingData({ data: 'blobs:40,seed=3', task: 'auto', val: 0, seed: 1 });
  const options = {
    layers: [{ dense: data.outputs }, { threshold: { gradient: 'perceptron' as const } }],
    loss: 'squaredError' as const,
    init: 'zeros' as const,
    momentum: 0,
    lr: 0.1,
    batch: 1,
    epochs: 3,
    workers: 0,
    kernels: 'reference' as const,
  };
  const trainer = newTrainer(data, options);
  const { dataset } = data.train;
  const { shift, scale } = data.encoding;
  const [inputs, outputs] = [data.inputWidth, data.outputs];
  const weights = new Float32Array(inputs * outputs);
  const bias = new Float32Array(outputs);
  while (trainer.state.step < trainer.plan.totalSteps) {
    const position = trainer.state.step % trainer.plan.stepsPerEpoch;
    await trainer.step();
    const row = trainer.memory.order[position];
    const x = Array.from({ length: inputs }, (_, i) =>
      Math.fround((dataset.numbers[row * inputs + i] - (shift[i] ?? shift[0])) * (scale[i] ?? scale[0])),
    );
    for (let j = 0; j < outputs; j++) {
      const z = x.reduce((sum, value, i) => sum + value * weights[i * outputs + j], bias[j]);
      const error = (dataset.targets[row] === j ? 1 : 0) - (z > 0 ? 1 : 0);
      for (let i = 0; i < inputs; i++) weights[i * outputs + j] += 0.1 * error * x[i];
      bias[j] += 0.1 * error;
    }
  }
  const [w, b] = trainer.memory.layout.views.map(({ offset, length }) =>
    trainer.memory.weights.subarray(offset, offset + length),
  );
  for (const [i, value] of weights.entries()) expect(w[i]).toBeCloseTo(value, 5);
  for (const [j, value] of bias.entries()) expect(b[j]).toBeCloseTo(value, 5);
  expect(weights.some((value) => value !== 0)).toBe(true);
});
