import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitRows } from '#src/data/fit.js';
import { loadTrainingData } from '#src/data/load.js';
import { allRows, foldRows, split } from '#src/data/split.js';
import { failure, file } from './helpers.js';

const labels = fc.array(fc.nat(4), { minLength: 1, maxLength: 200 });
const fraction = fc.integer({ min: 0, max: 950 }).map((thousandths) => thousandths / 1000);
const two = fc.tuple(fraction, fraction).map(([val, rest]) => ({ val, test: rest * (1 - val) }));

it('a split is a partition of the rows, in ascending order, the same for the same seed', () => {
  fc.assert(
    fc.property(labels, two, fc.nat(), (strata, shares, seed) => {
      const { train, val, test } = split(strata.length, shares, seed, strata);
      expect([...train, ...val, ...test].sort((a, b) => a - b)).toEqual(strata.map((_, i) => i));
      for (const rows of [train, val, test])
        expect(Array.from(rows)).toEqual([...rows].sort((a, b) => a - b));
      expect(split(strata.length, shares, seed, strata)).toEqual({ train, val, test });
    }),
  );
});

it('each class keeps its share to within a row or two, and a row to train on', () => {
  fc.assert(
    fc.property(labels, two, fc.nat(), (strata, shares, seed) => {
      const { train, val, test } = split(strata.length, shares, seed, strata);
      const count = (rows: Iterable<number>, label: number) =>
        [...rows].filter((row) => strata[row] === label).length;
      for (const label of new Set(strata)) {
        const all = strata.filter((other) => other === label).length;
        expect(count(train, label)).toBeGreaterThan(0);
        const kept = count(val, label);
        expect(Math.abs(kept - Math.min(shares.val * all, all - 1))).toBeLessThan(2);
        const tested = count(test, label);
        expect(Math.abs(tested - Math.min(shares.test * all, all - 1 - kept))).toBeLessThan(2);
      }
    }),
  );
});

it('another seed keeps other rows back', () => {
  const strata = Array<number>(1000).fill(0);
  const { val } = split(1000, { val: 0.1, test: 0 }, 1, strata);
  expect(val.length).toBe(100);
  expect(split(1000, { val: 0.1, test: 0 }, 2, strata).val).not.toEqual(val);
  expect(Math.max(...val) - Math.min(...val)).toBeGreaterThan(500);
});

it('the rows for validation are those of every version before, with a test part or without', () => {
  const strata = Array.from({ length: 30 }, (_, row) => row % 3);
  const before = [0, 3, 7, 13, 14, 20];
  expect(Array.from(split(30, { val: 0.2, test: 0 }, 5, strata).val)).toEqual(before);
  expect(Array.from(split(30, { val: 0.2, test: 0.3 }, 5, strata).val)).toEqual(before);
  const { test } = split(30, { val: 0.2, test: 0.3 }, 5, strata);
  expect(split(30, { val: 0.1, test: 0.3 }, 5, strata).test).toEqual(test);
  expect(test.length).toBe(9);
});

