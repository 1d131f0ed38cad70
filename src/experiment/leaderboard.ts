/** The leaderboard: a row for each configuration, a function of the results alone. */
import { meanInterval } from '../meaninterval.js';
import { hasRungs, type SweepDefinition } from './definition.js';
import { moreIsBetter, type ScoreName, scoreOf } from './scores.js';
import { type Assignment, assignmentKey, axisValueText } from './searches/space.js';
import { hasFailed, type TrialBook, type TrialResult } from './triallines.js';
import type { Units } from './units.js';

/** A configuration with its score over the seeds. */
export interface LeaderboardRow {
  /** Counted from 1; a configuration of which a trial failed comes last. */
  readonly rank: number;
  readonly axes: Assignment;
  /** Trials that have a score: one for each seed, or for each fold of each seed. */
  readonly seeds: number;
  /** The mean of the score over the seeds or folds; null where no trial has one. */
  readonly score: number | null;
  /** The 95 % interval of the mean, over folds by the corrected variance; null with fewer than two trials. */
  readonly low: number | null;
  readonly high: number | null;
  /** The epoch up to which it was trained. */
  readonly epochs: number;
  readonly status: 'completed' | 'failed';
  /** Why a trial of it failed; null where none did. */
  readonly reason: string | null;
  /** SHA-256 of each trial's final weights, in the order of seeds and folds; null for one that failed. */
  readonly weights: readonly (string | null)[];
  /** The numbers of its trials, in the same order. */
  readonly trials: readonly number[];
}

/**
 * Ranks the configurations that have a result by their mean score; where they were trained in rungs, those of
 * a later rung come first, because scores after different epochs cannot be compared.
 */
export function leaderboardOf(
  { score, search }: Pick<SweepDefinition, 'score' | 'search'>,
  units: Units,
  tried: Iterable<Assignment>,
  book: TrialBook,
): LeaderboardRow[] {
  const rows = Array.from(tried).flatMap((axes) => {
    const results = units.all.flatMap((unit) => book.last(axes, unit) ?? []);
    return results.length === 0
      ? []
      : [{ key: assignmentKey(axes), row: rowOf(axes, results, score, units) }];
  });
  const sign = moreIsBetter(score) ? -1 : 1;
  rows.sort(
    ({ row: a, key: keyA }, { row: b, key: keyB }) =>
      Number(a.status === 'failed') - Number(b.status === 'failed') ||
      (hasRungs(search) ? b.epochs - a.epochs : 0) ||
      sign * ((a.score ?? 0) - (b.score ?? 0)) ||
      (keyA < keyB ? -1 : 1),
  );
  return rows.map(({ row }, index) => ({ ...row, rank: index + 1 }));
}

function rowOf(
  axes: Assignment,
  all: readonly TrialResult[],
  score: ScoreName,
  { folds }: Units,
): Omit<LeaderboardRow, 'rank'> {
  const epochs = Math.max(...all.map((result) => result.epochs));
  const results = all.filter((result) => result.epochs === epochs);
  const values = results.flatMap((result) => (hasFailed(result) ? [] : (scoreOf(score, result) ?? [])));
  const failed = results.find((result) => hasFailed(result) || scoreOf(score, result) === null);
  const interval = values.length > 0 ? meanInterval(values, folds) : { mean: null, low: null, high: null };
  return {
    axes,
    seeds: values.length,
    score: interval.mean,
    low: interval.low,
    high: interval.high,
    epochs,
    status: failed ? 'failed' : 'completed',
    reason: failed ? (hasFailed(failed) ? failed.reason : `the trial has no ${score}`) : null,
    weights: results.map(({ weightsSha256 }) => weightsSha256),
    trials: results.map(({ trial }) => trial),
  };
}

/** Returns the mean score of a configuration at an epoch, less being better; null where a trial failed. */
export function meanScore(
  { score }: Pick<SweepDefinition, 'score'>,
  units: Units,
  book: TrialBook,
  axes: Assignment,
  epochs: number | 'all',
): number | null {
  const values = units.all.map((unit) => {
    const result = book.at(axes, unit, epochs);
    return result === null || hasFailed(result) ? null : scoreOf(score, result);
  });
  if (values.some((value) => value === null)) return null;
  return (moreIsBetter(score) ? -1 : 1) * meanInterval(values as number[]).mean;
}

/** Digits of an interval's ends, which are not written to the last bit. */
const DIGITS = 8;

/** Writes a leaderboard as CSV, with a column for each axis. */
export function leaderboardCsv(
  rows: readonly LeaderboardRow[],
  paths: readonly string[],
  score: ScoreName,
  { folds }: Units,
): string {
  const trained = folds ? 'folds' : 'seeds';
  const header = ['rank', ...paths, trained, score, `${score}_low`, `${score}_high`, 'epochs', 'status'];
  const end = (value: number | null) => (value === null ? '' : Number(value.toPrecision(DIGITS)));
  const lines = rows.map(({ rank, axes, seeds, score: mean, low, high, epochs, status, reason, weights }) => [
    rank,
    ...paths.map((path) => (path in axes ? axisValueText(axes[path]) : '')),
    seeds,
    mean ?? '',
    end(low),
    end(high),
    epochs,
    status,
    reason ?? '',
    weights.map((digest) => digest ?? '-').join(' '),
  ]);
  return [[...header, 'reason', 'weights'], ...lines]
    .map((cells) => `${cells.map(quoted).join(',')}\n`)
    .join('');
}

/** Quotes a cell as RFC 4180 asks. */
function quoted(cell: string | number): string {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
