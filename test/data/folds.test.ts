/** How rows are parted: what holds of every fold and split, and the sizes of scikit-learn's. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { heldOut, loadFolds, testToTrain } from '#src/data/folded.js';
import { loadTrainingData } from '#src/data/load.js';
import { partingConflict, type RowKeys } from '#src/data/parting.js';
import { partRows } from '#src/data/partrows.js';
import { failure, file } from './helpers.js';

const KEYS: RowKeys = { strata: null, classes: null, groups: null, times: null, folds: null };
const WHOLE = { valFraction: 0, testFraction: 0, seed: 1 };
interface Expected {
  rows: number;
  folds: number;
  labels: number[];
  groups: number[];
  sizes: number[];
  counts: number[][];
  window: 'expanding' | 'sliding';
  ranges: number[][];
}
/** What scikit-learn says, by the kind of folds; each has some of the keys. */
const fixture: Record<'plain' | 'stratified' | 'grouped' | 'times', Expected[]> = JSON.parse(
  readFileSync(new URL('../fixtures/folds/folds.json', import.meta.url), 'utf8'),
);

const seed = fc.nat();
const cv = fc.integer({ min: 2, max: 6 });
const share = fc.integer({ min: 0, max: 40 }).map((percent) => percent / 100);
/** Labels of which each occurs at least six times, and others beside them. */
const labels = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.array(fc.nat(3), { maxLength: 60 }))
  .map(([classes, more]) => [
    ...Array.from({ length: 6 * classes }, (_, i) => i % classes),
    ...more.map((label) => label % classes),
  ]);

const sorted = (rows: Iterable<number>) => [...rows].sort((a, b) => a - b);
const count = (rows: Iterable<number>, of: ArrayLike<number>, value: number) =>
  [...rows].filter((row) => of[row] === value).length;
const all = (n: number) => Array.from({ length: n }, (_, i) => i);

