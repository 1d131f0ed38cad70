import type { Subset } from '../data/dataset.js';
import { outputsOf } from '../data/schema.js';
import { DataError } from '../errors.js';
import { blockRows, type EvaluationSums, evaluationBlocks, sumBlock } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, targetVariance } from '../forward/metrics.js';
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
  /** Regression: R², as in `metrics`; null where the targets are constant. */
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
  const metricsOf = (sums: EvaluationSums) => {
    const variance = targetVariance(problemType, subset);
    return meanMetrics(problemType, outputs, { ...sums, rows, weight: rows, variance });
  };
  if (problemType === 'regression') {
    const errors = new TargetErrors(runner, subset);
    const sums = sumBlocks(runner, subset, source, (from, count) => errors.add(from, count));
    const metrics = metricsOf(sums);
    return { rows, metrics, confusion: null, mae: errors.mae, r2: metrics.r2 ?? null, notes };
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
    const values = predictedValues(this.runner.context.encoding, this.runner.output, rows);
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
