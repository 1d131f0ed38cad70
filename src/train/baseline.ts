/** The trivial prediction, fitted to the training rows: what a model must beat to have learned anything. */
import type { Subset } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { ln } from '../elementary.js';
import { type Metrics, squaresAround, targetMeans, targetVariance } from '../forward/metrics.js';
import type { DivergenceName } from '../network/divergences.js';

/** How good the trivial prediction is on some rows. */
export interface BaselineMetrics {
  /** Classification: the share of rows that belong to the most frequent class. */
  readonly accuracy?: number;
  /**
   * Classification: the mean of −ln of the training rows' share of each row's class; null where a class is in
   * none of them.
   */
  readonly logLoss?: number | null;
  /** Regression: the root mean squared error of the mean, in the target's own unit. */
  readonly rmse?: number;
  /** Regression: R² of the mean, 0 on the training rows; absent where the targets are constant. */
  readonly r2?: number;
}

/** The trivial prediction, and how good it is on each part of the data. */
export interface Baseline {
  readonly kind: 'most frequent class' | 'mean';
  /** The class that it always predicts, of equally frequent ones the first; null for regression. */
  readonly class: string | null;
  readonly train: BaselineMetrics;
  /** Null without validation data. */
  readonly val: BaselineMetrics | null;
  /** Null without test data. */
  readonly test: BaselineMetrics | null;
  /**
   * Whether the model is better, on the test rows, else on the validation rows, else on the training rows: by
   * its rmse, or by its accuracy or log loss. Null where the model has not been measured.
   */
  readonly beaten: boolean | null;
}

/** The model's metrics, to compare with. */
interface ModelMetrics {
  readonly train: Metrics | null;
  readonly val: Metrics | null;
  readonly test: Metrics | null;
}

/**
 * Fits the trivial prediction to the training rows and evaluates it on all parts. Rows count the same.
 * @param loss the model's
 */
export function baselineOf(
  { task, classes, outputs, train, val, test }: TrainingData,
  measured: ModelMetrics,
  loss: DivergenceName,
): Baseline {
  const isLogLoss = loss === 'crossEntropy' || loss === 'nll';
  const means = task === 'regression' ? targetMeans(train) : [];
  const counts = task === 'classification' ? classCounts(train, classes?.length ?? outputs) : [];
  const top = counts.indexOf(Math.max(...counts));
  const measure = (subset: Subset): BaselineMetrics => {
    if (task === 'classification') return classMetrics(subset, counts, top);
    const squares = squaresAround(subset, means);
    const variance = targetVariance(task, subset)!;
    const rmse = Math.sqrt(squares / means.length);
    return variance > 0 ? { rmse, r2: 1 - squares / variance } : { rmse };
  };
  const parts = { train: measure(train), val: val && measure(val), test: test && measure(test) };
  const shown = (['test', 'val', 'train'] as const).find((part) => measured[part] && parts[part]);
  return {
    kind: task === 'classification' ? 'most frequent class' : 'mean',
    class: task === 'classification' ? (classes?.[top] ?? String(top)) : null,
    ...parts,
    beaten: shown ? beats(measured[shown]!, parts[shown]!, isLogLoss) : null,
  };
}

function beats({ loss, accuracy = 0, rmse }: Metrics, trivial: BaselineMetrics, isLogLoss: boolean): boolean {
  if (rmse !== undefined) return rmse < trivial.rmse!;
  return accuracy > trivial.accuracy! || (isLogLoss && loss < (trivial.logLoss ?? Number.POSITIVE_INFINITY));
}

function classCounts({ dataset, rows }: Subset, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const row of rows) counts[dataset.targets[row]]++;
  return counts;
}

function classMetrics(subset: Subset, training: readonly number[], top: number): BaselineMetrics {
  const total = training.reduce((sum, count) => sum + count, 0);
  const rows = subset.rows.length;
  const counts = classCounts(subset, training.length);
  let sum = 0;
  for (const [index, count] of counts.entries()) {
    if (count > 0) sum -= count * ln(training[index] / total);
  }
  return { accuracy: counts[top] / rows, logLoss: Number.isFinite(sum) ? sum / rows : null };
}
