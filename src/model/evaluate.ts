import { highestLevel } from '../calibration/conformal.js';
import { CalibrationError } from '../calibration/ece.js';
import { withTemperature } from '../calibration/temperature.js';
import { type Subset, targetAt } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DataError, UsageError } from '../errors.js';
import type { EvaluationSums } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, targetVariance } from '../forward/metrics.js';
import { networkProbabilities } from '../forward/predictions.js';
import type { TaskPredictions } from '../metrics/catalogue.js';
import { measureAll, type Scores } from '../metrics/measure.js';
import { totalWeight } from '../metrics/predictions.js';
import { type ClassScores, classScores, confusionMatrix } from '../metrics/tallies.js';
import { givesProbabilities } from '../network/layer.js';
import { collect } from './collect.js';
import { classesOf, problemTypeOf } from './format.js';
import type { ReadModel } from './read.js';
import { type Runner, sumBlocks } from './runner.js';
import { type Uncertainty, uncertaintyAt } from './uncertainty.js';

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

/** How often intervals or sets hold the right answer, and how large they are. */
export interface EvaluatedUncertainty {
  /** The probability with which they should hold it. */
  readonly level: number;
  /** The share of rows in which they do; as a mean over the targets. */
  readonly coverage: number;
  /** Regression: the mean width of the intervals in the targets' own units, as a mean over the targets. */
  readonly width: number | null;
  /** Classification: the mean number of classes in a set. */
  readonly size: number | null;
}

/** The level of intervals and sets that are evaluated. */
const LEVEL = 0.9;

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

/** Evaluates a model on rows with targets, in the blocks and the order of an evaluation during training. */
export function evaluateModel(
  model: ReadModel,
  runner: Runner,
  rows: EvaluatedRows,
  options: EvaluateOptions = {},
): Evaluation {
  return evaluatePredictions(model, runner, rows, options).evaluation;
}

/** Evaluates a model as `evaluateModel` does, and returns the predictions too. */
export function evaluatePredictions(
  model: ReadModel,
  runner: Runner,
  { subset, source, notes }: EvaluatedRows,
  { bootstrap, seed = 1 }: EvaluateOptions = {},
): { readonly evaluation: Evaluation; readonly predictions: TaskPredictions } {
  const rows = subset.rows.length;
  if (rows === 0) throw new DataError(`${source}: there are no rows to evaluate`);
  if (bootstrap !== undefined && !(Number.isSafeInteger(bootstrap) && bootstrap >= LEAST_RESAMPLES)) {
    throw new UsageError(
      `bootstrap ${bootstrap}: expected a whole number from ${LEAST_RESAMPLES}, since the ends of an interval are rare`,
    );
  }
  const { weights } = subset.dataset;
  const covered = coverageOf(model, runner, subset);
  const collection = collect(model, runner.context.objective.levels, subset);
  const calibration = new Calibrations(model, runner, subset);
  const sums = sumBlocks(runner, subset, source, (from, count) => {
    collection.add(runner, from, count);
    calibration.add(from, count);
    covered?.add(from, count);
  });
  const predictions = collection.predictions();
  const weight = totalWeight(predictions);
  if (!(weight > 0))
    throw new DataError(`${source}: all ${rows} rows have weight 0; nothing can be measured`);
  const scores = measureAll(predictions, bootstrap === undefined ? null : { resamples: bootstrap, seed });
  const metrics = weights
    ? weightedMetrics(collection.loss() / weight, scores)
    : plainMetrics(model, subset, sums);
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
    uncertainty: covered?.summary() ?? null,
    ece: classified && calibration.errors,
    notes,
  };
  return { evaluation, predictions };
}

/** Returns the means that training reports too, from the same sums in the same order. */
function plainMetrics({ schema }: ReadModel, subset: Subset, sums: EvaluationSums): Metrics {
  const problemType = problemTypeOf(schema);
  const rows = subset.rows.length;
  const variance = targetVariance(problemType, subset);
  return meanMetrics(problemType, outputsOf(schema), { ...sums, rows, weight: rows, variance });
}

/** Returns the same of weighted rows, which training does not have. */
function weightedMetrics(loss: number, { accuracy, rmse, r2 }: Scores): Metrics {
  const found = { accuracy: accuracy?.value, rmse: rmse?.value, r2: r2?.value };
  const defined = Object.entries(found).filter(([, value]) => typeof value === 'number');
  return { loss, ...Object.fromEntries(defined) };
}

/** Returns what counts how often a model's intervals or sets are right, if the model has any. */
function coverageOf(model: ReadModel, runner: Runner, subset: Subset): Coverage | null {
  const { calibration } = model;
  if (calibration === null || LEVEL > highestLevel(calibration.rows)) return null;
  return new Coverage(uncertaintyAt(model, LEVEL), runner, subset);
}

/** Counts how often intervals or sets hold the right answer, and adds up their widths or sizes. */
class Coverage {
  #covered = 0;
  #width = 0;
  #size = 0;

  constructor(
    private readonly uncertainty: Uncertainty,
    private readonly runner: Runner,
    private readonly subset: Subset,
  ) {}

  add(from: number, rows: number): void {
    const first = from * this.subset.dataset.targetWidth;
    const target = (i: number) => targetAt(this.subset, first + i);
    const ends = this.uncertainty.intervals(this.runner, rows) ?? [];
    for (let i = 0; i < ends.length / 2; i++) {
      const [low, high] = [ends[2 * i], ends[2 * i + 1]];
      if (low <= target(i) && target(i) <= high) this.#covered++;
      this.#width += high - low;
    }
    this.uncertainty.sets(this.runner, rows)?.forEach((set, row) => {
      if (set.includes(target(row))) this.#covered++;
      this.#size += set.length;
    });
  }

  summary(): EvaluatedUncertainty {
    const { dataset, rows } = this.subset;
    const count = rows.length * dataset.targetWidth;
    const ofClasses = this.#size > 0;
    return {
      level: LEVEL,
      coverage: this.#covered / count,
      width: ofClasses ? null : this.#width / count,
      size: ofClasses ? this.#size / count : null,
    };
  }
}

/** Adds up the calibration error of the network's probabilities, and of those scaled by the temperature. */
class Calibrations {
  readonly #before = new CalibrationError();
  readonly #after = new CalibrationError();
  readonly #temperature: number | null;

  constructor(
    private readonly model: ReadModel,
    private readonly runner: Runner,
    private readonly subset: Subset,
  ) {
    this.#temperature = model.calibration?.kind === 'classes' ? model.calibration.temperature : null;
  }

  add(from: number, rows: number): void {
    if (classesOf(this.model.schema) === null) return;
    const probabilities = networkProbabilities(this.model, this.runner, rows);
    if (probabilities === null) return;
    const { dataset, rows: order } = this.subset;
    const own = dataset.weights;
    const weights = own ? Float32Array.from(order.subarray(from, from + rows), (row) => own[row]) : null;
    const classes = probabilities.length / rows;
    const labels = this.runner.context.workspace.targets.subarray(0, rows);
    this.#before.add({ probabilities, classes, labels, weights });
    if (this.#temperature === null) return;
    const scaled = withTemperature({ probabilities, classes }, this.#temperature);
    this.#after.add({ probabilities: scaled, classes, labels, weights });
  }

  get errors(): Evaluation['ece'] {
    if (!givesProbabilities(this.model.layers)) return null;
    return { before: this.#before.value, after: this.#temperature === null ? null : this.#after.value };
  }
}
