/** Computes all metrics of a task at once, with their intervals if they are asked for. */
import { bootstrapIntervals } from './bootstrap.js';
import { METRICS, type MetricName, metricNames, metricValue, type TaskPredictions } from './catalogue.js';

/** A metric of predictions: its value, or the reason why it has none. */
export interface Score {
  /** The value; null where the metric is undefined for these rows. */
  readonly value: number | null;
  /** Why there is no value. */
  readonly reason?: string;
  readonly greaterIsBetter: boolean;
  /**
   * The 95 % bootstrap interval, where one was asked for; null where too many resamples leave the metric
   * undefined.
   */
  readonly interval?: { readonly low: number; readonly high: number } | null;
}

/** The metrics of a task by their names, in the order of the catalogue. */
export type Scores = Readonly<Partial<Record<MetricName, Score>>>;

/** Returns every metric of the predictions' task. */
export function measureAll(
  predictions: TaskPredictions,
  bootstrap: { readonly resamples: number; readonly seed: number } | null,
): Scores {
  const names = metricNames(predictions.task);
  const values = names.map((name) => metricValue(name, predictions));
  const defined = names.filter((_, i) => typeof values[i] === 'number');
  const intervals = bootstrap && bootstrapIntervals(defined, predictions, bootstrap);
  const scores = names.map((name, i): [MetricName, Score] => {
    const { greaterIsBetter } = METRICS[name];
    const value = values[i];
    if (typeof value !== 'number') return [name, { value: null, reason: value.reason, greaterIsBetter }];
    if (intervals === null) return [name, { value, greaterIsBetter }];
    return [name, { value, greaterIsBetter, interval: intervals[defined.indexOf(name)] }];
  });
  return Object.fromEntries(scores);
}
