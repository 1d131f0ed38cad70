/** Reads what a model predicts off its network, for a batch of rows or for a block of batches. */
import type { Subset } from '../data/dataset.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import { predictedQuantiles, predictedValues } from '../forward/predictions.js';
import { classesOf } from './format.js';
import { classProbabilities, predictedClasses } from './outputs.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import type { Uncertainty } from './uncertainty.js';

/** Predictions for R rows, which may be handed from thread to thread. */
export interface BlockOutput {
  /** [R]: the index of each row's class; or [R, targets]: its values in their own units. */
  readonly predicted: Uint32Array | Float64Array;
  /** [R, classes]; null for regression, and where the network gives no probabilities. */
  readonly probabilities: Float32Array | null;
  /** [R, targets, levels]; null unless the network predicts quantiles. */
  readonly quantiles: Float64Array | null;
  /** [R, targets, 2]; null for classes, and where no interval was asked for. */
  readonly intervals: Float64Array | null;
  /** [R]: indices of classes; null for values, and where no sets were asked for. */
  readonly sets: readonly (readonly number[])[] | null;
}

/** Returns the predictions for the rows that have just been through the network. */
export function readOutput(
  model: ReadModel,
  runner: Runner,
  uncertainty: Uncertainty | null,
  rows: number,
): BlockOutput {
  const { context, output } = runner;
  const classes = classesOf(model.schema);
  return {
    predicted: classes ? predictedClasses(context, rows) : predictedValues(context, output, rows),
    probabilities: classes && classProbabilities(model, runner, rows),
    quantiles: context.objective.levels.length > 0 ? predictedQuantiles(context, output, rows) : null,
    intervals: uncertainty?.intervals(runner, rows) ?? null,
    sets: uncertainty?.sets(runner, rows) ?? null,
  };
}

/**
 * Predicts the rows of a subset batch by batch.
 * @param place names a row of the dataset in errors
 */
export function predictBlock(
  model: ReadModel,
  runner: Runner,
  uncertainty: Uncertainty | null,
  subset: Subset,
  place: (row: number) => string,
): BlockOutput {
  const batches = Array.from({ length: evaluationBlocks(subset) }, (_, block) => {
    const { from, to } = blockRows(subset, block);
    runner.forward(subset, from, to, place);
    return readOutput(model, runner, uncertainty, to - from);
  });
  const [first] = batches;
  if (batches.length === 1) return first;
  const all = <T extends Uint32Array | Float32Array | Float64Array>(part: (batch: BlockOutput) => T | null) =>
    concatenated(batches.flatMap((batch) => part(batch) ?? []));
  return {
    predicted: all(({ predicted }) => predicted)!,
    probabilities: all(({ probabilities }) => probabilities),
    quantiles: all(({ quantiles }) => quantiles),
    intervals: all(({ intervals }) => intervals),
    sets: first.sets && batches.flatMap(({ sets }) => sets ?? []),
  };
}

function concatenated<T extends Uint32Array | Float32Array | Float64Array>(parts: readonly T[]): T | null {
  if (parts.length === 0) return null;
  const Type = parts[0].constructor as new (length: number) => T;
  const all = new Type(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part as never, at);
    at += part.length;
  }
  return all;
}
