/** Collects a model's predictions for all rows of an evaluation, as metrics take them. */
import { type Subset, targetsOf } from '../data/dataset.js';
import { predictedQuantiles, predictedValues } from '../forward/predictions.js';
import { GrowingArray } from '../growing.js';
import type { TaskPredictions } from '../metrics/catalogue.js';
import { classPredictions } from '../metrics/predictions.js';
import { givesProbabilities } from '../network/layer.js';
import { classesOf } from './format.js';
import { classProbabilities, predictedClasses } from './outputs.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Probabilities that are held at once: 512 MiB. With more, there are no metrics of probabilities. */
const MOST_PROBABILITIES = 2 ** 27;

/** Takes the predictions of block after block, in the order of the rows, and what they are compared with. */
export interface Collection {
  /** Takes the predictions for rows `from … from + rows − 1` of the subset, from the output of a network. */
  add(runner: Runner, subset: Subset, from: number, rows: number): void;
  /** Returns the predictions for all rows, once all have been taken. */
  predictions(): TaskPredictions;
  /** Σ w·Div over the rows taken. */
  loss(): number;
}

/** The parts of a model that its predictions follow from, once it is in memory. */
type PredictingModel = Pick<ReadModel, 'layers' | 'schema' | 'calibration'>;

/**
 * Begins to collect predictions.
 * @param levels those of the quantiles that the network predicts
 * @param room rows to make room for, if it is known how many there will be
 */
export function collect(model: PredictingModel, levels: readonly number[], room = 0): Collection {
  const classes = classesOf(model.schema);
  const targets = new GrowingArray<Float64Array>(Float64Array, room);
  const weights = new GrowingArray<Float64Array>(Float64Array, 0);
  const into = classes ? classCollector(model, classes, room) : valueCollector(levels, room);
  let loss = 0;
  let weighted = false;
  let width = 1;
  return {
    add(runner, subset, from, count) {
      const { dataset, rows } = subset;
      const { rowLosses } = runner.context.workspace;
      const own = dataset.weights;
      const counts = own && Float64Array.from(rows.subarray(from, from + count), (row) => own[row]);
      for (let row = 0; row < count; row++) loss += (counts ? counts[row] : 1) * rowLosses[row];
      width = dataset.targetWidth;
      const values = targetsOf({ dataset, rows: rows.subarray(from, from + count) as Subset['rows'] });
      targets.append(values, values.length);
      if (counts) weights.append(counts, count);
      weighted = counts !== undefined;
      into.add(runner, count);
    },
    predictions: () =>
      into.predictions({ targets: targets.all(), weights: weighted ? weights.all() : null, width }),
    loss: () => loss,
  };
}

/** What the predictions are compared with, and what the rows count. */
interface Compared {
  readonly targets: Float64Array;
  readonly weights: Float64Array | null;
  /** Targets of a row. */
  readonly width: number;
}

interface Collector {
  add(runner: Runner, rows: number): void;
  predictions(compared: Compared): TaskPredictions;
}

function classCollector(model: PredictingModel, classes: readonly string[], room: number): Collector {
  const predicted = new GrowingArray<Uint32Array>(Uint32Array, room);
  const given = givesProbabilities(model.layers);
  let size = 0;
  let probabilities = given
    ? new GrowingArray<Float32Array>(Float32Array, Math.min(room * classes.length, MOST_PROBABILITIES))
    : null;
  return {
    add(runner, rows) {
      predicted.append(predictedClasses(runner.context, rows), rows);
      size += rows * classes.length;
      if (size > MOST_PROBABILITIES) probabilities = null;
      probabilities?.append(classProbabilities(model, runner, rows)!, rows * classes.length);
    },
    predictions: ({ targets, weights }) => ({
      task: 'classification',
      ...classPredictions({
        classes,
        targets,
        predicted: predicted.all(),
        probabilities: probabilities?.all() ?? null,
        weights,
      }),
    }),
  };
}

function valueCollector(levels: readonly number[], room: number): Collector {
  const predicted = new GrowingArray<Float64Array>(Float64Array, room);
  const quantiles =
    levels.length > 0 ? new GrowingArray<Float64Array>(Float64Array, room * levels.length) : null;
  return {
    add({ context, output }, rows) {
      const values = predictedValues(context, output, rows);
      predicted.append(values, values.length);
      const all = quantiles && predictedQuantiles(context, output, rows);
      if (all) quantiles.append(all, all.length);
    },
    predictions: ({ targets, weights, width }) => ({
      task: 'regression',
      outputs: width,
      targets,
      predicted: predicted.all(),
      levels,
      quantiles: quantiles?.all() ?? null,
      weights,
    }),
  };
}
