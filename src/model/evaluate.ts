import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import { divergence, rowScore } from '../train/context.js';
import type { Metrics } from '../train/events.js';
import { EVALUATION_BLOCK } from '../train/memory.js';
import { predictedClasses, predictedValues } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

export interface Evaluation {
  readonly rows: number;
  readonly metrics: Metrics;
  /** classification: rows counted by [true class][predicted class]; null with more than MOST_CLASSES */
  readonly confusion: readonly (readonly number[])[] | null;
  /** regression, mean over the targets: the mean absolute error in their own units */
  readonly mae: number | null;
  /** regression, mean over the targets: 1 − Σ(y−d)²/Σ(d−mean d)²; null where a target is constant */
  readonly r2: number | null;
  readonly notes: readonly string[];
}

const MOST_CLASSES = 1000;

/** One block's rows, after its forward pass and divergence. */
type Observe = (from: number, rows: number) => void;

export function evaluation(
  model: ReadModel,
  runner: Runner,
  { subset, source, notes }: { subset: Subset; source: string; notes: readonly string[] },
): Evaluation {
  const rows = subset.rows.length;
  if (rows === 0) throw new DataError(`${source}: there are no rows to evaluate`);
  if (model.schema.target.kind === 'values') {
    const errors = new TargetErrors(runner, subset);
    const { loss, score } = sums(runner, subset, source, (from, count) => errors.add(from, count));
    const rmse = Math.sqrt(score / (rows * outputsOf(model.schema)));
    return { rows, metrics: { loss, rmse }, confusion: null, ...errors.summary(), notes };
  }
  const classes = outputsOf(model.schema);
  const confusion = classes > MOST_CLASSES ? null : zeros(classes);
  const { loss, score } = sums(runner, subset, source, (_, count) => {
    const predicted = predictedClasses(runner.context, count);
    const { targets } = runner.context.workspace;
    predicted.forEach((index, row) => {
      if (confusion) confusion[targets[row]][index]++;
    });
  });
  return { rows, metrics: { loss, accuracy: score / rows }, confusion, mae: null, r2: null, notes };
}

/**
 * The mean divergence and the summed score, added up in the order of training's evaluation: the same bits.
 */
function sums({ context, forward }: Runner, subset: Subset, source: string, observe: Observe) {
  const rows = subset.rows.length;
  let loss = 0;
  let score = 0;
  for (let from = 0; from < rows; from += EVALUATION_BLOCK) {
    const count = Math.min(EVALUATION_BLOCK, rows - from);
    forward(subset, from, from + count, source);
    divergence(context, false);
    let blockLoss = 0;
    let blockScore = 0;
    for (let row = 0; row < count; row++) {
      blockLoss += context.workspace.rowLosses[row];
      blockScore += rowScore(context, row);
    }
    loss += blockLoss;
    score += blockScore;
    observe(from, count);
  }
  return { loss: loss / rows, score };
}

/** |y−d| and (y−d)² of each target, in its own unit and in float64. */
class TargetErrors {
  readonly #absolute: Float64Array;
  readonly #squared: Float64Array;

  constructor(
    private readonly runner: Runner,
    private readonly subset: Subset,
  ) {
    this.#absolute = new Float64Array(subset.dataset.targetWidth);
    this.#squared = new Float64Array(subset.dataset.targetWidth);
  }

  add(from: number, rows: number): void {
    const { dataset, rows: order } = this.subset;
    const N = dataset.targetWidth;
    const values = predictedValues(this.runner.context.encoding, this.runner.output, rows);
    values.forEach((value, i) => {
      const error = value - dataset.targets[order[from + Math.floor(i / N)] * N + (i % N)];
      this.#absolute[i % N] += Math.abs(error);
      this.#squared[i % N] += error * error;
    });
  }

  summary(): { mae: number; r2: number | null } {
    const rows = this.subset.rows.length;
    const mae = mean(this.#absolute.map((sum) => sum / rows));
    const r2 = mean(this.#squared.map((sum, target) => 1 - sum / this.#spread(target)));
    return { mae, r2: Number.isFinite(r2) ? r2 : null };
  }

  /** Σ(d − mean d)² of one target. */
  #spread(target: number): number {
    const { dataset, rows } = this.subset;
    const values = Float64Array.from(rows, (row) => dataset.targets[row * dataset.targetWidth + target]);
    const center = mean(values);
    return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  }
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}
