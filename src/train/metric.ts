/** What the best epoch is chosen by: the validation loss, a metric of the catalogue, or a program's own. */
import { type Subset, targetsOf } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { UsageError } from '../errors.js';
import { type Metrics, SUMMED_METRICS } from '../forward/metrics.js';
import {
  METRICS,
  type Metric,
  type MetricName,
  metricNames,
  metricValue,
  type TaskPredictions,
} from '../metrics/catalogue.js';
import { classPredictions } from '../metrics/predictions.js';
import { givesProbabilities, type Layer } from '../network/layer.js';

/** The names that `metric` may have. */
export const METRIC_CHOICES: readonly ['loss', ...MetricName[]] = [
  'loss',
  ...(Object.keys(METRICS) as MetricName[]),
];

/** The keys of a configuration that say by what an epoch is judged. */
interface Judged {
  readonly metric: (typeof METRIC_CHOICES)[number];
  readonly own?: { readonly metric?: Omit<Criterion, 'isOwn'> | undefined } | undefined;
}

/** A metric by which epochs are judged. */
interface Criterion {
  readonly name: string;
  readonly greaterIsBetter: boolean;
  /** Whether it is a function of the program that trains. */
  readonly isOwn: boolean;
}

/** Returns what a training's epochs are judged by. */
export function criterionOf({ metric, own }: Judged): Criterion {
  if (own?.metric) return { ...own.metric, isOwn: true };
  const greaterIsBetter = metric !== 'loss' && METRICS[metric].greaterIsBetter;
  return { name: metric, greaterIsBetter, isOwn: false };
}

/** Whether a metric needs the predictions for all validation rows, beyond the sums of an evaluation. */
export function needsPredictions(config: Judged): boolean {
  return !(SUMMED_METRICS as readonly string[]).includes(criterionOf(config).name);
}

/**
 * Whether an epoch's metrics are better than those of the best epoch so far. An epoch without the metric is
 * never better; any other is better than one without it, also one whose loss is NaN, as the best of a run by
 * an earlier version can be.
 */
export function isBetter(
  { name, greaterIsBetter }: Criterion,
  now: Metrics,
  before: Metrics | undefined,
): boolean {
  if (before === undefined) return true;
  const [value, best] = [now, before].map((metrics) => metrics[name as keyof Metrics] ?? Number.NaN);
  if (name !== 'loss' && Number.isNaN(value)) return false;
  return greaterIsBetter ? !(value <= best) : !(value >= best);
}

/**
 * Throws UsageError for a metric of another task, for one without validation rows, and for one that these
 * rows or this network leave undefined.
 */
export function checkMetric(
  config: Judged,
  { task, val, classes }: Pick<TrainingData, 'task' | 'val' | 'classes'>,
  layers: readonly Layer[],
): void {
  const { name, isOwn } = criterionOf(config);
  if (name === 'loss') return;
  if (val === null) {
    throw new UsageError(
      `metric ${name}: is measured on validation rows, but none are kept back: set val 0.1 or drop metric`,
    );
  }
  if (isOwn) return;
  const metric: Metric = METRICS[name as MetricName];
  if (metric.task !== task) {
    const [is, predicts] = task === 'classification' ? ['numbers', 'classes'] : ['classes', 'numbers'];
    throw new UsageError(
      `metric ${name}: is of predicted ${is}, and this network predicts ${predicts}; take loss, ${metricNames(task).join(', ')}`,
    );
  }
  const value = metricValue(name as MetricName, perfectPredictions(val, classes, givesProbabilities(layers)));
  if (typeof value === 'number') return;
  throw new UsageError(
    `metric ${name}: has no value on the validation rows, because ${value.reason}; take another, such as loss`,
  );
}

/** Returns predictions that are right: whether a metric is defined for them depends on the targets alone. */
function perfectPredictions(
  subset: Subset,
  classes: readonly string[] | null,
  probable: boolean,
): TaskPredictions {
  const targets = targetsOf(subset);
  if (classes === null) {
    const outputs = subset.dataset.targetWidth;
    const nothing = { levels: [], quantiles: null, weights: null };
    return { task: 'regression', outputs, targets, predicted: targets, ...nothing };
  }
  const probabilities = probable ? new Float32Array(targets.length * classes.length) : null;
  if (probabilities)
    for (const [row, target] of targets.entries()) probabilities[row * classes.length + target] = 1;
  const predicted = classPredictions({ classes, targets, predicted: targets, probabilities, weights: null });
  return { task: 'classification', ...predicted };
}
