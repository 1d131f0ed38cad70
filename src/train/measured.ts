/** The configured metric of the validation rows, from the predictions that their evaluation has kept. */
import { targetsOf } from '../data/dataset.js';
import type { ForwardContext } from '../forward/context.js';
import { networkProbabilities, predictedQuantiles, predictedValues } from '../forward/predictions.js';
import { type MetricName, metricValue, type TaskPredictions } from '../metrics/catalogue.js';
import { type OwnMetric, ownValue } from '../metrics/own.js';
import { classPredictions } from '../metrics/predictions.js';
import type { TrainConfig } from './config.js';
import type { TrainingMemory } from './memory.js';
import { criterionOf } from './metric.js';
import type { TrainingPlan } from './plan.js';

/**
 * Returns the function that reads the predictions for the validation rows off the memory. Which worker left
 * them there changes no bit, and metrics go through the rows in their order.
 */
export function keptPredictions(
  { data, layers, objective }: Pick<TrainingPlan, 'data' | 'layers' | 'objective'>,
  { encoding }: Pick<ForwardContext, 'encoding'>,
): (kept: Pick<TrainingMemory, 'outputs' | 'predicted'>) => TaskPredictions {
  const val = data.val!;
  const { dataset, rows } = val;
  const targets = targetsOf(val);
  const weights = dataset.weights ? Float64Array.from(rows, (row) => dataset.weights![row]) : null;
  const { classes } = data;
  return ({ outputs: output, predicted }) => {
    if (classes !== null) {
      const probabilities = networkProbabilities({ layers }, { output }, rows.length);
      return {
        task: 'classification',
        ...classPredictions({ classes, targets, predicted, probabilities, weights }),
      };
    }
    const { levels } = objective;
    const read = { objective, encoding };
    return {
      task: 'regression',
      outputs: dataset.targetWidth,
      targets,
      predicted: predictedValues(read, output, rows.length),
      levels,
      quantiles: levels.length > 0 ? predictedQuantiles(read, output, rows.length) : null,
      weights,
    };
  };
}

/**
 * Returns the metric by its name, or nothing where it has no value. During training rows count alike in
 * gradpool's own metrics, as they do in the loss of an evaluation; a program's own metric is given the
 * weights.
 */
export function measuredMetric(
  config: TrainConfig,
  predictions: TaskPredictions,
  own: OwnMetric | undefined,
): Record<string, number> {
  const { name, isOwn } = criterionOf(config);
  if (isOwn) return own ? { [name]: ownValue(own, predictions) } : {};
  const value = metricValue(name as MetricName, { ...predictions, weights: null });
  return typeof value === 'number' ? { [name]: value } : {};
}
