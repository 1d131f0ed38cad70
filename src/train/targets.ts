/** What the loss asks of the targets: values it is defined for, in a scale that keeps them so, and weights of classes. */
import type { Subset } from '../data/dataset.js';
import { type TrainingData, unscaledTargets } from '../data/load.js';
import { DataError, UsageError } from '../errors.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';
import type { TrainConfig } from './config.js';

/**
 * Numbers are standardised, unless that would take them out of the loss's domain: then they must lie in it as they are.
 * Throws DataError naming the first row that does not.
 */
export function targetsFor(loss: DivergenceName, data: TrainingData): TrainingData {
  const { domain }: Divergence = DIVERGENCES[loss];
  if (!domain || data.task === 'classification') return data;
  for (const [name, subset] of Object.entries({
    training: data.train,
    validation: data.val,
    test: data.test,
  })) {
    const found = subset && findOutside(subset, domain.holds);
    if (!found) continue;
    const { target } = data.schema;
    const column = target.kind === 'values' ? target.names[found.column] : '';
    throw new DataError(
      `${data.name}: ${name} row ${found.row + 1}, target "${column}": ${found.value} is not ${domain.words}, as loss ${loss} needs it; take squaredError, or correct the data`,
    );
  }
  return unscaledTargets(data, `target: not standardised, since loss ${loss} is for values ${domain.words}`);
}

function findOutside(
  { dataset, rows }: Subset,
  holds: (d: number) => boolean,
): { row: number; column: number; value: number } | null {
  const { targets, targetWidth } = dataset;
  for (const row of rows) {
    for (let column = 0; column < targetWidth; column++) {
      const value = targets[row * targetWidth + column];
      if (!holds(value)) return { row, column, value };
    }
  }
  return null;
}

/** One weight for each class, null for none. 'balanced' gives every class the same share of the training rows' weight. */
export function classWeights(
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
