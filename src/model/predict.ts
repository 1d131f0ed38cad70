import type { Subset } from '../data/dataset.js';
import type { KeptColumn } from '../data/tables/load.js';
import { blockRows, evaluationBlocks } from '../forward/evaluation.js';
import { type BlockOutput, readOutput } from './blockoutput.js';
import { classesOf } from './format.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import type { Uncertainty } from './uncertainty.js';

/** Says what to predict beside the classes or values. */
export interface PredictOptions {
  /** Columns to hand on as they are written in the source, or all of them. */
  readonly keep?: readonly string[] | 'all';
  /**
   * The probability with which the right answer is to lie in each interval, or in each set of classes, such
   * as 0.9.
   */
  readonly interval?: number;
}

/** Predictions for R consecutive rows. */
export interface PredictionBatch {
  /** The first of the rows, counted from 0. */
  readonly from: number;
  /** [R, targets]: the class of each row, or the values of its targets in their own units. */
  readonly predicted: readonly (string | number)[];
  /** [R, classes], row by row; null for regression, and where the network gives no probabilities. */
  readonly probabilities: Float32Array | null;
  /**
   * [R, targets, levels]: the quantiles of each target in rising order, in its own unit; null unless the
   * network predicts quantiles.
   */
  readonly quantiles: Float64Array | null;
  /**
   * [R, targets, 2]: the ends of the interval in which each target lies with the probability that was asked
   * for, in its own unit; null for classes, and where no interval was asked for.
   */
  readonly intervals: Float64Array | null;
  /**
   * [R]: the classes among which the right one is with the probability that was asked for, the most probable
   * first; null for values, and where no interval was asked for.
   */
  readonly sets: readonly (readonly string[])[] | null;
}

/** A model's predictions for a data source. */
export interface Predictions {
  readonly rows: number;
  /** Names of the target columns: one for classes, one or more for values. */
  readonly targets: readonly string[];
  /** The levels of the quantiles that the network predicts; null where it predicts none. */
  readonly quantiles: readonly number[] | null;
  /** Names of the classes by index; null for regression. */
  readonly classes: readonly string[] | null;
  /** Says what was filled in or not recognised, one plain line each. */
  readonly notes: readonly string[];
  /** The columns of the source that were asked for, as they are written there. */
  readonly kept: readonly KeptColumn[];
  /** Predicts batch by batch, so that only one batch is in memory at a time. */
  batches(): Iterable<PredictionBatch>;
}

/** Returns the predictions of a model for loaded rows; the network runs when the batches are asked for. */
export function predictAll(
  model: ReadModel,
  runner: Runner,
  {
    subset,
    source,
    notes,
    kept,
    uncertainty,
  }: {
    subset: Subset;
    source: string;
    notes: readonly string[];
    kept: readonly KeptColumn[];
    uncertainty: Uncertainty | null;
  },
): Predictions {
  const outcome = outcomeOf(model, runner);
  return {
    rows: subset.rows.length,
    ...outcome,
    notes,
    kept,
    *batches() {
      for (let block = 0; block < evaluationBlocks(subset); block++) {
        const { from, to } = blockRows(subset, block);
        runner.forward(subset, from, to, source);
        yield { from, ...named(outcome, readOutput(model, runner, uncertainty, to - from)) };
      }
    },
  };
}

/** What a model predicts, whatever the rows. */
export type Outcome = Pick<Predictions, 'targets' | 'quantiles' | 'classes'>;

/** Returns what a model predicts. */
export function outcomeOf(
  { schema }: Pick<ReadModel, 'schema'>,
  { context }: Pick<Runner, 'context'>,
): Outcome {
  const { target } = schema;
  const { levels } = context.objective;
  return {
    targets: target.kind === 'classes' ? [target.name] : target.names,
    quantiles: levels.length > 0 ? levels : null,
    classes: classesOf(schema),
  };
}

/** Gives the classes of predictions their names. */
export function named({ classes }: Outcome, output: BlockOutput): Omit<PredictionBatch, 'from'> {
  const { predicted, sets, ...others } = output;
  return {
    ...others,
    predicted: classes ? Array.from(predicted, (index) => classes[index]) : Array.from(predicted),
    sets: sets?.map((set) => set.map((index) => classes![index])) ?? null,
  };
}
