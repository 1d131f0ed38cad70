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
  /** Takes `rows` predictions from the network's output, which are those from row `from` on. */
  add(from: number, rows: number): void;
  /** Returns the predictions for all rows, once all have been taken. */
  predictions(): TaskPredictions;
  /** Σ w·Div over the rows taken. */
  loss(): number;
}

/** The parts of a model that its predictions follow from, once it is in memory. */
type PredictingModel = Pick<ReadModel, 'layers' | 'schema' | 'calibration'>;

/** Begins to collect the predictions for a subset's rows. */
export function collect(model: PredictingModel, runner: Runner, subset: Subset): Collection {
  const { dataset, rows } = subset;
  const N = dataset.targetWidth;
  const targets = targetsOf(subset);
  const weights = dataset.weights ? Float64Array.from(rows, (row) => dataset.weights![row]) : null;
  const into = classesOf(model.schema)
    ? classCollector(model, runner, targets, weights)
    : valueCollector(runner, N, targets, weights);
  let loss = 0;
  return {
    add(from, count) {
      const { rowLosses } = runner.context.workspace;
      for (let row = 0; row < count; row++) loss += (weights ? weights[from + row] : 1) * rowLosses[row];
      into.add(from, count);
    },
    predictions: into.predictions,
    loss: () => loss,
  };
}

type Collector = Omit<Collection, 'loss'>;

function classCollector(
  model: PredictingModel,
  runner: Runner,
  targets: Float64Array,
  weights: Float64Array | null,
): Collector {
  const classes = classesOf(model.schema)!;
  const predicted = new Uint32Array(targets.length);
  const size = targets.length * classes.length;
  const held = givesProbabilities(model.layers) && size <= MOST_PROBABILITIES;
  const probabilities = held ? new Float32Array(size) : null;
  return {
    add(from, rows) {
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
  { context, output }: Runner,
  outputs: number,
  targets: Float64Array,
  weights: Float64Array | null,
): Collector {
  const { levels } = context.objective;
  const predicted = new Float64Array(targets.length);
  const quantiles = levels.length > 0 ? new Float64Array(targets.length * levels.length) : null;
  return {
    add(from, rows) {
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
