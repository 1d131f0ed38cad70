import fc from 'fast-check';
import { expect, test } from 'vitest';
import { split } from '#src/data/split.js';

const labels = fc.array(fc.nat(4), { minLength: 1, maxLength: 200 });
const fraction = fc.double({ min: 0, max: 0.95, noNaN: true });

test('a split is a partition of the rows, in ascending order, the same for the same seed', () => {
  fc.assert(
    fc.property(labels, fraction, fc.nat(), (strata, share, seed) => {
      const { train, val } = split(strata.length, share, seed, strata);
      expect([...train, ...val].sort((a, b) => a - b)).toEqual(strata.map((_, i) => i));
      for (const rows of [train, val]) expect(Array.from(rows)).toEqual([...rows].sort((a, b) => a - b));
      expect(split(strata.length, share, seed, strata)).toEqual({ train, val });
    }),
  );
});

test('each class keeps its share to within a row or two, and a row to train on', () => {
  fc.assert(
    fc.property(labels, fraction, fc.nat(), (strata, share, seed) => {
      const { val } = split(strata.length, share, seed, strata);
      const count = (rows: Iterable<number>, label: number) =>
        [...rows].filter((row) => strata[row] === label).length;
      for (const label of new Set(strata)) {
        const all = strata.filter((other) => other === label).length;
        const kept = count(val, label);
        expect(kept).toBeLessThan(all);
        expect(Math.abs(kept - Math.min(share * all, all - 1))).toBeLessThan(2);
      }
    }),
  );
});

test('another seed keeps other rows back', () => {
  const strata = Array<number>(1000).fill(0);
  const { val } = split(1000, 0.1, 1, strata);
  expect(val.length).toBe(100);
  expect(split(1000, 0.1, 2, strata).val).not.toEqual(val);
  expect(Math.max(...val) - Math.min(...val)).toBeGreaterThan(500);
});
