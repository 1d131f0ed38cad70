/** From results to standings, on made-up results whose ranks and changes can be told by hand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ablation, averageRank, change, lost, standing, totalSeconds } from './compare.mjs';
import { append, keyOf, type Result, readStore } from './store.mjs';
import { HALVES, PACKAGES, TABLES } from './tables.mjs';

const PAIRS = [
  [0, 0],
  [0, 1],
] as const;
const spam = { name: 'spam', task: 'classification', half: 'choose' } as const;
const cars = { name: 'cars', task: 'regression', half: 'confirm' } as const;

/** Makes results of a contestant on a table, one a split: [first score, second score], or an error. */
function made(contestant: string, table: string, ...scores: ([number, number] | string)[]): Result[] {
  const names = table === 'spam' ? ['logLoss', 'accuracy'] : ['rmse', 'r2'];
  return scores.map((score, fold) => {
    const at = { contestant, table, repeat: 0, fold, seconds: 2 };
    return typeof score === 'string'
      ? { ...at, error: score }
      : { ...at, [names[0]]: score[0], [names[1]]: score[1] };
  });
}

function entries(...results: Result[][]): Map<string, Result> {
  return new Map(results.flat().map((result) => [keyOf(result), result]));
}

const RESULTS = entries(
  made('we', 'spam', [0.2, 0.9], [0.4, 0.8]),
  made('it', 'spam', [0.3, 0.95], [0.5, 0.85]),
  made('we', 'cars', [3, 0.5], [5, 0.4]),
  made('it', 'cars', [1, 0.7], [3, 0.6]),
);

describe('standing', () => {
  it('ranks the first score from below and the second from above', () => {
    const { cells, splits } = standing(RESULTS, spam, ['we', 'it'], PAIRS)!;
    expect(splits).toBe(2);
    expect(cells.map(({ firstRank, secondRank }) => [firstRank, secondRank])).toEqual([
      [1, 2],
      [2, 1],
    ]);
  });

  it('counts only splits that all have tried', () => {
    const some = entries(made('we', 'spam', [0.9, 0.1], [0.4, 0.8]), made('it', 'spam', [0.3, 0.95]));
    expect(standing(some, spam, ['we', 'it'], PAIRS)!.cells[0].first).toEqual([0.9]);
    expect(standing(some, spam, ['we', 'another'], PAIRS)).toBeNull();
  });

  it('puts a contestant last that failed on a split, whatever it reached on others', () => {
    const some = entries(
      made('we', 'spam', [0.1, 1], 'no memory'),
      made('it', 'spam', [0.3, 0.5], [0.3, 0.5]),
    );
    const { cells } = standing(some, spam, ['we', 'it'], PAIRS)!;
    expect(cells.map(({ firstRank, secondRank }) => [firstRank, secondRank])).toEqual([
      [2, 2],
      [1, 1],
    ]);
    expect(cells[0].failed.map(({ error }) => error)).toEqual(['no memory']);
  });
});

describe('over tables', () => {
  const standings = [spam, cars].map((table) => standing(RESULTS, table, ['we', 'it'], PAIRS)!);

  it('average ranks, of all tables or of some', () => {
    expect(averageRank(standings, 'we', 'first')).toBe(1.5);
    expect(averageRank(standings, 'we', 'second')).toBe(2);
    expect(averageRank(standings, 'we', 'first', ({ half }) => half === 'confirm')).toBe(2);
  });

  it('lost tables, with the excess over the best', () => {
    const [only, ...rest] = lost(standings, 'we');
    expect(rest).toEqual([]);
    expect(only).toMatchObject({ name: 'cars', half: 'confirm', to: 'it', rank: 2, failed: 0 });
    expect(only.excess).toBe(1);
    expect(only.width).toBe(0);
  });

  it('lost tables, the worst rank first', () => {
    const third = entries(
      [...RESULTS.values()],
      made('third', 'spam', [0.9, 0], [0.9, 0]),
      made('third', 'cars', [2, 0], [4, 0]),
    );
    const three = [cars, spam].map((table) => standing(third, table, ['we', 'it', 'third'], PAIRS)!);
    expect(lost(three, 'third').map(({ name, to, rank }) => [name, to, rank])).toEqual([
      ['spam', 'we', 3],
      ['cars', 'it', 2],
    ]);
  });

  it('a change is taken split by split', () => {
    expect(change([1, 3], [2, 4])).toEqual({ mean: 0.5, half: 0 });
  });

  it('an ablation is a geometric mean of ratios', () => {
    const result = ablation(standings, 'we', 'it');
    expect(result.change).toBeCloseTo(Math.sqrt((0.4 / 0.3) * (2 / 4)) - 1, 14);
    expect(result.second).toBeCloseTo((0.05 + 0.2) / 2, 14);
    expect(result).toMatchObject({ tables: 2, failed: 0, better: 1 });
  });

  it('seconds are summed over the tables that all have', () => {
    const some = entries(made('we', 'spam', [1, 1]), made('we', 'cars', [1, 1]), made('it', 'spam', [1, 1]));
    expect(totalSeconds(some, [spam, cars], ['we', 'it'], 'we', 'seconds')).toEqual({
      tables: 1,
      seconds: 2,
    });
  });
});

describe('the store', () => {
  it('keeps the last result of a key, and survives a line that was cut off', () => {
    const folder = mkdtempSync(join(tmpdir(), 'gradpool-store-'));
    const file = join(folder, 'new', 'results.jsonl');
    const [result] = made('we', 'spam', [0.5, 0.5]);
    append(file, result);
    append(file, { ...result, logLoss: 0.25 });
    writeFileSync(file, '{"contestant":"we","tab', { flag: 'a' });
    const store = readStore(file);
    expect([...store.values()]).toMatchObject([
      { logLoss: 0.25, load: expect.any(Number), at: expect.any(String) },
    ]);
    rmSync(folder, { recursive: true });
  });
});

describe('the tables', () => {
  it('have names of their own, come from a package with a licence, and belong to a half', () => {
    expect(new Set(TABLES.map(({ name }) => name)).size).toBe(TABLES.length);
    for (const table of TABLES) {
      expect(PACKAGES).toHaveProperty([table.package]);
      expect(HALVES).toContain(table.half);
    }
  });

  it('are halved evenly, for each task', () => {
    for (const task of ['classification', 'regression']) {
      const [a, b] = HALVES.map((half) => TABLES.filter((t) => t.half === half && t.task === task).length);
      expect(Math.abs(a - b)).toBeLessThanOrEqual(1);
    }
  });
});
