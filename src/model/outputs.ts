/** Reads a block of predictions off the network's output, as the model gives them. */
import { withTemperature } from '../calibration/temperature.js';
import { networkProbabilities } from '../forward/predictions.js';
import { predictedClass } from '../kernels/reference/scores.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** Returns the class index of each row of the block that has just been through the network. */
export function predictedClasses({ workspace, objective }: Runner['context'], rows: number): Uint32Array {
  const { output, layers } = workspace.network;
  const N = layers[layers.length - 1].outputs;
  return Uint32Array.from({ length: rows }, (_, row) => predictedClass(output, row, N, objective.threshold));
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
