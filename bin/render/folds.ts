/** Shows what a cross-validation found. */
import type { CrossValidation, FoldScore } from '../../src/train/cvevents.js';
import { metricsText } from './metrics.js';
import { countOf, percent, r2Text, significant } from './text.js';

/** Writes the mean of each metric over the folds, and the metrics of all held-out rows together. */
export function cvFacts(cv: CrossValidation): [string, string | null][] {
  const { folds, repetitions, scores, outOfFold, trained } = cv;
  const over = `${countOf(folds, 'fold')}${repetitions > 1 ? `, ${repetitions} times` : ''}`;
  const means = Object.entries(scores).map(([name, score]): [string, string] => [
    name,
    `${scoreText(name, score)} over ${over}`,
  ]);
  const best = trained.map(({ bestEpoch }) => bestEpoch ?? '-').join(', ');
  return [
    ...means,
    ['out of fold', outOfFold && outOfFoldText(outOfFold, repetitions)],
    ['best epochs', best === '' ? null : best],
  ];
}

function outOfFoldText(
  { rows, ...metrics }: NonNullable<CrossValidation['outOfFold']>,
  repetitions: number,
): string {
  const predicted = repetitions > 1 ? `, each predicted ${repetitions} times` : '';
  const own = countOf(rows / repetitions, 'row');
  return `${metricsText(metrics)} of ${own}${predicted} by networks that were not trained on it`;
}

/** Writes a mean, its deviation from fold to fold and its interval: 97.31 % ± 0.42 [96.90, 97.72]. */
function scoreText(name: string, { mean, deviation, low, high }: FoldScore): string {
  const share = name === 'accuracy';
  const text = (value: number) =>
    share ? percent(value).replace(' %', '') : name === 'r2' ? r2Text(value) : significant(value);
  const interval = low === null || high === null ? '' : `, 95 % interval [${text(low)}, ${text(high)}]`;
  return `${share ? percent(mean) : text(mean)} ± ${text(deviation)}${interval}`;
}

/** Says that a cross-validation without `refit` leaves no model. */
export const NO_MODEL =
  'no model is kept, for the folds only estimate how good one is; --refit trains one on all rows, for as many epochs as the folds found best on average';
