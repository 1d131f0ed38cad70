/** Makes sure that the loss is defined for the targets. */
import type { Subset } from '../data/dataset.js';
import { type TrainingData, unscaledTargets } from '../data/load.js';
import { DataError } from '../errors.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '../network/divergences.js';

/**
 * Returns the data with targets that the loss is defined for. Numbers are standardised, unless the loss is
 * defined for some numbers only, such as counts; these stay as they are.
 * @throws DataError naming the first row whose target the loss is not defined for
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
