import { ahead } from '../ahead.js';
import { type BlockSource, blockSourceName, loadBlocks } from '../data/blocks.js';
import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import type { LoadBlocksOptions } from '../data/tables/loadblocks.js';
import { DataError, UsageError } from '../errors.js';
import type { EvaluationSums } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, varianceOf } from '../forward/metrics.js';
import type { TaskPredictions } from '../metrics/catalogue.js';
import { measureAll, type Scores } from '../metrics/measure.js';
import { totalWeight } from '../metrics/predictions.js';
import { type ClassScores, classScores, confusionMatrix } from '../metrics/tallies.js';
import { inBatches, numberOfRow } from './batches.js';
import { type Collection, collect } from './collect.js';
import { Calibrations, type Coverage, coverageOf, type EvaluatedUncertainty } from './coverage.js';
import { problemTypeOf } from './format.js';
import type { ReadModel } from './read.js';
import { type Runner, sumBlocks } from './runner.js';

/** The result of predicting rows whose targets are known. */
export interface Evaluation {
  readonly rows: number;
  /** The mean loss, and the accuracy or the root mean squared error. */
  readonly metrics: Metrics;
  /** Every metric of the task, by its name; one that is undefined for these rows says why. */
  readonly scores: Scores;
  /**
   * Classification: rows, or their weights, added up by [true class][predicted class]; null with more than
   * 1000 classes.
   */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Classification: precision, recall and F1 of each class. */
  readonly perClass: readonly ClassScores[] | null;
  /** Regression: the mean absolute error in the targets' own units, as a mean over the targets. */
  readonly mae: number | null;
  /** Regression: R², as in `metrics`; null where the targets are constant. */
  readonly r2: number | null;
  /** How the model's intervals or sets fare; null for a model that was not calibrated on enough rows. */
  readonly uncertainty: EvaluatedUncertainty | null;
  /**
   * Classification: the expected calibration error of the network's probabilities, and after scaling them by
   * the model's temperature; null where the network gives no probabilities.
   */
  readonly ece: { readonly before: number; readonly after: number | null } | null;
  /** Notes on what was filled or not recognised, one plain line each. */
  readonly notes: readonly string[];
}

const MOST_CLASSES = 1000;
/** With fewer resamples, the ends of a 95 % interval would be the least and the largest of them. */
const LEAST_RESAMPLES = 40;

/** Says how to evaluate, and what to compute beside the metrics. */
export interface EvaluateOptions {
  /** Tables: the column that says what each row counts in every metric, written as plain numbers. */
  readonly weights?: string;
  /** Resamples of the rows from which the metrics' 95 % intervals come; 1000 or more are usual. */
  readonly bootstrap?: number;
  /** The seed of the resamples, 1 by default. */
  readonly seed?: number;
}

/** The rows of an evaluation, what messages call them, and notes on how they were read. */
interface EvaluatedRows {
  readonly subset: Subset;
  readonly source: string;
  readonly notes: readonly string[];
}

/** An evaluation with the predictions that it is made of. */
interface Evaluated {
  readonly evaluation: Evaluation;
  readonly predictions: TaskPredictions;
}

/** Evaluates a model on rows with targets, in the blocks and the order of an evaluation during training. */
export function evaluatePredictions(
  model: ReadModel,
  runner: Runner,
  { subset, source, notes }: EvaluatedRows,
  options: EvaluateOptions = {},
): Evaluated {
  const evaluator = new Evaluator(model, runner, options, subset.rows.length);
  evaluator.add(subset, source);
  return evaluator.result(source, notes);
}

/**
 * Evaluates a model on a source that may be larger than memory, to the same bits. Of each row only its
 * predictions, its target and its weight are kept, which the metrics need.
 */
export async function evaluateStream(
  model: ReadModel,
  runner: Runner,
  source: BlockSource,
  { blockRows, ...options }: EvaluateOptions & Pick<LoadBlocksOptions, 'blockRows'>,
): Promise<Evaluation> {
  const name = blockSourceName(source);
  const notes: string[] = [];
  const { weights } = options;
  const blocks = loadBlocks(source, model.schema, { needTargets: true, weights, blockRows }, notes);
  const evaluator = new Evaluator(model, runner, options);
  for await (const block of inBatches(ahead(blocks, AHEAD))) {
    evaluator.add(block.subset, (row) => `${name}: row ${numberOfRow(block, row) + 1}`);
  }
  return evaluator.result(name, notes).evaluation;
}

