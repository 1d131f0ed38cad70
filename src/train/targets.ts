/** What the loss asks of the targets: values it is defined for, in a scale that keeps them so. */
import type { Subset } from '../data/dataset.js';
import { type TrainingData, unscaledTargets } from '../data/load.js';
import { DataError } from '../errors.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';

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
