/** Evaluates the subsets of a training's data by its workers, and across its ranks. */
import { evaluationBlocks } from '../forward/evaluation.js';
import { type Metrics, meanMetrics, targetVariance } from '../forward/metrics.js';
import type { OwnMetric } from '../metrics/own.js';
import { contiguousRanges } from '../parallel/shards.js';
import type { AcrossRanks } from './acrossranks.js';
import { evaluationError } from './diagnosis.js';
import { totalBlocks } from './evaluation.js';
import { keptPredictions, measuredMetric } from './measured.js';
import type { TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import type { RunTasks, SubsetName, TaskContext } from './tasks.js';

interface EvaluatorOptions {
  /** The metric of the program that trains, where the configuration names one. */
  readonly ownMetric: OwnMetric | undefined;
  /** Where this process is one of several ranks. */
  readonly across: AcrossRanks | null;
}

export class Evaluator {
  readonly #variances = new Map<SubsetName, number>();
  /** Reads the predictions for the validation rows off the memory. */
  #evaluated: ReturnType<typeof keptPredictions> | null = null;

  constructor(
    private readonly plan: TrainingPlan,
    private readonly memory: TrainingMemory,
    private readonly contextOf: (workspace: number) => TaskContext,
    private readonly run: RunTasks,
    private readonly options: EvaluatorOptions,
  ) {}

  /**
   * Evaluates all rows of a subset with the weights as they are in memory.
   * @param step steps made so far
   * @throws DivergedError naming the rows where a metric is not finite
   */
  async measure(name: SubsetName, workers: number, step: number): Promise<Metrics> {
    const { plan, memory } = this;
    const { data } = plan;
    const subset = data[name]!;
    await this.#evaluateBlocks(name, workers);
    const rows = subset.rows.length;
    const total = totalBlocks(memory.blockSums, subset);
    const sums = { ...total, rows, weight: rows, variance: this.variance(name) };
    const metrics = meanMetrics(data.task, data.outputs, sums);
    if (!Object.values(metrics).every(Number.isFinite)) {
      throw evaluationError(this.contextOf(0).gradient, plan, name, metrics, step);
    }
    return name === 'val' ? { ...metrics, ...this.#keptMetric() } : metrics;
  }

  /** Returns the variance of a subset's targets, which is computed once. */
  variance(name: SubsetName): number | undefined {
    const known = this.#variances.get(name);
    if (known !== undefined) return known;
    const { data } = this.plan;
    const found = targetVariance(data.task, data[name]!);
    if (found !== undefined) this.#variances.set(name, found);
    return found;
  }

  /** Evaluates the blocks of a subset, each worker a range of them; the ranks share them first. */
  async #evaluateBlocks(name: SubsetName, workers: number): Promise<void> {
    const subset = this.plan.data[name]!;
    const { across } = this.options;
    const own = across?.blocksOf(subset) ?? { first: 0, last: evaluationBlocks(subset) };
    this.contextOf(0).update.kernels.refreshWeights();
    const ranges = contiguousRanges(own.last - own.first, Math.max(1, workers));
    const tasks = ranges.map(({ first, last }, workspace) => ({
      kind: 'evaluate' as const,
      workspace,
      subset: name,
      first: own.first + first,
      last: own.first + last,
    }));
    await this.run(tasks, workers);
    await across?.gatherEvaluation(subset, name === 'val' && this.memory.outputs.length > 0);
  }

  /** Returns the configured metric of the predictions that the evaluation has kept, where it needs them. */
  #keptMetric(): Record<string, number> {
    const { plan, memory, options } = this;
    if (memory.outputs.length === 0) return {};
    this.#evaluated ??= keptPredictions(plan, this.contextOf(0).gradient);
    return measuredMetric(plan.config, this.#evaluated(memory), options.ownMetric);
  }
}
