/** The scores by which configurations are ranked: a part of the data, and a metric of it. */
import type { ProblemType } from '../data/schema.js';
import type { Metrics } from '../forward/metrics.js';
import { METRICS } from '../metrics/catalogue.js';
import type { TrainResult } from '../train/events.js';

const PARTS = ['val', 'train', 'test'] as const;
/** What training measures of each part, beside the loss by names of the catalogue of metrics. */
const MEASURED = ['loss', 'accuracy', 'rmse', 'r2'] as const satisfies readonly (keyof Metrics)[];

/** A score by its name: val_loss, val_accuracy, test_rmse, … */
export type ScoreName = `${(typeof PARTS)[number]}_${(typeof MEASURED)[number]}`;

export const SCORE_NAMES = PARTS.flatMap((part) => MEASURED.map((metric): ScoreName => `${part}_${metric}`));

/** Returns the scores of a part that a training of this task has. */
export const scoresOf = (task: ProblemType, part: (typeof PARTS)[number]): ScoreName[] =>
  MEASURED.flatMap((metric): ScoreName[] =>
    metric === 'loss' || METRICS[metric].task === task ? [`${part}_${metric}`] : [],
  );

const partsOf = (name: ScoreName) => name.split('_') as [(typeof PARTS)[number], (typeof MEASURED)[number]];

/** The part of the data on which a score is measured. */
export const dataOf = (name: ScoreName): (typeof PARTS)[number] => partsOf(name)[0];

/** Whether more of a score is better. */
export function moreIsBetter(name: ScoreName): boolean {
  const [, metric] = partsOf(name);
  return metric !== 'loss' && METRICS[metric].greaterIsBetter;
}

/** Returns the score of a training; null where it has no such data or no such metric. */
export function scoreOf(name: ScoreName, result: Pick<TrainResult, 'train' | 'val' | 'test'>): number | null {
  const [part, metric] = partsOf(name);
  return result[part]?.[metric] ?? null;
}
