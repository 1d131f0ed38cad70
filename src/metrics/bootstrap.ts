/**
 * Bootstrap intervals of metrics on a test set (Efron 1979). A resample draws as many rows as there are, with
 * replacement; that is the same as giving each row the weight of how often it was drawn, so predictions are
 * computed and ranked once.
 */
import { PURPOSE, Stream } from '../random.js';
import { percentileInterval } from '../statistics.js';
import { type MetricName, metricValue, type TaskPredictions } from './catalogue.js';

/** The ends of a 95 % interval. */
interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns the 95 % percentile interval of each metric. Null where more than 2.5 % of the resamples leave the
 * metric undefined, for instance because a class is so rare that they have none of its rows.
 *
 * @param seed a resample is a function of seed, its number and the number of rows alone
 */
export function bootstrapIntervals(
  names: readonly MetricName[],
  predictions: TaskPredictions,
  { resamples, seed }: { readonly resamples: number; readonly seed: number },
): (Interval | null)[] {
  const found = names.map(() => [] as number[]);
  for (let b = 0; b < resamples; b++) {
    const resampled: TaskPredictions = { ...predictions, weights: resampledWeights(predictions, seed, b) };
    names.forEach((name, i) => {
      const value = metricValue(name, resampled);
      if (typeof value === 'number') found[i].push(value);
    });
  }
  return found.map((values) => (values.length < 0.975 * resamples ? null : percentileInterval(values)));
}

/** Returns how often each row is drawn, times its own weight. */
function resampledWeights(predictions: TaskPredictions, seed: number, resample: number): Float64Array {
  const outputs = predictions.task === 'regression' ? predictions.outputs : 1;
  const rows = predictions.targets.length / outputs;
  const stream = new Stream(seed, PURPOSE.bootstrap, resample);
  const weights = new Float64Array(rows);
  for (let draw = 0; draw < rows; draw++) {
    const row = stream.below(rows);
    weights[row] += predictions.weights === null ? 1 : predictions.weights[row];
  }
  return weights;
}
