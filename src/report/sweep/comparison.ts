/** Compares the best configuration with the others, pair by pair over the seeds. */
import { scoreReading } from '../../experiment/scores.js';
import { assignmentText } from '../../experiment/searches/space.js';
import { compareWithMany } from '../../experiment/statistics/many.js';
import { dataTable, type PageSection } from '../elements.js';
import { numberText } from '../format.js';
import { html } from '../html.js';
import type { OpenedSweep } from './open.js';

/** Configurations that the best is compared with: the next ones. */
const MOST_COMPARED = 30;

/** Returns the section of the comparisons; null with fewer than two configurations or two seeds. */
export function comparisonSection({ definition, units, rows }: OpenedSweep): PageSection | null {
  const [best, ...rest] = rows.filter(({ status }) => status === 'completed');
  if (best === undefined || best.bySeed.size < 2) return null;
  const seeds = [...best.bySeed.keys()];
  // A pair needs both; those of another rung have scores after fewer epochs, which would be no fair pairs.
  const others = rest
    .filter(({ bySeed, epochs }) => epochs === best.epochs && seeds.every((seed) => bySeed.has(seed)))
    .slice(0, MOST_COMPARED);
  if (others.length === 0) return null;
  const { score } = definition;
  const reading = scoreReading(score);
  const found = compareWithMany(
    { name: 'the best', values: seeds.map((seed) => best.bySeed.get(seed)!) },
    others.map(({ rank, bySeed }) => ({
      name: `rank ${rank}`,
      values: seeds.map((seed) => bySeed.get(seed)!),
    })),
    reading,
    units.folds === undefined ? {} : { folds: units.folds },
  );
  const { scale = 1, unit } = reading;
  const shown = found.filter((comparison) => comparison.shown).length;
  const body = html`<p>The best configuration, ${assignmentText(best.axes)}, against the next ${found.length}: a difference is shown for ${shown} of them. It was chosen as the best on these same seeds, which flatters it.</p>
${dataTable({
  caption: `Paired comparisons by ${score}${unit === undefined ? '' : `, in ${unit}`}; p-values are Holm's, for all of them together`,
  columns: ['Rank', 'configuration', 'difference', 'low', 'high', 'p', 'in words'],
  words: [1, 6],
  rows: found.map(({ difference, interval, adjusted, sentence }, i) => [
    String(others[i].rank),
    assignmentText(others[i].axes),
    numberText(scale * difference),
    numberText(interval && scale * interval.low),
    numberText(interval && scale * interval.high),
    adjusted !== null && adjusted < 0.001 ? '< 0.001' : (adjusted?.toFixed(3) ?? '–'),
    sentence,
  ]),
})}`;
  return { id: 'comparison', title: 'The best against the others', body };
}
