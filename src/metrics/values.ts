/** Metrics of predicted numbers, each a mean over the targets where there are several, unless it says so. */
import { mean } from '../statistics.js';
import { totalWeight, type Undefined, undefinedBecause, type ValuePredictions } from './predictions.js';

/** Returns the mean over the rows of what `cost` says of the value at index i of [R, N], for each target. */
function meansByTarget(predictions: ValuePredictions, cost: (i: number) => number): number[] {
  const { outputs, targets, weights } = predictions;
  const sums = new Array<number>(outputs).fill(0);
  for (let i = 0; i < targets.length; i++) {
    const weight = weights === null ? 1 : weights[Math.floor(i / outputs)];
    sums[i % outputs] += weight * cost(i);
  }
  const total = totalWeight(predictions);
  return sums.map((sum) => sum / total);
}

export function meanAbsoluteError(predictions: ValuePredictions): number {
  const { targets, predicted } = predictions;
  return mean(meansByTarget(predictions, (i) => Math.abs(predicted[i] - targets[i])));
}

/** Returns the square root of the mean squared error over all targets together. */
export function rootMeanSquaredError(predictions: ValuePredictions): number {
  const { targets, predicted } = predictions;
  return Math.sqrt(mean(meansByTarget(predictions, (i) => (predicted[i] - targets[i]) ** 2)));
}

/** Returns the mean of |y − d|/|d|, as a share, not in percent. */
export function meanAbsolutePercentageError(predictions: ValuePredictions): number | Undefined {
  const { targets, predicted, weights, outputs } = predictions;
  for (let i = 0; i < targets.length; i++) {
    const counts = weights === null || weights[Math.floor(i / outputs)] > 0;
    if (counts && targets[i] === 0) return undefinedBecause('a target is 0, and nothing is a share of 0');
  }
  // A row that does not count may hold a target of 0; its cost is then left out rather than infinite.
  return mean(
    meansByTarget(predictions, (i) =>
      targets[i] === 0 ? 0 : Math.abs(predicted[i] - targets[i]) / Math.abs(targets[i]),
    ),
  );
}

/** Returns the median of |y − d|: where half of the weight lies exactly below two values, their mean. */
export function medianAbsoluteError(predictions: ValuePredictions): number {
  const { targets, predicted, weights, outputs } = predictions;
  const medians = Array.from({ length: outputs }, (_, target) => {
    const rows = targets.length / outputs;
    const errors = Float64Array.from({ length: rows }, (_, row) => {
      const i = row * outputs + target;
      return Math.abs(predicted[i] - targets[i]);
    });
    return weightedMedian(errors, weights);
  });
  return mean(medians);
}

function weightedMedian(values: Float64Array, weights: ArrayLike<number> | null): number {
  const counted = [...values.keys()].filter((row) => weights === null || weights[row] > 0);
  const order = Uint32Array.from(counted).sort((a, b) => values[a] - values[b]);
  const weight = (row: number) => (weights === null ? 1 : weights[row]);
  const half = order.reduce((sum, row) => sum + weight(row), 0) / 2;
  let below = 0;
  for (const [at, row] of order.entries()) {
    below += weight(row);
    if (below > half || at === order.length - 1) return values[row];
    if (below === half) return (values[row] + values[order[at + 1]]) / 2;
  }
  return Number.NaN;
}

/**
 * Returns R² = 1 − Σ(y−d)²/Σ(d−mean d)² over all targets together, as scikit-learn's `variance_weighted`
 * does.
 */
export function determination(predictions: ValuePredictions): number | Undefined {
  const { targets, predicted } = predictions;
  const residual = meansByTarget(predictions, (i) => (predicted[i] - targets[i]) ** 2);
  return explained(predictions, residual);
}

/** Returns 1 − Var(y−d)/Var(d) over all targets together: R² once the mean error is taken off. */
export function explainedVariance(predictions: ValuePredictions): number | Undefined {
  const { targets, predicted } = predictions;
  return explained(
    predictions,
    variances(predictions, (i) => predicted[i] - targets[i]),
  );
}

function explained(predictions: ValuePredictions, residual: readonly number[]): number | Undefined {
  if (isConstant(predictions)) return undefinedBecause('the targets are constant');
  const whole = variances(predictions, (i) => predictions.targets[i]);
  return 1 - mean(residual) / mean(whole);
}

function variances(predictions: ValuePredictions, value: (i: number) => number): number[] {
  const means = meansByTarget(predictions, value);
  return meansByTarget(predictions, (i) => (value(i) - means[i % predictions.outputs]) ** 2);
}

/** Whether each target has the same value in all rows that count. */
function isConstant({ targets, outputs, weights }: ValuePredictions): boolean {
  const first = new Array<number | undefined>(outputs).fill(undefined);
  for (let i = 0; i < targets.length; i++) {
    if (weights !== null && !(weights[Math.floor(i / outputs)] > 0)) continue;
    const target = i % outputs;
    first[target] ??= targets[i];
    if (targets[i] !== first[target]) return false;
  }
  return true;
}

/**
 * Returns the mean pinball loss of the predicted quantiles, over all levels; of a single prediction that at
 * level 0.5, which is half of the mean absolute error.
 */
export function pinball(predictions: ValuePredictions): number {
  const { targets, predicted, quantiles } = predictions;
  const levels = quantiles === null ? [0.5] : predictions.levels;
  const losses = levels.map((level, q) =>
    mean(
      meansByTarget(predictions, (i) => {
        const error = targets[i] - (quantiles === null ? predicted[i] : quantiles[i * levels.length + q]);
        return error >= 0 ? level * error : (level - 1) * error;
      }),
    ),
  );
  return mean(losses);
}
