/**
 * What a row counts in training: its sample weight times the weight of its class. The loss of a batch is Σ
 * w·Div / Σ w and its gradient Σ w·∂Div / Σ w, so only the proportions of the weights matter, as with
 * PyTorch's CrossEntropyLoss(weight) and scikit-learn's sample_weight.
 */
import type { Dataset } from '../data/dataset.js';
import type { TrainingData } from '../data/load.js';
import { DataError, UsageError } from '../errors.js';
import type { TrainConfig } from './config.js';

/** The weights that a training uses; plain data, sent to every worker. */
export interface Weighting {
  /** The weight of each class; null when all classes count the same. */
  readonly classes: readonly number[] | null;
  /**
   * The largest product of sample and class weight in the training rows, by which all are divided. They are
   * then at most 1, so the loss stays in float32's range, and equal weights of any size are exactly 1, so
   * they give the bits of a training without weights.
   */
  readonly heaviest: number;
}

const UNWEIGHTED: Weighting = { classes: null, heaviest: 1 };

/**
 * A batch whose rows together count no more than this, where the heaviest row counts 1, makes no step:
 * dividing by so little would leave float32's range, or be 0 / 0.
 */
export const NEGLIGIBLE = 1e-30;

/** Whether rows count differently from each other. */
export function isWeighted({ classes }: Weighting, { weights }: Dataset): boolean {
  return weights !== undefined || classes !== null;
}

/**
 * Returns what a row counts, from 0 to 1.
 * @param row its number in the dataset
 * @param target its class, where there are classes
 */
export function rowWeight(
  { classes, heaviest }: Weighting,
  { weights }: Dataset,
  row: number,
  target: number,
): number {
  const own = weights ? weights[row] : 1;
  return (classes ? own * classes[target] : own) / heaviest;
}

/**
 * Returns the weights of a configuration and its data.
 * @throws UsageError where the class weights do not fit the classes
 * @throws DataError where no training row counts
 */
export function weightingOf(config: TrainConfig, data: TrainingData): Weighting {
  const { dataset, rows } = data.train;
  const classes = classWeights(config.classWeights, data);
  const plain = { classes, heaviest: 1 };
  if (!isWeighted(plain, dataset)) return UNWEIGHTED;
  let heaviest = 0;
  for (const row of rows) {
    heaviest = Math.max(heaviest, rowWeight(plain, dataset, row, dataset.targets[row]));
  }
  if (heaviest > 0 && Number.isFinite(heaviest)) return { classes, heaviest };
  const where = `${data.name}: weights in column "${config.weights}"`;
  throw new DataError(
    heaviest === 0
      ? `${where}: all ${rows.length} training rows have weight 0, so none would be learned from; give rows a weight above 0, or leave out --weights`
      : `${where}: the largest is outside float32's range (3.4e38); only their proportions matter, so divide them all by the same number`,
  );
}

/**
 * Returns one weight for each class, or null for none. With 'balanced', all classes count the same in total.
 */
function classWeights(
  wanted: TrainConfig['classWeights'],
  { classes, train }: Pick<TrainingData, 'classes' | 'train'>,
): readonly number[] | null {
  if (wanted === undefined) return null;
  if (classes === null) throw new UsageError('classWeights: the target is a number, there are no classes');
  if (wanted !== 'balanced') {
    if (wanted.length === classes.length) return wanted;
    throw new UsageError(
      `classWeights: ${wanted.length} weights for the ${classes.length} classes ${classes.slice(0, 10).join(', ')}${classes.length > 10 ? ', …' : ''}`,
    );
  }
  const counts = new Float64Array(classes.length);
  for (const row of train.rows) counts[train.dataset.targets[row]]++;
  return Array.from(counts, (count) => (count === 0 ? 0 : train.rows.length / (classes.length * count)));
}
