/** Several ranks come to the bits of one process, whatever they share. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surveyLibraries } from '#src/kernels/native/index.js';
import { weightsSha256 } from '#src/network/digest.js';
import {
  additionsAfter,
  additionsUpTo,
  alignedSubtrees,
  contiguousRanges,
  remainingAdditions,
} from '#src/parallel/shards.js';
import type { TrainOptions } from '#src/train/config.js';
import { syntheticData } from '../support/data.js';
import { loopback } from '../support/loopback.js';
import { newTrainer, trainToEnd } from '../support/train.js';

const classes = syntheticData({ rows: 83, inputs: 30, classes: 3, val: 700 });

async function trainAmong(data: typeof classes, options: Omit<TrainOptions, 'data'>, size: number) {
  const ranks = await loopback(size);
  return Promise.all(ranks.map((own) => trainToEnd(data, options, { ranks: own })));
}

/** The last batch of 3 rows has 3 shards, so some ranks have none of it. */
const base = { hidden: [40], batch: 20, epochs: 2, lr: 0.05, val: 0.1 } as const;
/** More than one slice of parameters. */
const wide = { ...base, hidden: [260, 100], epochs: 1 } as const;

const CASES: Readonly<Record<string, Omit<TrainOptions, 'data'>>> = {
  'sgd with momentum': { ...base, optimizer: 'sgd', momentum: 0.9 },
  'adam in slices': { ...wide, optimizer: 'adam', lr: 0.01 },
  'adamw with jit kernels': { ...wide, optimizer: 'adamw', lr: 0.01, kernels: 'jit' },
  'portable kernels': { ...base, kernels: 'portable' },
  ...(surveyLibraries().length > 0 ? { 'native kernels': { ...wide, kernels: 'native' } } : {}),
  'dropout and batch normalisation': {
    ...{ batch: 80, epochs: 4, lr: 0.05, val: 0.1, optimizer: 'adam' },
    layers: [{ dense: 20 }, 'batchNorm', 'relu', { dropout: 0.3 }, { dense: 3 }, 'softmax'],
  },
  'a clipped gradient': { ...wide, clip: 0.1 },
  'an average of the weights': { ...base, averaging: 'ema', optimizer: 'adamw' },
  'a line search': { ...base, optimizer: 'lbfgs', batch: 'all', lr: 1 },
  'a metric of all predictions': { ...base, metric: 'rocAuc' },
  'unequal shards': { ...base, shards: 7 },
};

describe.each(Object.entries(CASES))('%s', (name, options) => {
  it('gives the same bits on 1 to 4 ranks', async () => {
    const alone = await trainToEnd(classes, { ...options, workers: 0 });
    expect(alone.losses.every(Number.isFinite)).toBe(true);
    // Batch normalisation needs 32 rows in a shard, of which a batch has two.
    const sizes = name.includes('slices') ? [2, 4] : [name.includes('normalisation') ? 2 : 3];
    for (const size of sizes) {
      const found = await trainAmong(classes, { ...options, workers: 0 }, size);
      expect(found).toEqual(Array.from({ length: size }, () => alone));
    }
  });
});

it('gives the same bits with workers in each rank', async () => {
  const options = { ...wide, optimizer: 'adam', lr: 0.01, dropout: 0.2 } as const;
  const alone = await trainToEnd(classes, { ...options, workers: 0 });
  for (const workers of [2]) {
    for (const found of await trainAmong(classes, { ...options, workers }, 3)) expect(found).toEqual(alone);
  }
});

it('completes the slots of the optimiser', async () => {
  const options = { ...wide, optimizer: 'adam', workers: 0 } as const;
  const alone = newTrainer(classes, options);
  const trainers = (await loopback(3)).map((ranks) => newTrainer(classes, options, { ranks }));
  await alone.step();
  await Promise.all(trainers.map((trainer) => trainer.step()));
  const slotsOf = ({ memory: { layout, slots } }: typeof alone) =>
    slots.map((slot) => weightsSha256(layout, slot));
  expect(trainers[0].plan.sizes.sliced).toBe(true);
  expect(slotsOf(trainers[1])).not.toEqual(slotsOf(alone));
  await Promise.all(trainers.map((trainer) => trainer.gatherSlots()));
  for (const trainer of trainers) expect(slotsOf(trainer)).toEqual(slotsOf(alone));
  await Promise.all([alone, ...trainers].map((trainer) => trainer.close()));
});

it('refuses more ranks than shards', async () => {
  await expect(trainAmong(classes, { ...base, shards: 2 }, 3)).rejects.toThrow(
    /^3 ranks share the 2 shards of a batch of 20 rows.*--shards 3$/,
  );
});

describe('the tree', () => {
  it('is the same tree when ranks and their workers each do a part of it', () => {
    const sizes = fc.record({
      total: fc.integer({ min: 1, max: 40 }),
      ranks: fc.integer({ min: 1, max: 9 }),
      workers: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(sizes, ({ total, ranks, workers }) => {
        const ranges = contiguousRanges(total, ranks);
        const done = ranges.flatMap((range) => {
          const parts = contiguousRanges(range.last - range.first, workers).map(({ first, last }) => ({
            first: range.first + first,
            last: range.first + last,
          }));
          const inside = parts
            .flatMap((part) => alignedSubtrees(part, total))
            .flatMap(({ first, last }) =>
              remainingAdditions(
                Array.from({ length: last - first }, (_, i) => first + i).filter((shard) => shard !== first),
                total,
              ),
            );
          return [...inside, ...additionsUpTo([range], parts, total)];
        });
        const all = [...done, ...additionsAfter(ranges, total)];
        const tree = remainingAdditions(
          Array.from({ length: total }, (_, shard) => shard),
          total,
        );
        const key = ({ into, from }: (typeof tree)[number]) => `${into}+${from}`;
        expect(all.map(key).sort()).toEqual(tree.map(key).sort());
        // A sum is complete before it is added to another.
        const place = new Map(all.map((addition, i) => [key(addition), i]));
        for (const [i, { from }] of all.entries()) {
          for (const other of all.filter(({ into }) => into === from)) {
            expect(place.get(key(other))!).toBeLessThan(i);
          }
        }
      }),
    );
  });
});
