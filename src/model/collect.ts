/** Collects a model's predictions for all rows of an evaluation, as metrics take them. */
import { type Subset, targetsOf } from '../data/dataset.js';
import { predictedQuantiles, predictedValues } from '../forward/predictions.js';
import type { TaskPredictions } from '../metrics/catalogue.js';
import { classPredictions } from '../metrics/predictions.js';
import { givesProbabilities } from '../network/layer.js';
import { classesOf } from './format.js';
import { classProbabilities, predictedClasses } from './outputs.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Probabilities that are held at once: 512 MiB. With more, there are no metrics of probabilities. */
const MOST_PROBABILITIES = 2 ** 27;

/** Takes the predictions of block after block, in the order of the rows. */
interface Collection {
  /** Takes `rows` predictions from the output of a network, which are those from row `from` on. */
  add(runner: Runner, from: number, rows: number): void;
  /** Returns the predictions for all rows, once all have been taken. */
  predictions(): TaskPredictions;
  /** Σ w·Div over the rows taken. */
  loss(): number;
}

/** The parts of a model that its predictions follow from, once it is in memory. */
type PredictingModel = Pick<ReadModel, 'layers' | 'schema' | 'calibration'>;

/**
 * Begins to collect the predictions for a subset's rows.
 * @param levels those of the quantiles that the network predicts
 */
export function collect(model: PredictingModel, levels: readonly number[], subset: Subset): Collection {
  const { dataset, rows } = subset;
  const N = dataset.targetWidth;
  const targets = targetsOf(subset);
  const weights = dataset.weights ? Float64Array.from(rows, (row) => dataset.weights![row]) : null;
  const into = classesOf(model.schema)
    ? classCollector(model, targets, weights)
    : valueCollector(levels, N, targets, weights);
  let loss = 0;
  return {
    add(runner, from, count) {
      const { rowLosses } = runner.context.workspace;
      for (let row = 0; row < count; row++) loss += (weights ? weights[from + row] : 1) * rowLosses[row];
      into.add(runner, from, count);
    },
    predictions: into.predictions,
    loss: () => loss,
  };
}

type Collector = Omit<Collection, 'loss'>;

function classCollector(
  model: PredictingModel,
  targets: Float64Array,
  weights: Float64Array | null,
): Collector {
  const classes = classesOf(model.schema)!;
  const predicted = new Uint32Array(targets.length);
  const size = targets.length * classes.length;
  const held = givesProbabilities(model.layers) && size <= MOST_PROBABILITIES;
  const probabilities = held ? new Float32Array(size) : null;
  return {
    add(runner, from, rows) {
      predicted.set(predictedClasses(runner.context, rows), from);
      if (probabilities === null) return;
      probabilities.set(classProbabilities(model, runner, rows)!, from * classes.length);
    },
    predictions: () => ({
      task: 'classification',
      ...classPredictions({ classes, targets, predicted, probabilities, weights }),
    }),
  };
}

function valueCollector(
  levels: readonly number[],
  outputs: number,
  targets: Float64Array,
  weights: Float64Array | null,
): Collector {
  const predicted = new Float64Array(targets.length);
  const quantiles = levels.length > 0 ? new Float64Array(targets.length * levels.length) : null;
  return {
    add({ context, output }, from, rows) {
      predicted.set(predictedValues(context, output, rows), from * outputs);
      quantiles?.set(predictedQuantiles(context, output, rows), from * outputs * levels.length);
    },
    predictions: () => ({
      task: 'regression',
      outputs,
      targets,
      predicted,
      levels,
      quantiles,
      weights,
    }),
  };
}
