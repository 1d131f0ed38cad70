/** Reads predictions off a network's output, for as many rows as it holds. */
import { exp } from '../elementary.js';
import type { FloatArray } from '../kernels/kernels.js';
import { givesProbabilities, type Layer } from '../network/layer.js';
import { pointLevel } from '../network/quantiles.js';
import type { ForwardContext } from './context.js';

type Read = Pick<ForwardContext, 'objective' | 'encoding'>;

/** Returns the rows' predictions in the targets' own units and range: [R, targets]. */
export function predictedValues(context: Read, output: FloatArray, rows: number): Float64Array {
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
 * Returns the rows' quantiles in the targets' own units and range: [R, targets, levels]. Those of one target
 * are sorted, so that they never cross. A network that predicts one value has one, which is that value.
 */
export function predictedQuantiles(
  { objective, encoding: { targetShift, targetScale, targetMin, targetMax } }: Read,
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

/**
 * Returns a probability for each class and row as the network computes it, or null where it gives none. A
 * single output is the probability of the second of two classes.
 */
export function networkProbabilities(
  { layers }: { readonly layers: readonly Layer[] },
  { output }: { readonly output: FloatArray },
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
