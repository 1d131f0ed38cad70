/** The scores by which configurations are ranked: a part of the data, and a metric of it. */
import type { Metrics } from '../forward/metrics.js';
import type { TrainResult } from '../train/events.js';

const PARTS = ['val', 'train', 'test'] as const;
/** The metrics, and whether more is better. */
const METRICS = { loss: 'less', accuracy: 'more', rmse: 'less', r2: 'more' } as const satisfies Record<
  keyof Metrics,
  'less' | 'more'
>;

/** A score by its name: val_loss, val_accuracy, test_rmse, … */
export type ScoreName = `${(typeof PARTS)[number]}_${keyof typeof METRICS}`;

export const SCORE_NAMES = PARTS.flatMap((part) =>
  (Object.keys(METRICS) as (keyof Metrics)[]).map((metric): ScoreName => `${part}_${metric}`),
);

const partsOf = (name: ScoreName) => name.split('_') as [(typeof PARTS)[number], keyof Metrics];

/** The part of the data on which a score is measured. */
export const dataOf = (name: ScoreName): (typeof PARTS)[number] => partsOf(name)[0];

/** Whether more of a score is better. */
export const moreIsBetter = (name: ScoreName): boolean => METRICS[partsOf(name)[1]] === 'more';

/** Returns the score of a training; null where it has no such data or no such metric. */
export function scoreOf(name: ScoreName, result: Pick<TrainResult, 'train' | 'val' | 'test'>): number | null {
  const [part, metric] = partsOf(name);
  return result[part]?.[metric] ?? null;
}
