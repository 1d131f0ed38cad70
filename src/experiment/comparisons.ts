/** Compares the first configuration of a leaderboard with the others, pair by pair of seeds or folds. */
import type { LeaderboardRow } from './leaderboard.js';
import type { PreparedSweep } from './prepare.js';
import { scoreOf, scoreReading } from './scores.js';
import { assignmentText } from './searches/space.js';
import { type AdjustedComparison, type Competitor, compareWithMany } from './statistics/many.js';
import type { TrialBook } from './triallines.js';

/**
 * Returns the comparisons of the first row with all that were trained on the same seeds and folds for the
 * same epochs, in the order of the leaderboard.
 */
export function comparisonsOf(
  rows: readonly LeaderboardRow[],
  { definition: { score }, units }: Pick<PreparedSweep, 'definition' | 'units'>,
  book: TrialBook,
): AdjustedComparison[] {
  const [best, ...others] = rows.filter(
    ({ status, seeds, epochs }) =>
      status === 'completed' && seeds === units.all.length && epochs === rows[0].epochs,
  );
  if (best === undefined || others.length === 0) return [];
  const competitor = ({ axes }: LeaderboardRow): Competitor => ({
    name: assignmentText(axes),
    values: units.all.map((unit) => scoreOf(score, book.last(axes, unit)!)!),
  });
  return compareWithMany(
    competitor(best),
    others.map(competitor),
    scoreReading(score),
    units.folds ? { folds: units.folds } : {},
  );
}
