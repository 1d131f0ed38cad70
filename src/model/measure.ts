/** Measures the model that a training ends with, as an evaluation of the saved model does. */
import type { Calibration } from '../calibration/record.js';
import { joinedRows, type Subset } from '../data/dataset.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { measureAll, type Scores } from '../metrics/measure.js';
import type { PredictedBy, PredictedRows } from './calibrate.js';
import { collect } from './collect.js';
import { oneRunnerAtATime, type RunnableModel, sumBlocks } from './runner.js';

/** A model whose probabilities may be scaled. */
type CalibratedModel = RunnableModel & { readonly calibration: Calibration | null };

interface MeasureOptions {
  readonly chosen: ChosenKernels;
  /** Names the rows in errors. */
  readonly source: string;
}

/**
 * Returns every metric of the model's predictions for groups of rows of one dataset; null without rows. Rows
 * count alike, as in `evaluate` unless it is given weights.
 */
export function measureModel(
  model: CalibratedModel,
  groups: readonly PredictedRows[],
  options: MeasureOptions,
): Scores | null {
  return measureTogether(
    groups.map((group) => ({ ...group, model })),
    options,
  );
}

/** Measures rows that several models of one target predict, such as those of folds, all together. */
export function measureTogether(
  groups: readonly PredictedBy<CalibratedModel>[],
  { chosen, source }: MeasureOptions,
): Scores | null {
  if (groups.length === 0) return null;
  const runnerOf = oneRunnerAtATime(chosen);
  const [{ model }] = groups;
  const collection = collect(model, runnerOf(model).context.objective.levels, allRows(groups));
  let before = 0;
  for (const { model, subset, members } of groups) {
    const runner = runnerOf(model);
    const observe = (from: number, rows: number) => collection.add(runner, before + from, rows);
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
