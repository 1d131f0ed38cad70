/** The scores by which configurations are ranked: a part of the data, and a metric of it. */
import type { ProblemType } from '../data/schema.js';
import { type Metrics, SUMMED_METRICS } from '../forward/metrics.js';
import { METRICS, type MetricName, metricNames } from '../metrics/catalogue.js';
import type { TrainConfig, TrainOptions } from '../train/config.js';
import type { TrainResult } from '../train/events.js';
import { criterionOf } from '../train/metric.js';
import type { SentenceOptions } from './statistics/sentence.js';

const PARTS = ['val', 'train', 'test'] as const;
type Part = (typeof PARTS)[number];
type Summed = (typeof SUMMED_METRICS)[number];

/**
 * A score by its name: val_loss, val_f1Macro, train_accuracy, test_rmse, …; val_max:NAME and val_min:NAME are
 * a metric of one's own, of which more or less is better.
 */
export type ScoreName =
  | `train_${Summed}`
  | `${'val' | 'test'}_${'loss' | MetricName}`
  | `val_${'max' | 'min'}:${string}`;

const ALL = ['loss', ...(Object.keys(METRICS) as MetricName[])] as const;
export const SCORE_NAMES: readonly ScoreName[] = PARTS.flatMap((part): ScoreName[] =>
  part === 'train'
    ? SUMMED_METRICS.map((name) => `train_${name}` as const)
    : ALL.map((name) => `${part}_${name}` as const),
);

/** Returns the scores of a part that a training of this task has. */
export function scoresOf(task: ProblemType, part: Part): ScoreName[] {
  const own = ['loss', ...metricNames(task)].map((name) => `${part}_${name}` as ScoreName);
  return own.filter((name) => SCORE_NAMES.includes(name));
}

/** Parts a score into its part of the data, the name of its metric, and the direction of one's own. */
function parted(score: ScoreName): { part: Part; name: string; own: string | undefined } {
  const [, part, own, name] = /^([a-z]+)_(?:(max|min):)?(.*)$/.exec(score)!;
  return { part: part as Part, name, own };
}

/** The part of the data on which a score is measured. */
export const dataOf = (score: ScoreName): Part => parted(score).part;

/** Whether a score is of a metric of one's own. */
export const isOwnScore = (score: ScoreName): boolean => parted(score).own !== undefined;

/** How differences of a score are told: shares in points, and which way is better. */
export function scoreReading(score: ScoreName): Omit<SentenceOptions, 'p'> {
  const share = score.endsWith('accuracy') ? { scale: 100, unit: 'points' } : {};
  return { greaterIsBetter: moreIsBetter(score), ...share };
}

/** Whether more of a score is better. */
export function moreIsBetter(score: ScoreName): boolean {
  const { name, own } = parted(score);
  if (own !== undefined) return own === 'max';
  return name !== 'loss' && METRICS[name as MetricName].greaterIsBetter;
}

/** Returns the score of a training; null where it has no such data or no such metric. */
export function scoreOf(
  score: ScoreName,
  result: Pick<TrainResult, 'train' | 'val' | 'test'>,
): number | null {
  const { part, name } = parted(score);
  return result[part]?.[name as keyof Metrics] ?? null;
}

/** Returns the score by which configurations are ranked unless another is given: that of their metric. */
export function defaultScore({ metric = 'loss', own }: Pick<TrainOptions, 'metric' | 'own'>): ScoreName {
  const { name, greaterIsBetter } = typeof metric === 'object' ? metric : (own?.metric ?? {});
  if (name !== undefined) return `val_${greaterIsBetter ? 'max' : 'min'}:${name}`;
  return `val_${metric as 'loss' | MetricName}`;
}

/** Returns the parts whose metrics must be measured at the end of a trial, for the score. */
export function measuredFor(score: ScoreName, config: TrainConfig): ('val' | 'test')[] {
  const { part, name } = parted(score);
  const known = part === 'train' || SUMMED_METRICS.includes(name as Summed);
  return known || (part === 'val' && criterionOf(config).name === name) ? [] : [part];
}

/** Returns the metrics of the score's part with the score among them, where it was measured at the end. */
export function withScore(score: ScoreName, result: TrainResult): Pick<TrainResult, 'val' | 'test'> {
  const { part, name } = parted(score);
  const { val, test, scores } = result;
  if (part === 'train' || scores === undefined) return { val, test };
  const value = scores[part]?.[name as MetricName]?.value ?? null;
  const metrics = result[part];
  if (value === null || metrics === null) return { val, test };
  return { val, test, [part]: { ...metrics, [name]: value } };
}
