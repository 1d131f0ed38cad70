/** Prediction intervals and prediction sets of a model at the level that somebody asks for. */
import { conformalQuantile, highestLevel, interval, predictionSet } from '../calibration/conformal.js';
import { DataError, UsageError } from '../errors.js';
import { predictedQuantiles } from '../forward/predictions.js';
import { givesProbabilities } from '../network/layer.js';
import { pointLevel, quantilePairs } from '../network/quantiles.js';
import { classProbabilities } from './outputs.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Reads intervals and sets off a block of rows that has just been through the network. */
export interface Uncertainty {
  /** [R, targets, 2]: the two ends of each target's interval, in its own unit; null for classes. */
  intervals(runner: Runner, rows: number): Float64Array | null;
  /** [R]: the indices of the classes in each row's set, the most probable first; null for values. */
  sets(runner: Runner, rows: number): readonly (readonly number[])[] | null;
}

/**
 * Returns the intervals or sets of a model that hold the right answer with a probability of at least `level`.
 * @throws UsageError for a level that is impossible, or too high for the rows the model was calibrated on
 * @throws DataError for a model that was not calibrated
 */
export function uncertaintyAt(model: ReadModel, level: number): Uncertainty {
  if (!(level > 0 && level < 1)) {
    throw new UsageError(`interval: expected a level between 0 and 1, such as 0.9, found ${level}`);
  }
  const { calibration, file, layers, schema } = model;
  if (calibration === null) throw new DataError(`${file}: ${uncalibrated(layers, schema)}`);
  const { rows } = calibration;
  if (level > highestLevel(rows)) {
    const needed = Math.ceil(level / (1 - level) - 1e-9);
    throw new UsageError(
      `interval: ${level} needs ${needed} validation rows, but ${file} was calibrated on ${rows}: ask for ${roundedDown(highestLevel(rows))} at most, or train with more (--val)`,
    );
  }
  if (calibration.kind === 'classes') {
    const quantile = conformalQuantile(calibration.scores, rows, level);
    return {
      intervals: () => null,
      sets(runner, count) {
        const probabilities = classProbabilities(model, runner, count)!;
        const classes = probabilities.length / count;
        return Array.from({ length: count }, (_, row) =>
          predictionSet({ probabilities, classes }, row, quantile),
        );
      },
    };
  }
  return {
    sets: () => null,
    intervals({ context, output }, count) {
      const { levels } = context.objective;
      const Q = Math.max(1, levels.length);
      const pair = nearestPair(levels, level);
      const { low, high } = quantilePairs(Q)[pair];
      const point = levels.length > 0 ? pointLevel(levels) : 0;
      const widen = calibration.scores.map((pairs) => conformalQuantile(pairs[pair], rows, level));
      const values = predictedQuantiles(context, output, count);
      const ends = new Float64Array((2 * values.length) / Q);
      for (let i = 0; i < ends.length / 2; i++) {
        const at = i * Q;
        const range = { low: values[at + low], high: values[at + high] };
        const found = interval(range, values[at + point], widen[i % widen.length]);
        ends[2 * i] = found.low;
        ends[2 * i + 1] = found.high;
      }
      return ends;
    },
  };
}

/** Returns the number of the pair of quantiles whose nominal coverage is nearest to a level. */
function nearestPair(levels: readonly number[], level: number): number {
  const distances = quantilePairs(levels.length).map(({ low, high }) =>
    Math.abs((levels[high] ?? 0) - (levels[low] ?? 0) - level),
  );
  return distances.indexOf(Math.min(...distances));
}

function uncalibrated(layers: ReadModel['layers'], { target }: ReadModel['schema']): string {
  if (target.kind === 'classes' && !givesProbabilities(layers)) {
    return 'its network gives no probabilities, so there are no prediction sets: train with loss crossEntropy';
  }
  return 'it was trained without validation rows, or by an earlier gradpool, so it knows no intervals: train it again with validation rows (--val 0.2)';
}

/** Rounds a level down to 4 digits, so that it may be asked for. */
function roundedDown(level: number): number {
  return Math.floor(1e4 * level) / 1e4;
}
