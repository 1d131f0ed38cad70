import type { Subset } from '../data/dataset.js';
import type { KeptColumn } from '../data/tables/load.js';
import { exp } from '../elementary.js';
import { predictedClass } from '../forward/context.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import type { FloatArray } from '../kernels/kernels.js';
import { classesOf } from './format.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Predictions for R consecutive rows. */
export interface PredictionBatch {
  /** The first of the rows, counted from 0. */
  readonly from: number;
  /** [R, targets]: the class of each row, or the values of its targets in their own units. */
  readonly predicted: readonly (string | number)[];
  /** [R, classes], row by row; null for regression, and where the network gives no probabilities. */
  readonly probabilities: Float32Array | null;
}

/** A model's predictions for a data source. */
export interface Predictions {
  readonly rows: number;
  /** Names of the target columns: one for classes, one or more for values. */
  readonly targets: readonly string[];
  /** Names of the classes by index; null for regression. */
  readonly classes: readonly string[] | null;
  /** Says what was filled in or not recognised, one plain line each. */
  readonly notes: readonly string[];
  /** The columns of the source that were asked for, as they are written there. */
  readonly kept: readonly KeptColumn[];
  /** Predicts batch by batch, so that only one batch is in memory at a time. */
  batches(): Iterable<PredictionBatch>;
}

/** Returns the predictions of a model for loaded rows; the network runs when the batches are asked for. */
export function predictAll(
  model: ReadModel,
  runner: Runner,
  {
    subset,
    source,
    notes,
    kept,
  }: { subset: Subset; source: string; notes: readonly string[]; kept: readonly KeptColumn[] },
): Predictions {
  const { target } = model.schema;
  const rows = subset.rows.length;
  return {
    rows,
    targets: target.kind === 'classes' ? [target.name] : target.names,
    classes: classesOf(model.schema),
    notes,
    kept,
    *batches() {
      for (let block = 0; block < evaluationBlocks(subset); block++) {
        const { from, to } = blockRows(subset, block);
        runner.forward(subset, from, to, source);
        const predicted = predictedRows(model, runner, to - from);
        yield { from, predicted, probabilities: probabilities(model, runner, to - from) };
      }
    },
  };
}

function predictedRows({ schema }: ReadModel, { context, output }: Runner, rows: number) {
  if (schema.target.kind === 'classes') {
    const { classes } = schema.target;
    return Array.from(predictedClasses(context, rows), (index) => classes[index]);
  }
  return Array.from(predictedValues(context.encoding, output, rows));
}

/** Returns the class index of each row of the block that has just been through the network. */
export function predictedClasses({ workspace, objective }: Runner['context'], rows: number): Uint32Array {
  const { output, layers } = workspace.network;
  const N = layers[layers.length - 1].outputs;
  return Uint32Array.from({ length: rows }, (_, row) => predictedClass(output, row, N, objective.threshold));
}

/** Returns the block's outputs in the targets' own units, and within their range: [R, targets]. */
export function predictedValues(
  { targetShift, targetScale, targetMin, targetMax }: Runner['context']['encoding'],
  output: FloatArray,
  rows: number,
): Float64Array {
  const N = targetShift.length;
  return Float64Array.from({ length: rows * N }, (_, i) => {
    const value = output[i] / targetScale[i % N] + targetShift[i % N];
    return Math.min(Math.max(value, targetMin[i % N]), targetMax[i % N]);
  });
}

/**
 * Returns a probability for each class and row, or null where the network gives none. A single output is the
 * probability of the second of two classes.
 */
function probabilities({ layers }: ReadModel, { output }: Runner, rows: number): Float32Array | null {
  const { probabilities: meaning, outputs } = layers[layers.length - 1];
  if (meaning === 'distribution') return Float32Array.from(output.subarray(0, rows * outputs));
  if (meaning === 'logarithms') return Float32Array.from(output.subarray(0, rows * outputs), exp);
  if (meaning !== 'independent' || outputs !== 1) return null;
  return Float32Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? 1 - output[i >> 1] : output[i >> 1],
  );
}
