import type { Metrics } from '../../src/forward/metrics.js';
import { METRICS, type MetricName } from '../../src/metrics/catalogue.js';
import type { Score, Scores } from '../../src/metrics/measure.js';
import type { ClassScores } from '../../src/metrics/tallies.js';
import type { Baseline, BaselineMetrics } from '../../src/train/baseline.js';
import { count, percent, r2Text, significant, table } from './text.js';

/**
 * Writes 'accuracy 98.12 %, loss 0.06121' or 'rmse 77.12, R² 0.4512, loss 0.2613', after any other metric
 * that the training goes by.
 */
export function metricsText({ loss, accuracy, rmse, r2, ...others }: Metrics): string {
  const goal = Object.entries(others).map(([name, value]) => `${name} ${significant(value)}, `);
  const score =
    accuracy === undefined ? `rmse ${significant(rmse ?? Number.NaN)}` : `accuracy ${percent(accuracy)}`;
  return `${goal.join('')}${score}${r2 === undefined ? '' : `, R² ${r2Text(r2)}`}, loss ${significant(loss)}`;
}

/** The metrics that the summary of a training shows; --json has all. */
const HEADLINES = {
  classification: ['balancedAccuracy', 'f1Macro', 'rocAuc', 'mcc', 'ece'],
  regression: ['mae', 'medianAe', 'mape'],
} as const satisfies Record<string, readonly MetricName[]>;

/** Writes the most telling of all metrics in one line; null where none of them is defined. */
export function headlineText(scores: Scores): string | null {
  const names = [...HEADLINES.classification, ...HEADLINES.regression];
  const shown = names.flatMap((name) => {
    const value = scores[name]?.value ?? null;
    return value === null ? [] : [`${name} ${significant(value)}`];
  });
  return shown.length === 0 ? null : shown.join(', ');
}

/** Writes how good the trivial prediction is: 'always the mean: rmse 77.13, R² 0.0000'. */
export function baselineText(
  { kind, class: name }: Baseline,
  { accuracy, logLoss = null, rmse = Number.NaN, r2 }: BaselineMetrics,
): string {
  if (accuracy === undefined) {
    return `always the ${kind}: rmse ${significant(rmse)}${r2 === undefined ? '' : `, R² ${r2Text(r2)}`}`;
  }
  const loss = logLoss === null ? '' : `, log loss ${significant(logLoss)}`;
  return `always the ${kind} (${name}): accuracy ${percent(accuracy)}${loss}`;
}

/** Writes the scores of each class as a table. */
export function classTable(scores: readonly ClassScores[]): string {
  const cell = (value: number | null) => (value === null ? '-' : value.toFixed(4));
  return table(
    ['class', 'precision', 'recall', 'F1', 'rows'],
    scores.map((row) => [row.class, cell(row.precision), cell(row.recall), cell(row.f1), count(row.rows)]),
  );
}

/** Writes true classes down and predicted ones across; empty cells are dots. */
export function confusionTable(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
): string {
  return table(
    ['true \\ predicted', ...classes],
    confusion.map((row, k) => [classes[k], ...row.map((cell) => (cell === 0 ? '.' : count(cell)))]),
  );
}

/** Writes metrics one a line, with intervals where there are any, then which are undefined, and why. */
export function scoreFacts(scores: Scores): [string, string][] {
  const reasons = new Map<string, string[]>();
  const lines: [string, string][] = [];
  for (const [name, { value, reason = '', interval }] of Object.entries(scores)) {
    if (isMicroAverage(name as MetricName)) continue;
    if (value === null) reasons.set(reason, [...(reasons.get(reason) ?? []), name]);
    else lines.push([name, significant(value) + intervalText(interval)]);
  }
  for (const [reason, names] of reasons) lines.push(['undefined', `${names.join(', ')}: ${reason}`]);
  return lines;
}

/** The micro averages of one class a row are the accuracy, so the text leaves them out; --json has them. */
function isMicroAverage(name: MetricName): boolean {
  return name !== 'accuracy' && METRICS[name].value === METRICS.accuracy.value;
}

function intervalText(interval: Score['interval']): string {
  if (interval === undefined) return '';
  if (interval === null) return ' [no interval: too many resamples leave it undefined]';
  return ` [${significant(interval.low)}, ${significant(interval.high)}]`;
}
