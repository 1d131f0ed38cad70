import { shellPath } from '../../src/data/words.js';
import type { SweepEndEvent } from '../../src/experiment/events.js';
import { trialFolder } from '../../src/experiment/folder.js';
import type { LeaderboardRow } from '../../src/experiment/leaderboard.js';
import type { ScoreName } from '../../src/experiment/scores.js';
import { axisValueText } from '../../src/experiment/searches/space.js';
import { countOf, duration, facts, painter, percent, significant, table } from './text.js';

/** Rows of a leaderboard that are printed; its file holds all. */
const SHOWN = 20;
/** Rows with which the first is compared in words; --json compares it with all. */
const COMPARED = 3;

/** Writes the leaderboard of a sweep, and what to do next. */
export function leaderboardText({
  leaderboard,
  score,
  folds,
  comparisons,
  sweep,
  status,
  reason,
  refit,
  wallSeconds,
}: SweepEndEvent): string {
  const paint = painter(process.stdout);
  const paths = [...new Set(leaderboard.flatMap(({ axes }) => Object.keys(axes)))];
  const several = new Set(leaderboard.map(({ epochs }) => epochs)).size > 1;
  const trained = folds > 0 ? 'folds' : 'seeds';
  const header = ['rank', ...paths, score, trained, ...(several ? ['epochs'] : []), 'trials'];
  const rows = leaderboard
    .slice(0, SHOWN)
    .map((row) => [
      String(row.rank),
      ...paths.map((path) => (path in row.axes ? axisValueText(row.axes[path]) : '-')),
      row.status === 'failed' ? 'failed' : scoreText(score, row),
      String(row.seeds),
      ...(several ? [String(row.epochs)] : []),
      trialsText(row.trials),
    ]);
  const failed = leaderboard.find((row) => row.status === 'failed');
  const [best] = leaderboard;
  const more =
    leaderboard.length > SHOWN
      ? [`… and ${countOf(leaderboard.length - SHOWN, 'row')} more, in leaderboard.csv`]
      : [];
  const next =
    status === 'interrupted'
      ? sweep && `gradpool resume ${shellPath(sweep)}`
      : sweep && best && `gradpool inspect ${shellPath(trialFolder(sweep, best.trials[0]))}`;
  return [
    ...(rows.length > 0 ? [table(header, rows), ...more, ''] : []),
    facts([
      ['score', rows.length > 0 ? `mean of ${score} over the ${trained} with its 95 % interval` : null],
      ...comparisons
        .filter(({ interval }) => interval !== null)
        .slice(0, COMPARED)
        .map(({ sentence }, i): [string, string] => [i === 0 ? 'best' : '', sentence]),
      ['failed', failed ? `rank ${failed.rank}: ${failed.reason}` : null],
      [status, `${reason}, in ${duration(wallSeconds)}`],
      ['refit', refit],
      ['sweep', sweep],
      ['next', next && paint('bold', next)],
    ]),
  ].join('\n');
}

/** Writes a mean with its interval: 97.31 % [96.90, 97.72]. */
export function scoreText(
  score: ScoreName,
  { score: mean, low, high }: Pick<LeaderboardRow, 'score' | 'low' | 'high'>,
): string {
  if (mean === null) return '-';
  const share = score.endsWith('accuracy');
  const text = (value: number) => (share ? percent(value).replace(' %', '') : significant(value));
  const interval = low === null || high === null ? '' : ` [${text(low)}, ${text(high)}]`;
  return `${share ? percent(mean) : significant(mean)}${interval}`;
}

/** Writes the numbers of trials: 4-6 where they follow each other. */
function trialsText(trials: readonly number[]): string {
  const last = trials.length - 1;
  const follow = trials.every((trial, index) => trial === trials[0] + index);
  return follow && last > 0 ? `${trials[0]}-${trials[last]}` : trials.join(',');
}
