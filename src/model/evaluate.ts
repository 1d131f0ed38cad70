import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import { blockRows, type EvaluationSums, evaluationBlocks, sumBlock } from '../forward/evaluation.js';
import { type Metrics, meanMetrics } from '../forward/metrics.js';
import { mean } from '../statistics.js';
import { problemTypeOf } from './format.js';
import { predictedClasses, predictedValues } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';

/** The result of predicting rows whose targets are known. */
export interface Evaluation {
  readonly rows: number;
  /** The mean loss, and the accuracy or the root mean squared error. */
  readonly metrics: Metrics;
  /** Classification: rows counted by [true class][predicted class]; null with more than 1000 classes. */
  readonly confusion: readonly (readonly number[])[] | null;
  /** Regression: the mean absolute error in the targets' own units, as a mean over the targets. */
  readonly mae: number | null;
  /** Regression: 1 − Σ(y−d)²/Σ(d−mean d)², as a mean over the targets; null where a target is constant. */
  readonly r2: number | null;
  /** Notes on what was filled or not recognised, one plain line each. */
  readonly notes: readonly string[];
}

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
  const metricsOf = (sums: EvaluationSums) =>
    meanMetrics(problemType, outputs, { ...sums, rows, weight: rows });
  if (problemType === 'regression') {
    const errors = new TargetErrors(runner, subset);
    const sums = sumBlocks(runner, subset, source, (from, count) => errors.add(from, count));
    return { rows, metrics: metricsOf(sums), confusion: null, ...errors.summary(), notes };
  }
  const confusion = outputs > MOST_CLASSES ? null : zeros(outputs);
  const sums = sumBlocks(runner, subset, source, (_, count) => {
    const { targets } = runner.context.workspace;
    predictedClasses(runner.context, count).forEach((index, row) => {
      if (confusion) confusion[targets[row]][index]++;
    });
  });
  return { rows, metrics: metricsOf(sums), confusion, mae: null, r2: null, notes };
}

/**
 * Sums a subset block by block, and shows `observe` each block's first row and length after its forward pass.
 */
function sumBlocks(
  { context, forward }: Runner,
  subset: Subset,
  source: string,
  observe: (from: number, rows: number) => void,
): EvaluationSums {
  let loss = 0;
  let score = 0;
  for (let block = 0; block < evaluationBlocks(subset); block++) {
    const { from, to } = blockRows(subset, block);
    forward(subset, from, to, source);
    const sums = sumBlock(context, to - from);
    loss += sums.loss;
    score += sums.score;
    observe(from, to - from);
  }
  return { loss, score };
}

/** Adds up |y−d| and (y−d)² of each target, in its own unit and in float64. */
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
    const mae = mean(Array.from(this.#absolute, (sum) => sum / rows));
    const r2 = mean(Array.from(this.#squared, (sum, target) => 1 - sum / this.#totalSquares(target)));
    return { mae, r2: Number.isFinite(r2) ? r2 : null };
  }

  /** Returns Σ(d − mean d)² of one target. */
  #totalSquares(target: number): number {
    const { dataset, rows } = this.subset;
    const values = Array.from(rows, (row) => dataset.targets[row * dataset.targetWidth + target]);
    const center = mean(values);
    return values.reduce((sum, value) => sum + (value - center) ** 2, 0);
  }
}

function zeros(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}