describe('folds', () => {
  it('hold every row once in each repetition, and train on all others', () => {
    fc.assert(
      fc.property(labels, cv, fc.integer({ min: 1, max: 3 }), seed, (strata, cv, cvRepeats, seed) => {
        fc.pre(strata.length > 12);
        const keys = { ...KEYS, strata, classes: ['a', 'b', 'c', 'd'] };
        const { whole, folds } = partRows(strata.length, keys, { ...WHOLE, seed, cv, cvRepeats });
        expect(folds.map(({ repetition }) => repetition)).toEqual(
          all(cvRepeats).flatMap((r) => new Array(cv).fill(r + 1)),
        );
        for (const r of all(cvRepeats)) {
          const own = folds.filter(({ repetition }) => repetition === r + 1);
          expect(sorted(own.flatMap(({ split }) => [...split.val]))).toEqual([...whole.train]);
          for (const { split } of own) {
            expect(sorted([...split.train, ...split.val])).toEqual(all(strata.length));
            expect([...split.train]).toEqual(sorted(split.train));
          }
        }
      }),
    );
  });

  it('keep the share of every class to within a row, and sizes too', () => {
    fc.assert(
      fc.property(labels, cv, seed, (strata, cv, seed) => {
        const keys = { ...KEYS, strata, classes: ['a', 'b', 'c', 'd'] };
        const { folds } = partRows(strata.length, keys, { ...WHOLE, seed, cv });
        const spread = (counts: number[]) => Math.max(...counts) - Math.min(...counts);
        for (const label of new Set(strata))
          expect(spread(folds.map(({ split }) => count(split.val, strata, label)))).toBeLessThanOrEqual(1);
        expect(spread(folds.map(({ split }) => split.val.length))).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('never part a group, nor do plain splits; sizes differ by the largest group at most', () => {
    const groups = fc
      .array(fc.nat(9), { minLength: 30, maxLength: 120 })
      .map((groups) => [...groups, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    fc.assert(
      fc.property(groups, fc.boolean(), cv, share, seed, (groups, stratified, cv, test, seed) => {
        const strata = stratified ? groups.map((_, i) => (i * 7) % 3) : null;
        const keys = { ...KEYS, strata, classes: ['a', 'b', 'c'], groups };
        const options = { ...WHOLE, seed, cv, testFraction: test, group: 'g' };
        const groupsOf = (rows: Iterable<number>) => new Set([...rows].map((row) => groups[row]));
        const unfolded = partRows(groups.length, keys, { ...options, cv: undefined });
        fc.pre(groupsOf(unfolded.whole.train).size >= cv);
        const { whole, folds } = partRows(groups.length, keys, options);
        expect(whole).toEqual(unfolded.whole);
        expect(sorted(folds.flatMap(({ split }) => [...split.val]))).toEqual([...whole.train]);
        for (const { split } of folds) {
          const held = groupsOf(split.val);
          for (const group of groupsOf(split.train)) expect(held.has(group)).toBe(false);
          for (const group of groupsOf(whole.test)) {
            expect(held.has(group)).toBe(false);
            expect(groupsOf(split.train).has(group)).toBe(false);
          }
        }
        if (stratified) return;
        const sizes = folds.map(({ split }) => split.val.length);
        const largest = Math.max(...groups.map((g) => count(whole.train, groups, g)));
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(largest);
      }),
    );
  });

  it('by time are trained on earlier rows alone, and so are plain splits', () => {
    const times = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 40, maxLength: 90 });
    fc.assert(
      fc.property(times, cv, share, fc.constantFrom('expanding', 'sliding'), (times, cv, test, window) => {
        fc.pre(new Set(times).size > 25);
        const timeWindow = window as 'expanding' | 'sliding';
        const options = { ...WHOLE, cv, testFraction: test, time: 't', timeWindow };
        const { whole, folds } = partRows(times.length, { ...KEYS, times }, options);
        const earliest = (rows: Iterable<number>) => Math.min(...[...rows].map((row) => times[row]));
        const latest = (rows: Iterable<number>) => Math.max(...[...rows].map((row) => times[row]));
        if (test > 0) expect(latest(whole.train)).toBeLessThan(earliest(whole.test));
        let end = Number.NEGATIVE_INFINITY;
        for (const { split } of folds) {
          expect(latest(split.train)).toBeLessThan(earliest(split.val));
          expect(earliest(split.val)).toBeGreaterThan(end);
          end = latest(split.val);
          if (window === 'sliding') expect(split.train.length).toBe(folds[0].split.train.length);
        }
        expect(end).toBe(latest(whole.train));
        const plain = partRows(times.length, { ...KEYS, times }, { ...WHOLE, valFraction: 0.2, time: 't' });
        expect(latest(plain.whole.train)).toBeLessThan(earliest(plain.whole.val));
      }),
    );
  });

  it('may keep validation rows back from their training rows, by the same rules', () => {
    const groups = all(60).map((row) => row % 12);
    const options = { ...WHOLE, valFraction: 0.3, cv: 3, group: 'g' };
    const { folds } = partRows(60, { ...KEYS, groups }, options);
    for (const { split } of folds) {
      expect(sorted([...split.train, ...split.val, ...split.test])).toEqual(all(60));
      const parts = [split.train, split.val, split.test].map(
        (rows) => new Set([...rows].map((r) => groups[r])),
      );
      expect(parts[0].size + parts[1].size + parts[2].size).toBe(12);
    }
  });

  it('depend on the seed', () => {
    const held = (seed: number, keys: RowKeys = KEYS) =>
      partRows(40, keys, { ...WHOLE, seed, cv: 4, group: 'g' }).folds.map(({ split }) => split.val.join());
    const groups = all(40).map((row) => row % 20);
    expect(held(1)).toEqual(held(1));
    expect(held(2)).not.toEqual(held(1));
    expect(held(2, { ...KEYS, groups })).not.toEqual(held(1, { ...KEYS, groups }));
  });
});

describe('scikit-learn has folds of the same sizes', () => {
  it.each(fixture.plain)('KFold of $rows rows in $folds', ({ rows, folds: cv, sizes }) => {
    const { folds } = partRows(rows, KEYS, { ...WHOLE, cv });
    expect(folds.map(({ split }) => split.val.length)).toEqual(sizes);
  });

  it.each(fixture.stratified)('StratifiedKFold in $folds', ({ labels, folds: cv, counts }) => {
    const keys = { ...KEYS, strata: labels, classes: ['a', 'b', 'c', 'd'] };
    const { folds } = partRows(labels.length, keys, { ...WHOLE, cv });
    const own = folds.map(({ split }) => counts[0].map((_, k) => count(split.val, labels, k)));
    expect(own).toEqual(counts);
  });

  it.each(fixture.grouped)('GroupKFold in $folds', ({ groups, folds: cv, sizes }) => {
    const { folds } = partRows(groups.length, { ...KEYS, groups }, { ...WHOLE, cv, group: 'g' });
    expect(sorted(folds.map(({ split }) => split.val.length))).toEqual(sizes);
  });

  it.each(fixture.times)('TimeSeriesSplit of $rows rows in $folds, $window', (given) => {
    const { rows, folds: cv, window: timeWindow, ranges } = given;
    const times = all(rows).map((row) => rows - row); // the last row is the earliest
    const options = { ...WHOLE, cv, time: 't', timeWindow };
    const { folds } = partRows(rows, { ...KEYS, times }, options);
    const place = (row: number) => rows - 1 - row;
    const own = folds.map(({ split: { train, val } }) =>
      [train.at(-1)!, train[0], val.at(-1)!, val[0]].map(place),
    );
    expect(own).toEqual(ranges);
  });
});

describe('a table', () => {
  const rows = Array.from({ length: 60 }, (_, i) =>
    [i, (i * 7) % 11, 'abcdef'[i % 6], `2024-0${1 + (i % 3)}-${String(1 + (i % 28)).padStart(2, '0')}`]
      .concat([2019 + (i % 4), i % 5 === 0 ? 'rare' : i % 2 ? 'yes' : 'no'])
      .join(),
  );
  const data = file('parts.csv', `x,z,site,day,year,y\n${rows.join('\n')}\n`);
  const options = { data, target: 'y', task: 'auto', val: 'auto', seed: 1 } as const;

  it('has folds fitted to their own training rows', async () => {
    const { whole, folds, held } = await loadFolds({ ...options, cv: 5 });
    expect([folds.length, held, whole.train.rows.length, whole.val]).toEqual([5, 'val', 60, null]);
    expect(testToTrain({ whole, folds, held })).toBe(1 / 4);
    for (const fold of folds) {
      const { train, encoding } = fold.data;
      const mean = [...train.rows].reduce((sum, row) => sum + row, 0) / train.rows.length;
      expect(encoding.shift[0]).toBeCloseTo(mean, 12); // x is the number of the row
      expect(heldOut(fold, held).rows.length).toBe(12);
      // Whatever the fit does not change is stored once.
      expect(train.dataset.targets).toBe(whole.train.dataset.targets);
    }
  });

  it('leaves the columns out that part its rows, unless they are asked for', async () => {
    const inputs = async (more: object) => {
      const { schema, notes } = await loadTrainingData({ ...options, ...more });
      return [(schema as { columns: { name: string }[] }).columns.map(({ name }) => name), notes.join('\n')];
    };
    const [names, notes] = await inputs({ group: 'site' });
    expect(names).toEqual(['x', 'z', 'day', 'year']);
    expect(notes).toContain(
      'column "site": holds the groups, so it is no input; left out, unless --use names',
    );
    expect((await inputs({ time: 'day', val: 0.2 }))[0]).toEqual(['x', 'z', 'site', 'year']);
    expect((await inputs({ fold: 'year' }))[0]).toEqual(['x', 'z', 'site', 'day']);
    expect((await inputs({ group: 'site', use: ['x', 'site'] }))[0]).toEqual(['x', 'site']);
    expect((await inputs({ group: 'site', use: ['x'], drop: ['site'] }))[0]).toEqual(['x']);
    const { folds } = await loadFolds({ ...options, fold: 'year' });
    expect(folds.map(({ name }) => name)).toEqual(['2019', '2020', '2021', '2022']);
  });

  it.each([
    [
      { cv: 13 },
      '2: --cv 13: class "rare" has 12 rows, too few for each of 13 folds to hold one; take --cv 12, ',
    ],
    [{ cv: 61, stratify: false }, '2: --cv 61: 60 rows are too few for 61 folds; take at most --cv 60'],
    [{ group: 'sites' }, '2: --group sites: parts.csv has no such column, did you mean "site"?'],
    [{ group: 'y' }, '2: --group y: the column is the target'],
    [{ cv: 7, group: 'site' }, '2: --cv 7: column site has 6 different groups, too few for 7 folds'],
    [
      { time: 'site', val: 0.2 },
      '3: parts.csv: row 1 (line 2), column "site": "a" is neither a date nor a number',
    ],
    [{ cv: 40, time: 'year' }, '2: --cv 40: the 4 different times of year are too few'],
    [
      { fold: 'x', use: ['z'], data: file('one.csv', 'x,z,y\n1,2,a\n1,3,b\n1,4,a\n') },
      '2: --fold x: every row is in fold 1, ',
    ],
    [
      { cv: 3, group: 'g', data: file('gap.csv', 'x,g,y\n1,2,a\n2,,b\n3,4,a\n') },
      '3: gap.csv: row 2 (line 3), column "g": no value, where --group needs one',
    ],
    [
      { cv: 2, group: 'g', data: 'moons:40', target: undefined },
      '2: --group g: moons:40 is not a table and has no columns',
    ],
    [
      { cv: 2, cvRepeats: 4, data: 'xor', target: undefined, stratify: false },
      'has the folds of an earlier one, because there are so few rows',
    ],
  ])('%j is refused', async (more, message) => {
    expect(await failure(() => loadFolds({ ...options, ...more }))).toContain(message);
  });

  it('keys that exclude each other are refused', () => {
    for (const more of [
      { cv: 3, fold: 'f' },
      { fold: 'f', group: 'g' },
      { group: 'g', time: 't' },
      { cvRepeats: 2 },
      { cv: 3, cvRepeats: 2, time: 't' },
      { timeWindow: 'sliding' as const },
      { cv: 3, val: 'other.csv' },
    ])
      expect(partingConflict(more), JSON.stringify(more)).not.toBeNull();
    for (const more of [
      { cv: 3, val: 0.1 },
      { cv: 3, cvRepeats: 2, group: 'g' },
      { group: 'g', val: 'o.csv' },
    ])
      expect(partingConflict(more)).toBeNull();
  });

  it('too few groups or times for a split are named', async () => {
    const two = file('two.csv', 'x,g,y\n1,1,a\n2,1,b\n3,2,a\n4,2,b\n');
    const load = (more: object) =>
      failure(() => loadTrainingData({ ...options, data: two, val: 0.2, test: 0.2, ...more }));
    expect(await load({ group: 'g' })).toMatch(
      /^2: --group g: 2 groups are too few to keep rows back for --val 0\.2 and --test 0\.2, which takes 3/,
    );
    expect(await load({ time: 'g' })).toMatch(/^2: --time g: the column has too few different times/);
  });
});
