/** A sweep reads its data once, and keeps one copy of the rows in memory. */
import { expect, it } from 'vitest';
import { shareCores } from '#src/experiment/concurrency.js';
import { SweepData } from '#src/experiment/dataloader.js';

const options = { data: 'moons:100', val: 0.2, hidden: [4] } as const;

it('configurations that read the same rows share them', async () => {
  const data = new SweepData();
  const first = await data.load({ ...options, lr: 0.1 });
  expect(await data.load({ ...options, lr: 0.01, hidden: [8] })).toBe(first);
});

it('another seed parts the same copy of the rows in another way', async () => {
  const data = new SweepData();
  const [one, two] = [await data.load({ ...options, seed: 1 }), await data.load({ ...options, seed: 2 })];
  expect(two.train.rows).not.toEqual(one.train.rows);
  expect(two.train.dataset).toBe(one.train.dataset);
  expect(two.val?.dataset).toBe(one.train.dataset);
  // Without a part that is cut off by the seed, nothing depends on it.
  const whole = await data.load({ ...options, val: 0, seed: 1 });
  expect(await data.load({ ...options, val: 0, seed: 2 })).toBe(whole);
});

it('other data is another load', async () => {
  const data = new SweepData();
  const one = await data.load(options);
  expect(await data.load({ ...options, data: 'moons:120' })).not.toBe(one);
  expect(await data.fingerprints()).toHaveLength(2);
});

it.each([
  [{ parallel: 'auto', workers: 'auto' }, 40, { parallel: 8, workers: 0, cores: 1 }],
  [{ parallel: 'auto', workers: 'auto' }, 3, { parallel: 3, workers: 'auto', cores: 2 }],
  [{ parallel: 'auto', workers: 4 }, 40, { parallel: 2, workers: 4, cores: 4 }],
  [{ parallel: 2, workers: 'auto' }, 40, { parallel: 2, workers: 'auto', cores: 4 }],
  [{ parallel: 3, workers: 5 }, 40, { parallel: 3, workers: 5, cores: 2 }],
  [{ parallel: 'auto', workers: 'auto', memoryLimit: 5 }, 40, { parallel: 5, workers: 0, cores: 1 }],
] as const)('%j shares 8 cores between %i trials', (asked, trials, shared) => {
  expect(shareCores(asked, trials, 2 ** 20, 8)).toEqual(shared);
});
