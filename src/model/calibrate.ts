/** Measures on rows with targets how sure a model's predictions are. */
import { calibrateClasses, calibrateValues } from '../calibration/calibrate.js';
import type { Calibration } from '../calibration/record.js';
import type { Subset } from '../data/dataset.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import { chooseKernels } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import { givesProbabilities, outputWidth } from '../network/layer.js';
import { quantilePairs } from '../network/quantiles.js';
import { networkProbabilities, predictedQuantiles } from './outputs.js';
import { createRunner, type RunnableModel, type Runner } from './runner.js';

/** Rows and outputs that are calibrated on, at most: more would take seconds and change nothing. */
const MOST = { rows: 100_000, outputs: 2_000_000 } as const;

interface CalibrationOptions {
  readonly kernels: KernelName;
  /** Whether predicted probabilities are to be scaled by the temperature. */
  readonly applied: boolean;
  /** Names the rows in errors. */
  readonly source: string;
}

/**
 * Computes the calibration of a model from rows that it was not trained on; null for a classifier that gives
 * no probabilities. The rows go through the network as they do in a prediction.
 */
export function calibrateModel(
  model: RunnableModel,
  subset: Subset,
  { kernels, applied, source }: CalibrationOptions,
): Calibration | null {
  const { target } = model.schema;
  if (target.kind === 'classes' && !givesProbabilities(model.layers)) return null;
  const runner = createRunner(model, chooseKernels({ kernels, precision: 'f32' }));
  const chosen = someRows(subset, Math.min(MOST.rows, Math.ceil(MOST.outputs / outputWidth(model.layers))));
  const predict = (of: (rows: number) => ArrayLike<number>) => allBlocks(runner, chosen, source, of);
  const { targets, targetWidth } = chosen.dataset;
  if (target.kind === 'classes') {
    const probabilities = predict((rows) => networkProbabilities(model, runner, rows)!);
    const labels = Array.from(chosen.rows, (row) => targets[row]);
    return calibrateClasses({ probabilities, classes: target.classes.length, labels }, applied);
  }
  const { context, output } = runner;
  const quantiles = predict((rows) => predictedQuantiles(context, output, rows));
  const Q = Math.max(1, context.objective.levels.length);
  return calibrateValues(
    target.names.map((_, t) => {
      const known = Array.from(chosen.rows, (row) => targets[row * targetWidth + t]);
      return quantilePairs(Q).map(({ low, high }) => ({
        targets: known,
        ranges: known.map((_, row) => {
          const at = (row * targetWidth + t) * Q;
          return { low: quantiles[at + low], high: quantiles[at + high] };
        }),
      }));
    }),
  );
}

/** Returns a subset of at most `most` rows, evenly spread. */
function someRows({ dataset, rows }: Subset, most: number): Subset {
  if (rows.length <= most) return { dataset, rows };
  const chosen = new Uint32Array(new SharedArrayBuffer(4 * most));
  for (let i = 0; i < most; i++) chosen[i] = rows[Math.floor((i * rows.length) / most)];
  return { dataset, rows: chosen };
}

/** Runs all rows through the network block by block, and returns what `of` reads off each block. */
function allBlocks(
  { forward }: Runner,
  subset: Subset,
  source: string,
  of: (rows: number) => ArrayLike<number>,
): Float64Array {
  let all: Float64Array | null = null;
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    const { from, to } = blockRows(subset, block);
    forward(subset, from, to, source);
    const values = of(to - from);
    const width = values.length / (to - from);
    all ??= new Float64Array(width * subset.rows.length);
    all.set(values, from * width);
  }
  return all ?? new Float64Array();
}
