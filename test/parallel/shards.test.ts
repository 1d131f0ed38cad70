import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  alignedSubtrees,
  contiguousRanges,
  longestShard,
  remainingAdditions,
  shardBounds,
  shardCount,
} from '#src/parallel/shards.js';

const counts = fc.integer({ min: 1, max: 70 });

describe('shardBounds', () => {
  it('cuts a batch into parts that differ by one row at most, the larger first and the empty last', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), counts, (rows, shards) => {
        const bounds: number[] = [];
        const used = shardBounds(rows, shards, bounds);
        const sizes = Array.from({ length: shards }, (_, s) => bounds[s + 1] - bounds[s]);
        expect(bounds[0]).toBe(0);
        expect(bounds[shards]).toBe(rows);
        expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
        expect(sizes[0] - sizes[shards - 1]).toBeLessThanOrEqual(1);
        expect(sizes.filter((size) => size > 0).length).toBe(used);
      }),
    );
  });

  it('gives a short batch to the first shards', () => {
    const bounds: number[] = [];
    expect(shardBounds(3, 8, bounds)).toBe(3);
    expect(bounds).toEqual([0, 1, 2, 3, 3, 3, 3, 3, 3]);
  });
});

describe('shardCount', () => {
  it('cuts no shard below the rows that it needs, unless the batch is below', () => {
    const shardings = fc.record({ shards: counts, shardRows: fc.constantFrom(1, 2, 32) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), shardings, (batch, sharding) => {
        let longest = 0;
        for (const rows of [
          batch,
          1 + Math.floor(batch / 2),
          1 + Math.floor(batch / 50),
          Math.min(batch, 63),
        ]) {
          const count = shardCount(rows, sharding);
          const bounds: number[] = [];
          expect(shardBounds(rows, count, bounds)).toBe(count);
          expect(count).toBeLessThanOrEqual(sharding.shards);
          const shortest = bounds[count] - bounds[count - 1];
          expect(shortest).toBeGreaterThanOrEqual(Math.min(rows, sharding.shardRows));
          longest = Math.max(longest, bounds[1]);
        }
        expect(longestShard(batch, sharding)).toBeGreaterThanOrEqual(longest);
      }),
    );
  });

  it('is as many as there may be', () => {
    const batchNorm = { shards: 8, shardRows: 32 };
    expect([1, 31, 32, 63, 64, 128, 255, 256, 1000].map((rows) => shardCount(rows, batchNorm))).toEqual([
      1, 1, 1, 1, 2, 4, 7, 8, 8,
    ]);
    expect([1, 7, 8, 1000].map((rows) => shardCount(rows, { shards: 8, shardRows: 1 }))).toEqual([
      1, 7, 8, 8,
    ]);
  });
});

describe('contiguousRanges', () => {
  it('covers all items in order, with no empty range', () => {
    fc.assert(
      fc.property(counts, counts, (count, workers) => {
        const ranges = contiguousRanges(count, workers);
        expect(ranges.length).toBe(Math.min(count, workers));
        expect(ranges.flatMap(({ first, last }) => range(first, last))).toEqual(range(0, count));
        expect(ranges.every(({ first, last }) => last > first)).toBe(true);
      }),
    );
  });
});

describe('the summation tree', () => {
  it('has the same shape whoever sums which part', () => {
    fc.assert(
      fc.property(counts, counts, (total, workers) => {
        const nodes: string[] = [];
        const starts: number[] = [];
        for (const range of contiguousRanges(total, workers)) {
          for (const subtree of alignedSubtrees(range, total)) {
            starts.push(subtree.first);
            nodes[subtree.first] = tree(subtree.last - subtree.first, subtree.first);
          }
        }
        for (const { into, from } of remainingAdditions(starts, total)) {
          nodes[into] = `(${nodes[into]}+${nodes[from]})`;
        }
        expect(nodes[0]).toBe(tree(total));
      }),
    );
  });

  it('is ((0+1)+(2+3))+((4+5)+(6+7)) for eight shards, and cut short for five', () => {
    expect(tree(8)).toBe('(((0+1)+(2+3))+((4+5)+(6+7)))');
    expect(tree(5)).toBe('(((0+1)+(2+3))+4)');
  });

  it('leaves a worker with an aligned range one node', () => {
    expect(alignedSubtrees({ first: 4, last: 8 }, 8)).toEqual([{ first: 4, last: 8 }]);
    expect(alignedSubtrees({ first: 4, last: 5 }, 5)).toEqual([{ first: 4, last: 5 }]);
    expect(alignedSubtrees({ first: 3, last: 8 }, 8)).toEqual([
      { first: 3, last: 4 },
      { first: 4, last: 8 },
    ]);
  });
});

/** The tree written out, by the definition: neighbours first, then neighbours of neighbours. */
function tree(count: number, offset = 0): string {
  let level = range(offset, offset + count).map(String);
  while (level.length > 1) {
    level = range(0, Math.ceil(level.length / 2)).map((i) =>
      level[2 * i + 1] === undefined ? level[2 * i] : `(${level[2 * i]}+${level[2 * i + 1]})`,
    );
  }
  return level[0];
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}
