/** The model's predictions for the rows of a report, from which most sections are made. */
import { UserError } from '../../errors.js';
import { type ChosenKernels, chooseKernels } from '../../kernels/choose.js';
import type { TaskPredictions } from '../../metrics/catalogue.js';
import { type Evaluation, evaluatePredictions } from '../../model/evaluate.js';
import type { ReadModel } from '../../model/read.js';
import { createRunner } from '../../model/runner.js';
import type { OpenedRun, ReportRows } from './open.js';

/** A model with its rows, its predictions for them and what `gradpool evaluate` says of these. */
export interface Examined {
  readonly model: ReadModel;
  readonly chosen: ChosenKernels;
  readonly rows: ReportRows;
  readonly evaluation: Evaluation;
  readonly predictions: TaskPredictions;
}

/** Evaluates the run's model on its rows; null where one of the two is missing or a row cannot be used. */
export function examineRun({ model, rows }: OpenedRun, say: (note: string) => void): Examined | null {
  if (model === null || rows === null || rows.subset.rows.length === 0) return null;
  const chosen = chooseKernels({ kernels: 'auto', precision: 'f32' });
  try {
    return { model, chosen, rows, ...evaluatePredictions(model, createRunner(model, chosen), rows) };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(`The model could not be evaluated: ${error.message}`);
    return null;
  }
}