describe('fractions of a source', () => {
  const rows = Array.from({ length: 40 }, (_, row) => `${row},${row % 2 ? 'odd' : 'even'}`);
  const table = () => file('forty.csv', `x,kind\n${rows.join('\n')}\n`);
  const load = (val: number | string, test: number | string | undefined) =>
    loadTrainingData({ data: table(), target: 'kind', task: 'auto', val, test, seed: 1 });

  it('three parts, each with its half of every class', async () => {
    const { train, val, test } = await load(0.2, 0.25);
    expect([train, val!, test!].map((part) => part.rows.length)).toEqual([22, 8, 10]);
    for (const part of [train, val!, test!]) {
      const odd = part.rows.filter((row) => row % 2 === 1).length;
      expect(2 * odd).toBe(part.rows.length);
    }
    const without = await load(0.2, undefined);
    expect(without.val!.rows).toEqual(val!.rows);
    expect(without.test).toBe(null);
  });

  it('a test part alone, and one beside a source for validation', async () => {
    expect((await load(0, 0.25)).test!.rows.length).toBe(10);
    const { train, val, test } = await load(table(), 0.25);
    expect([train.rows.length, val!.rows.length, test!.rows.length]).toEqual([30, 40, 10]);
  });

  it('what comes with a test part is cut in two all the same', async () => {
    const { train, val, test } = await loadTrainingData({
      data: 'mnist',
      task: 'auto',
      val: 0.1,
      test: 0.1,
      seed: 1,
    });
    expect([train.rows.length, val!.rows.length, test!.rows.length]).toEqual([48_000, 6000, 6000]);
    expect(test!.dataset).toBe(train.dataset);
  });

  it('fractions that leave nothing, or are none', async () => {
    expect(await failure(() => load(0.5, 0.5))).toBe(
      '2: --val 0.5 and --test 0.5: no rows are left to train on; the two must stay below 1 together',
    );
    expect(await failure(() => load('auto', 0.95))).toMatch(/^2: --val 0\.1 and --test 0\.95: no rows/);
    expect(await failure(() => load(0, 1.5))).toMatch(/^2: --test 1\.5: expected a fraction from 0 /);
  });

  it('too few rows to keep any back', () => {
    const notes: string[] = [];
    splitRows(
      2,
      { strata: null, classes: null, groups: null, times: null, folds: null },
      { valFraction: 0, testFraction: 0.1, seed: 1 },
      notes,
    );
    expect(notes).toEqual(['test: 2 rows are too few to keep 0.1 of them back; none are']);
  });
});

describe('folds', () => {
  const members = fc.integer({ min: 1, max: 12 });
  const share = fc.double({ min: 0.01, max: 0.95, noNaN: true });

  it('hold their share of every class to within a row, but never all of it', () => {
    fc.assert(
      fc.property(labels, members, share, fc.nat(), (strata, members, fraction, seed) => {
        const folds = foldRows(strata.length, { members, fraction }, seed, strata);
        expect(folds).toHaveLength(members);
        expect(foldRows(strata.length, { members, fraction }, seed, strata)).toEqual(folds);
        for (const fold of folds) {
          expect(Array.from(fold)).toEqual([...new Set(fold)].sort((a, b) => a - b));
          for (const label of new Set(strata)) {
            const all = strata.filter((other) => other === label).length;
            const held = Array.from(fold).filter((row) => strata[row] === label).length;
            expect(Math.abs(held - Math.min(fraction * all, all - 1))).toBeLessThan(1);
          }
        }
      }),
    );
  });

  it('rotate: rows are held by equally many members, to within one, but for rows alone in their class', () => {
    fc.assert(
      fc.property(labels, members, fc.nat(), (strata, members, seed) => {
        const fraction = 0.3; // small enough that no fold would hold a whole class of two
        const folds = foldRows(strata.length, { members, fraction }, seed, strata);
        for (const [row, label] of strata.entries()) {
          const holders = folds.filter((fold) => fold.includes(row)).length;
          const alone = strata.filter((other) => other === label).length === 1;
          if (alone) expect(holders).toBe(0);
          else expect(Math.abs(holders - members * fraction)).toBeLessThan(1);
        }
      }),
    );
  });

  it.each([2, 3, 4, 5, 7, 10, 13])('%i of them with members · fraction = 1 are a partition', (members) => {
    for (const rows of [2 * members, 97, 1000]) {
      for (const seed of [1, 2, 3]) {
        const folds = foldRows(rows, { members, fraction: 1 / members }, seed, null);
        expect(folds.flatMap((fold) => [...fold]).sort((a, b) => a - b)).toEqual([...allRows(rows)]);
      }
    }
  });

  it('are other rows for another seed, and spread over the data', () => {
    const [fold] = foldRows(1000, { members: 4, fraction: 0.1 }, 1, null);
    expect(fold.length).toBe(100);
    expect(foldRows(1000, { members: 4, fraction: 0.1 }, 2, null)[0]).not.toEqual(fold);
    expect(Math.max(...fold) - Math.min(...fold)).toBeGreaterThan(500);
  });
});
