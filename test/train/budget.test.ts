/** The memory that a training says it will take. */
import { expect, it } from 'vitest';
import { memoryBudget } from '#src/train/budget.js';
import { resolveConfig } from '#src/train/config.js';
import { planTraining } from '#src/train/plan.js';
import { syntheticData } from '../support/data.js';

const data = syntheticData({ rows: 2400, inputs: 30, classes: 3 });
const budget = (change: object) =>
  memoryBudget(
    planTraining(
      resolveConfig({ data: 'synthetic', hidden: [50], workers: 0, kernels: 'wasm', ...change }),
      data,
    ),
  );

it('adds up', () => {
  const { total, ...parts } = budget({});
  expect(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
});

it('counts a block of gradients for each subtree that workers leave', () => {
  const blocks = (change: object) => {
    const { weights, 'gradients by shard': gradients } = budget(change);
    return gradients / weights;
  };
  expect(blocks({ workers: 0 })).toBe(1);
  expect(blocks({ workers: 2 })).toBe(2);
  expect(blocks({ workers: 3 })).toBe(5); // of shards 0–1, 2–3 and 4, 5 and 6–7
  expect(blocks({ workers: 8 })).toBe(8);
  expect(blocks({ workers: 0, batch: 'all' })).toBe(8); // 2400 rows are more than a pass holds
});

it('follows the optimiser, the threads and the data', () => {
  const [sgd, adam] = [budget({ optimizer: 'sgd' }), budget({ optimizer: 'adam' })];
  expect(adam['optimizer slots']).toBe(2 * sgd['optimizer slots']);
  expect(adam['a checkpoint on its way'] - sgd['a checkpoint on its way']).toBe(sgd.weights);
  const node = (workers: number) => budget({ workers })['Node and its threads'];
  expect([node(1), node(2)]).toEqual([node(2), node(2)]);
  expect(node(3) - node(2)).toBe(node(2) - node(0));
  expect(budget({}).data).toBe(
    4 * 2400 * 30 + 2400 * data.train.dataset.targets.BYTES_PER_ELEMENT + 4 * 2400,
  );
});
