import type { Metrics } from '../../src/forward/metrics.js';
import type { Baseline, BaselineMetrics } from '../../src/train/baseline.js';
import { percent, r2Text, significant, table } from './text.js';

/** Writes 'accuracy 98.12 %, loss 0.06121' or 'rmse 77.12, R² 0.4512, loss 0.2613'. */
export function metricsText({ loss, accuracy, rmse, r2 }: Metrics): string {
  const score =
    accuracy === undefined ? `rmse ${significant(rmse ?? Number.NaN)}` : `accuracy ${percent(accuracy)}`;
  return `${score}${r2 === undefined ? '' : `, R² ${r2Text(r2)}`}, loss ${significant(loss)}`;
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

interface ClassScores {
  readonly class: string;
  /** The share of the rows predicted as this class that belong to it; null when there are none. */
  readonly precision: number | null;
  /** The share of the rows of this class that were predicted as it; null when there are none. */
  readonly recall: number | null;
  readonly f1: number | null;
  readonly rows: number;
}

/**
 * Computes the scores of each class; `confusion[i][j]` counts the rows of class i that were predicted as j.
 */
export function classScores(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
): ClassScores[] {
  return classes.map((name, k) => {
    const right = confusion[k][k];
    const rows = sum(confusion[k]);
    const predicted = sum(confusion.map((row) => row[k]));
    const share = (total: number) => (total === 0 ? null : right / total);
    const f1 = rows + predicted === 0 ? null : (2 * right) / (rows + predicted);
    return { class: name, precision: share(predicted), recall: share(rows), f1, rows };
  });
}

export function scoresTable(scores: readonly ClassScores[]): string {
  const cell = (value: number | null) => (value === null ? '-' : value.toFixed(4));
  return table(
    ['class', 'precision', 'recall', 'F1', 'rows'],
    scores.map((row) => [row.class, cell(row.precision), cell(row.recall), cell(row.f1), row.rows]),
  );
}

/** Writes true classes down and predicted ones across; empty cells are dots. */
export function confusionTable(
  classes: readonly string[],
  confusion: readonly (readonly number[])[],
): string {
  return table(
    ['true \\ predicted', ...classes],
    confusion.map((row, k) => [classes[k], ...row.map((cell) => (cell === 0 ? '.' : cell))]),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
