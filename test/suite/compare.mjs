/** From results to standings: ranks, intervals, lost tables, changes. Nothing here reads or writes a file. */
import { mean } from '#src/statistics.js';
import { interval, ranks } from './statistics.mjs';
import { keyOf } from './store.mjs';

/** The two scores of each task: the less of the first, and the more of the second, the better. */
export const SCORES = { classification: ['logLoss', 'accuracy'], regression: ['rmse', 'r2'] };

/**
 * Compares contestants on one table, over the splits that all of them have tried. One that failed on a split
 * counts as the last.
 * @param entries a map from keyOf to result
 * @param pairs the [repeat, fold] that may count
 * @returns null where there is no common split
 */
export function standing(entries, { name, task, half }, contestants, pairs) {
  const entryOf = (contestant, [repeat, fold]) =>
    entries.get(keyOf({ contestant, table: name, repeat, fold }));
  const common = pairs.filter((pair) => contestants.every((contestant) => entryOf(contestant, pair)));
  if (common.length === 0) return null;
  const results = contestants.map((contestant) => {
    const of = common.map((pair) => entryOf(contestant, pair));
    const failed = of.filter(({ error }) => error !== undefined);
    const [first, second] = SCORES[task].map((score) => of.map((entry) => entry[score] ?? Number.NaN));
    return { contestant, first, second, failed };
  });
  const rank = (score, sign) =>
    ranks(results.map((r) => (r.failed.length > 0 ? Number.MAX_VALUE : sign * mean(r[score]))));
  const [firstRanks, secondRanks] = [rank('first', 1), rank('second', -1)];
  const cells = results.map((result, at) => ({
    ...result,
    firstRank: firstRanks[at],
    secondRank: secondRanks[at],
  }));
  return { name, task, half, splits: common.length, cells };
}

/** Returns the average ranks of a contestant over the standings that `counts` takes; NaN if it takes none. */
export function averageRank(standings, contestant, score, counts = () => true) {
  const cells = standings
    .filter(counts)
    .map(({ cells }) => cells.find((cell) => cell.contestant === contestant));
  return mean(cells.map((cell) => cell[`${score}Rank`]));
}

/**
 * Returns the change from one contestant's score to another's on a table as a share, and the half width of
 * its interval. The difference is taken split by split, since the same rows are easy or hard for both.
 */
export function change(from, to) {
  const { mean: difference, half } = interval(to.map((score, split) => score - from[split]));
  const base = Math.abs(mean(from));
  return { mean: difference / base, half: half / base };
}

/** Lists the tables on which another contestant has the better first score, the worst first. */
export function lost(standings, contestant) {
  return standings
    .flatMap(({ name, task, half, cells }) => {
      const own = cells.find((cell) => cell.contestant === contestant);
      const best = cells.find((cell) => cell.firstRank === Math.min(...cells.map((c) => c.firstRank)));
      if (own.firstRank === best.firstRank) return [];
      const { mean: excess, half: width } = change(best.first, own.first);
      const failed = own.failed.length;
      return [{ name, task, half, to: best.contestant, rank: own.firstRank, excess, width, failed }];
    })
    .sort((a, b) => b.rank - a.rank || b.excess - a.excess);
}

/**
 * Compares a variant with its base over all tables that both have: the geometric mean of the ratios of their
 * first scores, less one, and the half width of its interval over tables; the mean difference of the second;
 * and on how many tables the variant is better.
 */
export function ablation(standings, base, variant) {
  const pairs = standings.map(({ cells }) =>
    [base, variant].map((name) => cells.find((c) => c.contestant === name)),
  );
  const whole = pairs.filter((pair) => pair.every(({ failed }) => failed.length === 0));
  const logs = whole.map(([a, b]) => Math.log(mean(b.first) / mean(a.first)));
  const { mean: middle, half } = interval(logs, 0);
  return {
    tables: whole.length,
    failed: pairs.length - whole.length,
    change: Math.expm1(middle),
    half: Math.exp(middle) * half,
    second: mean(whole.map(([a, b]) => mean(b.second) - mean(a.second))),
    better: logs.filter((log) => log < 0).length,
  };
}

/**
 * Sums the seconds of a contestant over the tables for which all contestants have some.
 * @param key seconds, cpuSeconds or trainSeconds
 */
export function totalSeconds(entries, tables, contestants, contestant, key) {
  const of = (name, table) => entries.get(keyOf({ contestant: name, table, repeat: 0, fold: 0 }));
  const common = tables.filter(({ name }) =>
    contestants.every((other) => of(other, name)?.error === undefined && of(other, name)),
  );
  return {
    tables: common.length,
    seconds: common.reduce((sum, { name }) => sum + (of(contestant, name)[key] ?? Number.NaN), 0),
  };
}
