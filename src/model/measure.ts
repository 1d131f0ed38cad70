/** Measures the model that a training ends with, as an evaluation of the saved model does. */
import type { Calibration } from '../calibration/record.js';
import type { Subset } from '../data/dataset.js';
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
  const room = groups.reduce((sum, { subset }) => sum + subset.rows.length, 0);
  const collection = collect(model, runnerOf(model).context.objective.levels, room);
  for (const { model, subset, members } of groups) {
    const runner = runnerOf(model);
    const { weights, ...dataset } = subset.dataset;
    const alike: Subset = { dataset, rows: subset.rows }; // each row counts the same
    const observe = (from: number, rows: number) => collection.add(runner, alike, from, rows);
    sumBlocks(runner, subset, source, { observe, members });
  }
  return measureAll(collection.predictions(), null);
}
