import { highestLevel } from '../calibration/conformal.js';
import { CalibrationError } from '../calibration/ece.js';
import { withTemperature } from '../calibration/temperature.js';
import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import type { EvaluationSums } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, targetVariance } from '../forward/metrics.js';
import { givesProbabilities } from '../network/layer.js';
import { mean } from '../statistics.js';
import { problemTypeOf } from './format.js';
import { networkProbabilities, predictedClasses, predictedValues } from './outputs.js';
import type { ReadModel } from './read.js';
import { type Runner, sumBlocks } from './runner.js';
import { type Uncertainty, uncertaintyAt } from './uncertainty.js';

/** The result of predicting rows whose targets are known. */
export interface Evaluation {
  readonly rows: number;
  /** The mean loss, and the accuracy or the root mean squared error. */
  readonly metrics: Metrics;
  /** Classification: rows counted by [true class][predicted class]; null with more than 1000 classes. */
  readonly confusion: readonly (readonly number[])[] | null;
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

/** Evaluates a model on rows with targets, in the blocks and the order of an evaluation during training. */
export function evaluateModel(
  model: ReadModel,
  runner: Runner,
  { subset, source, notes }: { subset: Subset; source: string; notes: readonly string[] },
): Evaluation {
  const rows = subset.rows.length;
  if (rows === 0) throw new DataError(`${source}: there are no rows to evaluate`);
  const problemType = problemTypeOf(model.schema);
  const outputs = outputsOf(model.schema);
  const metricsOf = (sums: EvaluationSums) => {
    const variance = targetVariance(problemType, subset);
    return meanMetrics(problemType, outputs, { ...sums, rows, weight: rows, variance });
  };
  const covered = coverageOf(model, runner, subset);
  if (problemType === 'regression') {
    const errors = new TargetErrors(runner, subset);
    const sums = sumBlocks(runner, subset, source, (from, count) => {
      errors.add(from, count);
      covered?.add(from, count);
    });
    const uncertainty = covered?.summary() ?? null;
    const metrics = metricsOf(sums);
    return {
      rows,
      metrics,
      confusion: null,
      mae: errors.mae,
      r2: metrics.r2 ?? null,
      uncertainty,
      ece: null,
      notes,
    };
  }
  const calibration = new Calibrations(model, runner);
  const confusion = outputs > MOST_CLASSES ? null : zeros(outputs);
  const sums = sumBlocks(runner, subset, source, (from, count) => {
    const { targets } = runner.context.workspace;
    covered?.add(from, count);
    calibration.add(count);
    predictedClasses(runner.context, count).forEach((index, row) => {
      if (confusion) confusion[targets[row]][index]++;
    });
  });
  const uncertainty = covered?.summary() ?? null;
  return {
    rows,
    metrics: metricsOf(sums),
    confusion,
    mae: null,
    r2: null,
    uncertainty,
    ece: calibration.errors,
    notes,
  };
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
    const { dataset, rows: order } = this.subset;
    const N = dataset.targetWidth;
    const target = (i: number) => dataset.targets[order[from + Math.floor(i / N)] * N + (i % N)];
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
  ) {
    this.#temperature = model.calibration?.kind === 'classes' ? model.calibration.temperature : null;
  }

  add(rows: number): void {
    const probabilities = networkProbabilities(this.model, this.runner, rows);
    if (probabilities === null) return;
    const classes = probabilities.length / rows;
    const labels = this.runner.context.workspace.targets.subarray(0, rows);
    this.#before.add({ probabilities, classes, labels });
    if (this.#temperature === null) return;
    const scaled = withTemperature({ probabilities, classes }, this.#temperature);
    this.#after.add({ probabilities: scaled, classes, labels });
  }

  get errors(): Evaluation['ece'] {
    if (!givesProbabilities(this.model.layers)) return null;
    return { before: this.#before.value, after: this.#temperature === null ? null : this.#after.value };
  }
}

/** Adds up |y−d| of each target, in its own unit and in float64. */
class TargetErrors {
  readonly #absolute: Float64Array;

  constructor(
    private readonly runner: Runner,
    private readonly subset: Subset,
  ) {
    this.#absolute = new Float64Array(subset.dataset.targetWidth);
  }

  add(from: number, rows: number): void {
    const { dataset, rows: order } = this.subset;
    const N = dataset.targetWidth;
    const values = predictedValues(this.runner.context, this.runner.output, rows);
    values.forEach((value, i) => {
      const error = value - dataset.targets[order[from + Math.floor(i / N)] * N + (i % N)];
      this.#absolute[i % N] += Math.abs(error);
    });
  }

  /** The mean absolute error, as a mean over the targets. */
  get mae(): number {
    return mean(Array.from(this.#absolute, (sum) => sum / this.subset.rows.length));
  }
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}
