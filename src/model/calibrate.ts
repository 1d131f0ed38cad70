/** Measures on rows with targets how sure a model's predictions are. */
import { calibrateClasses, calibrateValues } from '../calibration/calibrate.js';
import type { Calibration } from '../calibration/record.js';
import type { Subset } from '../data/dataset.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import { networkProbabilities, predictedQuantiles } from '../forward/predictions.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { givesProbabilities, outputWidth } from '../network/layer.js';
import { quantilePairs } from '../network/quantiles.js';
import { oneRunnerAtATime, type RunnableModel, type Runner } from './runner.js';

/** Rows and outputs that are calibrated on, at most: more would take seconds and change nothing. */
const MOST = { rows: 100_000, outputs: 2_000_000 } as const;

/** Rows, and the members of a bag that predict them, counted from 0; by default all. */
export interface PredictedRows {
  readonly subset: Subset;
  readonly members?: readonly number[] | undefined;
}

interface CalibrationOptions {
  readonly chosen: ChosenKernels;
  /** Whether predicted probabilities are to be scaled by the temperature. */
  readonly applied: boolean;
  /** Names the rows in errors. */
  readonly source: string;
}

/** Rows, and the model that predicts them. */
export interface PredictedBy<Model extends RunnableModel = RunnableModel> extends PredictedRows {
  readonly model: Model;
}

/**
 * Computes the calibration of a model from rows that it was not trained on, in groups that the same members
 * predict; null without rows, and for a classifier that gives no probabilities. The rows go through the
 * network as they do in a prediction.
 */
export function calibrateModel(
  model: RunnableModel,
  groups: readonly PredictedRows[],
  options: CalibrationOptions,
): Calibration | null {
  return calibrateTogether(
    groups.map((group) => ({ ...group, model })),
    options,
  );
}

/** Computes one calibration from rows that several models of one target predict, such as those of folds. */
export function calibrateTogether(
  groups: readonly PredictedBy[],
  { chosen, applied, source }: CalibrationOptions,
): Calibration | null {
  if (groups.length === 0) return null;
  const [{ model }] = groups;
  const { target } = model.schema;
  if (target.kind === 'classes' && !givesProbabilities(model.layers)) return null;
  const known = someRows(groups, Math.min(MOST.rows, Math.ceil(MOST.outputs / outputWidth(model.layers))));
  if (known.length === 0) return null;
  const predict = (of: (rows: number, runner: Runner, own: RunnableModel) => ArrayLike<number>) =>
    allBlocks(known, chosen, source, of);
  const targetsOf = (width: number, t: number) =>
    known.flatMap(({ subset: { dataset, rows } }) =>
      Array.from(rows, (row) => dataset.targets[row * width + t]),
    );
  if (target.kind === 'classes') {
    const probabilities = predict((rows, runner, own) => networkProbabilities(own, runner, rows)!);
    const labels = targetsOf(1, 0);
    return calibrateClasses({ probabilities, classes: target.classes.length, labels }, applied);
  }
  let levels = 0;
  const quantiles = predict((rows, { context, output }) => {
    levels = context.objective.levels.length;
    return predictedQuantiles(context, output, rows);
  });
  const Q = Math.max(1, levels);
  const T = target.names.length;
  return calibrateValues(
    target.names.map((_, t) => {
      const targets = targetsOf(T, t);
      return quantilePairs(Q).map(({ low, high }) => ({
        targets,
        ranges: targets.map((_, row) => {
          const at = (row * T + t) * Q;
          return { low: quantiles[at + low], high: quantiles[at + high] };
        }),
      }));
    }),
  );
}

/** Returns at most about `most` rows, evenly spread over the groups, without groups that have none. */
function someRows(groups: readonly PredictedBy[], most: number): PredictedBy[] {
  const total = groups.reduce((sum, { subset }) => sum + subset.rows.length, 0);
  return groups.flatMap(({ model, subset: { dataset, rows }, members }) => {
    const share = Math.min(rows.length, Math.ceil((rows.length * most) / total));
    const chosen = new Uint32Array(new SharedArrayBuffer(4 * share));
    for (let i = 0; i < share; i++) chosen[i] = rows[Math.floor((i * rows.length) / share)];
    return share === 0 ? [] : [{ model, subset: { dataset, rows: chosen }, members }];
  });
}

/** Runs all rows through their networks block by block, and returns what `of` reads off each block. */
function allBlocks(
  groups: readonly PredictedBy[],
  chosen: ChosenKernels,
  source: string,
  of: (rows: number, runner: Runner, model: RunnableModel) => ArrayLike<number>,
): Float64Array {
  const runnerOf = oneRunnerAtATime(chosen);
  const blocks = groups.flatMap(({ model, subset, members }) => {
    const own = runnerOf(model);
    return Array.from({ length: evaluationBlocks(subset) }, (_, block) => {
      const { from, to } = blockRows(subset, block);
      own.forward(subset, from, to, source, members);
      return of(to - from, own, model);
    });
  });
  const all = new Float64Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const values of blocks) {
    all.set(values, at);
    at += values.length;
  }
  return all;
}
