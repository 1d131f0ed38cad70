import { expect, it } from 'vitest';
import { syntheticData } from '../support/data.js';
import { newTrainer } from '../support/train.js';

/** The gradient and loss of one step over all rows, with these sample weights. */
async function firstStep(weights: readonly number[] | null) {
  const data = syntheticData({ rows: 12, inputs: 4, classes: 3 });
  const stored = weights && new Float32Array(new SharedArrayBuffer(48));
  stored?.set(weights!);
  const dataset = { ...data.train.dataset, ...(stored ? { weights: stored } : {}) };
  const trainer = newTrainer(
    { ...data, train: { ...data.train, dataset } },
    { hidden: [5], batch: 'all', workers: 0 },
  );
  await trainer.step();
  const gradient = Float64Array.from(trainer.memory.gradients[0]);
  return { loss: trainer.state.epochLoss, gradient };
}

it('a row of weight 2 counts twice, and one of weight 0 not at all', async () => {
  const even = Array.from({ length: 12 }, (_, row) => (row % 2 === 0 ? 1 : 0));
  const odd = even.map((weight) => 1 - weight);
  const [all, first, second, mixed] = await Promise.all(
    [null, even, odd, even.map((weight, row) => weight + 2 * odd[row])].map(firstStep),
  );
  expect(first.loss + second.loss).toBeCloseTo(all.loss, 6);
  expect(first.loss + 2 * second.loss).toBeCloseTo(mixed.loss, 6);
  expect(first.loss).toBeGreaterThan(0.1);
  for (const [i, value] of mixed.gradient.entries()) {
    expect(value).toBeCloseTo(first.gradient[i] + 2 * second.gradient[i], 4);
  }
});
