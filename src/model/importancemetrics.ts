/** Defines the metrics by which columns can be important. */
import type { ProblemType } from '../data/schema.js';

/** Sums over rows, from which every metric follows. */
export interface ScoreSums {
  /** Classes: Σ −ln of the right class's probability, NaN without probabilities; values: Σ squared error. */
  readonly loss: number;
  /** Classes: rows whose class is wrong; values: Σ absolute error. */
  readonly errors: number;
  /** Rows, times the targets of a row. */
  readonly count: number;
}

interface ImportanceMetricEntry {
  readonly task: ProblemType;
  /** What an important column makes of the metric, for people. */
  readonly change: string;
  /** Returns what an important column makes larger when it is permuted. */
  readonly value: (sums: ScoreSums) => number;
}

/** The metrics by which columns can be important; the first of a task is its default. */
export const IMPORTANCE_METRICS = {
  logLoss: {
    task: 'classification',
    change: 'increase of log loss',
    value: ({ loss, count }) => loss / count,
  },
  accuracy: {
    task: 'classification',
    change: 'decrease of accuracy',
    value: ({ errors, count }) => errors / count,
  },
  rmse: {
    task: 'regression',
    change: 'increase of RMSE',
    value: ({ loss, count }) => Math.sqrt(loss / count),
  },
  mse: {
    task: 'regression',
    change: 'increase of MSE',
    value: ({ loss, count }) => loss / count,
  },
  mae: {
    task: 'regression',
    change: 'increase of MAE',
    value: ({ errors, count }) => errors / count,
  },
} as const satisfies Readonly<Record<string, ImportanceMetricEntry>>;

/** A metric by which columns can be important. */
export type ImportanceMetric = keyof typeof IMPORTANCE_METRICS;
export const IMPORTANCE_METRIC_NAMES = Object.keys(IMPORTANCE_METRICS) as ImportanceMetric[];
