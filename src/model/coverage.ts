/** Counts, block by block, how a model's intervals, sets and probabilities fare on rows with targets. */
import { highestLevel } from '../calibration/conformal.js';
import { CalibrationError } from '../calibration/ece.js';
import { withTemperature } from '../calibration/temperature.js';
import { type Subset, targetAt } from '../data/dataset.js';
import { networkProbabilities } from '../forward/predictions.js';
import { givesProbabilities } from '../network/layer.js';
import { classesOf } from './format.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import { type Uncertainty, uncertaintyAt } from './uncertainty.js';

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

/** Returns what counts how often a model's intervals or sets are right, if the model has any. */
export function coverageOf(model: ReadModel, runner: Runner): Coverage | null {
  const { calibration } = model;
  if (calibration === null || LEVEL > highestLevel(calibration.rows)) return null;
  return new Coverage(uncertaintyAt(model, LEVEL), runner);
}

/** Counts how often intervals or sets hold the right answer, and adds up their widths or sizes. */
export class Coverage {
  #targets = 0;
  #covered = 0;
  #width = 0;
  #size = 0;

  constructor(
    private readonly uncertainty: Uncertainty,
    private readonly runner: Runner,
  ) {}

  add(subset: Subset, from: number, rows: number): void {
    const { targetWidth } = subset.dataset;
    const first = from * targetWidth;
    this.#targets += rows * targetWidth;
    const target = (i: number) => targetAt(subset, first + i);
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
    const count = this.#targets;
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
export class Calibrations {
  readonly #before = new CalibrationError();
  readonly #after = new CalibrationError();
  readonly #temperature: number | null;

  constructor(
    private readonly model: ReadModel,
    private readonly runner: Runner,
  ) {
    this.#temperature = model.calibration?.kind === 'classes' ? model.calibration.temperature : null;
  }

  add({ dataset, rows: order }: Subset, from: number, rows: number): void {
    if (classesOf(this.model.schema) === null) return;
    const probabilities = networkProbabilities(this.model, this.runner, rows);
    if (probabilities === null) return;
    const own = dataset.weights;
    const weights = own ? Float32Array.from(order.subarray(from, from + rows), (row) => own[row]) : null;
    const classes = probabilities.length / rows;
    const labels = this.runner.context.workspace.targets.subarray(0, rows);
    this.#before.add({ probabilities, classes, labels, weights });
    if (this.#temperature === null) return;
    const scaled = withTemperature({ probabilities, classes }, this.#temperature);
    this.#after.add({ probabilities: scaled, classes, labels, weights });
  }

  get errors(): { readonly before: number; readonly after: number | null } | null {
    if (!givesProbabilities(this.model.layers)) return null;
    return { before: this.#before.value, after: this.#temperature === null ? null : this.#after.value };
  }
}
