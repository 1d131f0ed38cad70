/** Reads a block of predictions off the network's output. */
import { withTemperature } from '../calibration/temperature.js';
import { exp } from '../elementary.js';
import { predictedClass } from '../forward/context.js';
import type { FloatArray } from '../kernels/kernels.js';
import { givesProbabilities } from '../network/layer.js';
import { pointLevel } from '../network/quantiles.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Returns the class index of each row of the block that has just been through the network. */
export function predictedClasses({ workspace, objective }: Runner['context'], rows: number): Uint32Array {
  const { output, layers } = workspace.network;
  const N = layers[layers.length - 1].outputs;
  return Uint32Array.from({ length: rows }, (_, row) => predictedClass(output, row, N, objective.threshold));
}

/** Returns the block's predictions in the targets' own units and range: [R, targets]. */
export function predictedValues(context: Runner['context'], output: FloatArray, rows: number): Float64Array {
  const { levels } = context.objective;
  const quantiles = predictedQuantiles(context, output, rows);
  if (levels.length === 0) return quantiles;
  const point = pointLevel(levels);
  return Float64Array.from(
    { length: quantiles.length / levels.length },
    (_, i) => quantiles[i * levels.length + point],
  );
}

/**
 * Returns the block's quantiles in the targets' own units and range: [R, targets, levels]. Those of one
 * target are sorted, so that they never cross. A network that predicts one value has one, which is that
 * value.
 */
export function predictedQuantiles(
  { objective, encoding: { targetShift, targetScale, targetMin, targetMax } }: Runner['context'],
  output: FloatArray,
  rows: number,
): Float64Array {
  const targets = targetShift.length;
  const Q = Math.max(1, objective.levels.length);
  const values = Float64Array.from({ length: rows * targets * Q }, (_, i) => {
    const target = Math.floor(i / Q) % targets;
    const value = output[i] / targetScale[target] + targetShift[target];
    return Math.min(Math.max(value, targetMin[target]), targetMax[target]);
  });
  for (let at = 0; Q > 1 && at < values.length; at += Q) values.subarray(at, at + Q).sort();
  return values;
}

/** Returns a probability for each class and row as the model predicts it, or null where it gives none. */
export function classProbabilities(
  { layers, calibration }: Pick<ReadModel, 'layers' | 'calibration'>,
  { output }: Pick<Runner, 'output'>,
  rows: number,
): Float32Array | null {
  const probabilities = networkProbabilities({ layers }, { output }, rows);
  if (probabilities === null || calibration?.kind !== 'classes' || !calibration.applied) return probabilities;
  return withTemperature({ probabilities, classes: probabilities.length / rows }, calibration.temperature);
}

/**
 * Returns a probability for each class and row as the network computes it, or null where it gives none. A
 * single output is the probability of the second of two classes.
 */
export function networkProbabilities(
  { layers }: Pick<ReadModel, 'layers'>,
  { output }: Pick<Runner, 'output'>,
  rows: number,
): Float32Array | null {
  if (!givesProbabilities(layers)) return null;
  const { probabilities: meaning, outputs } = layers[layers.length - 1];
  if (meaning === 'distribution') return Float32Array.from(output.subarray(0, rows * outputs));
  if (meaning === 'logarithms') return Float32Array.from(output.subarray(0, rows * outputs), exp);
  return Float32Array.from({ length: 2 * rows }, (_, i) =>
    i % 2 === 0 ? 1 - output[i >> 1] : output[i >> 1],
  );
}
