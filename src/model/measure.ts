/** Measures the model that a training ends with, as an evaluation of the saved model does. */
import type { Calibration } from '../calibration/record.js';
import { joinedRows, type Subset } from '../data/dataset.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { measureAll, type Scores } from '../metrics/measure.js';
import type { PredictedRows } from './calibrate.js';
import { collect } from './collect.js';
import { createRunner, type RunnableModel, sumBlocks } from './runner.js';

/**
 * Returns every metric of the model's predictions for groups of rows of one dataset; null without rows. Rows
 * count alike, as in `evaluate` unless it is given weights.
 * @param source names the rows in errors
 */
export function measureModel(
  model: RunnableModel & { readonly calibration: Calibration | null },
  groups: readonly PredictedRows[],
  { chosen, source }: { readonly chosen: ChosenKernels; readonly source: string },
): Scores | null {
  if (groups.length === 0) return null;
  const runner = createRunner(model, chosen);
  const collection = collect(model, runner, allRows(groups));
  let before = 0;
  for (const { subset, members } of groups) {
    const observe = (from: number, rows: number) => collection.add(before + from, rows);
    sumBlocks(runner, subset, source, observe, members);
    before += subset.rows.length;
  }
  return measureAll(collection.predictions(), null);
}

/** Returns the rows of groups one after the other, each counting the same. */
function allRows(groups: readonly PredictedRows[]): Subset {
  const { weights, ...dataset } = groups[0].subset.dataset;
  return { dataset, rows: joinedRows(groups.map(({ subset }) => subset)) };
}