/** Blocks that are read ahead, while others are evaluated. */
const AHEAD = 3;

/** Takes rows block by block, all but the last of whole evaluation blocks, and measures the predictions. */
class Evaluator {
  readonly #collection: Collection;
  readonly #calibration: Calibrations;
  readonly #covered: Coverage | null;
  #sums: EvaluationSums = { loss: 0, score: 0 };
  #rows = 0;
  #weighted = false;

  /** @param room rows to make room for, if it is known how many there will be */
  constructor(
    private readonly model: ReadModel,
    private readonly runner: Runner,
    private readonly options: EvaluateOptions,
    room = 0,
  ) {
    const { bootstrap } = options;
    if (bootstrap !== undefined && !(Number.isSafeInteger(bootstrap) && bootstrap >= LEAST_RESAMPLES)) {
      throw new UsageError(
        `bootstrap ${bootstrap}: expected a whole number from ${LEAST_RESAMPLES}, since the ends of an interval are rare`,
      );
    }
    this.#collection = collect(model, runner.context.objective.levels, room);
    this.#calibration = new Calibrations(model, runner);
    this.#covered = coverageOf(model, runner);
  }

  /** @param place names the rows in errors, as `Runner.forward` takes it */
  add(subset: Subset, place: Parameters<Runner['forward']>[3]): void {
    const observe = (from: number, count: number) => {
      this.#collection.add(this.runner, subset, from, count);
      this.#calibration.add(subset, from, count);
      this.#covered?.add(subset, from, count);
    };
    this.#sums = sumBlocks(this.runner, subset, place, { observe, before: this.#sums });
    this.#rows += subset.rows.length;
    this.#weighted = subset.dataset.weights !== undefined;
  }

  result(source: string, notes: readonly string[]): Evaluated {
    const rows = this.#rows;
    if (rows === 0) throw new DataError(`${source}: there are no rows to evaluate`);
    const { bootstrap, seed = 1 } = this.options;
    const predictions = this.#collection.predictions();
    const weight = totalWeight(predictions);
    if (!(weight > 0))
      throw new DataError(`${source}: all ${rows} rows have weight 0; nothing can be measured`);
    const scores = measureAll(predictions, bootstrap === undefined ? null : { resamples: bootstrap, seed });
    const metrics = this.#weighted
      ? weightedMetrics(this.#collection.loss() / weight, scores)
      : plainMetrics(this.model, predictions, { ...this.#sums, rows });
    const classified = predictions.task === 'classification' ? predictions : null;
    const few = classified !== null && classified.classes.length <= MOST_CLASSES;
    const evaluation: Evaluation = {
      rows,
      metrics,
      scores,
      confusion: few ? confusionMatrix(classified) : null,
      perClass: classified && classScores(classified),
      mae: scores.mae?.value ?? null,
      r2: metrics.r2 ?? null,
      uncertainty: this.#covered?.summary() ?? null,
      ece: classified && this.#calibration.errors,
      notes,
    };
    return { evaluation, predictions };
  }
}

/** Returns the means that training reports too, from the same sums in the same order. */
function plainMetrics(
  { schema }: ReadModel,
  predictions: TaskPredictions,
  { rows, ...sums }: EvaluationSums & { readonly rows: number },
): Metrics {
  const problemType = problemTypeOf(schema);
  const variance =
    predictions.task === 'regression' ? varianceOf(predictions.targets, predictions.outputs) : undefined;
  return meanMetrics(problemType, outputsOf(schema), { ...sums, rows, weight: rows, variance });
}

/** Returns the same of weighted rows, which training does not have. */
function weightedMetrics(loss: number, { accuracy, rmse, r2 }: Scores): Metrics {
  const found = { accuracy: accuracy?.value, rmse: rmse?.value, r2: r2?.value };
  const defined = Object.entries(found).filter(([, value]) => typeof value === 'number');
  return { loss, ...Object.fromEntries(defined) };
}
