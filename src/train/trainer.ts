/**
 * The training loop's moving parts: one step, one evaluation, and the state from which a run goes on. Knows nothing of
 * files: `run/` keeps the run on disk.
 */
import { type Clock, systemClock } from '../clock.js';
import type { Kernels } from '../kernels/kernels.js';
import { compileKernels, instantiateKernels } from '../kernels/load.js';
import { initialize } from '../network/initialize.js';
import { isAveraged } from '../optim/averaging.js';
import { scheduleFactor } from '../optim/schedules.js';
import { Arena, allocateShared } from '../parallel/arena.js';
import { contiguousRuns, type Run, shardCount } from '../parallel/shards.js';
import { PURPOSE, permute } from '../random.js';
import type { Context } from './context.js';
import { divergedError, evaluationError } from './diagnosis.js';
import { blockTotals, evaluationBlocks, means } from './evaluation.js';
import type { Metrics } from './events.js';
import { carveTraining, type TrainingMemory } from './memory.js';
import { mergesAfter } from './passes.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { type RecordedStep, updateSlices } from './sliced.js';
import { freshState, type TrainState } from './state.js';
import {
  createContexts,
  type SubsetName,
  type TrainingTask,
  taskHandler,
  type WorkerSetup,
} from './tasks.js';
import { Team } from './team.js';
import { applyUpdate, recordUpdate } from './update.js';
import { NEGLIGIBLE } from './weighting.js';
import { explained, WorkerSearch } from './workersearch.js';

export interface TrainerOptions {
  /** most shared memory, in bytes */
  readonly memoryLimit: number;
  /** the compiled worker module */
  readonly workerFile: string;
  readonly onRetry: (message: string) => void;
  readonly onWorkers: (workers: number, why: string) => void;
  /** takes the times of every step; the plan must have been made for it */
  readonly profile?: Profile | null;
}

export class Trainer {
  readonly memory: TrainingMemory;
  state: TrainState = freshState();
  /** workers that the last step used */
  workers: number;
  readonly #kernels: Kernels;
  /** of the tasks that this thread computes */
  readonly #contextOf: (workspace: number) => Context;
  readonly #team: Team;
  #search: WorkerSearch | null;
  #shuffledEpoch = -1;
  #settled = false;
  /** updates made in slices */
  #updates = 0;

  constructor(
    readonly plan: TrainingPlan,
    private readonly options: TrainerOptions,
    private readonly clock: Clock = systemClock, // times the steps, from which `workers: auto` chooses
  ) {
    const memory = allocateShared(plan.sharedBytes, options.memoryLimit);
    const kernels = { name: plan.kernels, module: compileKernels(plan.kernels), library: plan.library };
    const setup: WorkerSetup = {
      memory,
      kernels,
      network: plan.network,
      plan: plan.memory,
      task: plan.data.task,
      weighting: plan.weighting,
      seed: plan.config.seed,
      encoding: plan.data.encoding,
      subsets: { train: plan.data.train, val: plan.data.val, test: plan.data.test },
    };
    this.memory = carveTraining(new Arena(memory.buffer), plan.objective.layers, plan.memory);
    const { scratch, rounded } = this.memory.workspaces[0];
    this.#kernels = instantiateKernels({ ...kernels, memory, scratch, rounded });
    this.#contextOf = createContexts(setup);
    const handle = taskHandler(this.#contextOf, setup.subsets);
    this.#team = new Team(setup, handle, Math.max(...plan.workers), options.workerFile, options.onRetry);
    const prepare = (workers: number) => void this.#team.executor(workers);
    this.#search = plan.workers.length > 1 ? new WorkerSearch(plan.workers, plan.totalSteps, prepare) : null;
    this.workers = plan.workers[0];
    this.#team.executor(this.workers); // threads start while the weights are drawn
    const { config } = plan;
    initialize(this.memory.weights, this.memory.layout, config.init, config.seed, config.initConstant);
  }

  /** The learning rate of the next step. */
  get lr(): number {
    const { config, lr, stepsPerEpoch, totalSteps } = this.plan;
    const { step, plateau } = this.state;
    const progress = { step, stepsPerEpoch, totalSteps, plateauFactor: plateau.factor };
    return lr * scheduleFactor(config.schedule, progress, config);
  }

  /**
   * One update: the gradient of the next batch, summed over shards, and w ← w − η·(…)/Σw. Throws DivergedError, with the
   * weights as they were, when a value is not finite. @param lr stands in for the schedule's rate
   */
  async step(lr = this.lr): Promise<void> {
    const { plan, memory, state } = this;
    const begin = this.clock();
    const profile = this.options.profile;
    profile?.begin();
    this.workers = this.#search?.current ?? this.workers;
    const epoch = Math.floor(state.step / plan.stepsPerEpoch);
    if (this.#shuffledEpoch !== epoch) this.#shuffle(epoch);
    const start = (state.step % plan.stepsPerEpoch) * plan.batch;
    const rows = Math.min(plan.batch, plan.data.train.rows.length - start);
    const shards = shardCount(rows, plan.memory);
    profile?.lap('data');

    const runs = await this.#computeShards(start, rows, shards);
    const loss = sum(memory.shardLosses, shards);
    const weight = sum(memory.shardWeights, shards);
    const score = sum(memory.shardScores, shards);
    if (!Number.isFinite(loss + score)) this.#reportDivergence(start, rows);
    const bounded = memory.workspaces.every(({ bounded }, index) => index >= runs.length || bounded[0] === 1);
    const step = { step: state.step + 1, lr, rows, weight };
    if (plan.memory.sliced && bounded && this.workers > 1 && weight > NEGLIGIBLE) {
      await this.#updateInSlices(recordUpdate(plan, memory, step), shards, runs.length);
    } else {
      this.#sumShards(runs, shards);
      const [gradient] = memory.gradients;
      if (!bounded && !this.#kernels.allFinite(gradient, gradient.length))
        this.#reportDivergence(start, rows);
      const evaluate = async () => {
        this.#sumShards(await this.#computeShards(start, rows, shards), shards);
        return sum(memory.shardLosses, shards) / weight;
      };
      await applyUpdate(this.#kernels, plan, memory, step, { value: loss / weight, evaluate });
    }
    profile?.lap('update');
    profile?.end();

    state.step++;
    state.epochLoss += loss;
    state.epochWeight += weight;
    state.epochScore += score;
    state.epochRows += rows;
    state.samples += rows;
    const seconds = (this.clock() - begin) / 1000;
    state.seconds += seconds;
    await this.#choose(seconds);
  }

  /** The weights that are evaluated and saved: their average, where one is kept and has begun. */
  get evaluated(): Float32Array {
    const { plan, memory, state } = this;
    const averaged = !this.#settled && isAveraged(plan.config, state.step, plan.stepsPerEpoch);
    return averaged ? memory.slots[memory.slots.length - 1] : memory.weights;
  }

  /** Ends training: from here on the weights are these. */
  settle(weights = this.evaluated): void {
    this.memory.weights.set(weights);
    this.#settled = true;
  }

  /** Means over all rows of a subset, with the evaluated weights. Throws DivergedError naming rows where one is not finite. */
  async evaluate(name: SubsetName): Promise<Metrics> {
    const { weights } = this.memory;
    const trained = weights.slice();
    weights.set(this.evaluated);
    try {
      return await this.#evaluate(name);
    } finally {
      weights.set(trained);
    }
  }

  async #evaluate(name: SubsetName): Promise<Metrics> {
    const subset = this.plan.data[name]!;
    const runs = contiguousRuns(evaluationBlocks(subset), Math.max(1, this.workers));
    const tasks = runs.map((run, workspace) => ({
      kind: 'evaluate' as const,
      workspace,
      subset: name,
      ...run,
    }));
    this.#kernels.refreshWeights();
    await this.#team.executor(this.workers).run(tasks);
    const { loss, score } = blockTotals(this.memory.blockSums, evaluationBlocks(subset));
    const metrics = this.metrics(loss, score, subset.rows.length);
    if (!Object.values(metrics).every(Number.isFinite)) {
      throw evaluationError(this.#contextOf(0), this.plan, name, metrics, this.state.step);
    }
    return metrics;
  }

  /** From sums over rows to means. @param weight what the rows count together in the loss */
  metrics(loss: number, score: number, rows: number, weight = rows): Metrics {
    return means(this.plan.data, { loss, score, rows, weight });
  }

  close(): Promise<void> {
    return this.#team.close();
  }

  /** Leaves the sums of subtrees in the gradient blocks; returns the runs of shards that they belong to. */
  async #computeShards(start: number, rows: number, shards: number): Promise<Run[]> {
    const runs = contiguousRuns(shards, Math.max(1, this.workers));
    const tasks = runs.map((run, workspace) => ({
      kind: 'gradient' as const,
      workspace,
      start,
      rows,
      step: this.state.step,
      ...run,
    }));
    this.#kernels.refreshWeights();
    this.options.profile?.lap('update');
    await this.#runTasks('gradient', tasks);
    return runs;
  }

  /** Leaves the sum over all shards in gradient block 0. */
  #sumShards(runs: readonly Run[], shards: number): void {
    const { gradients, layout } = this.memory;
    for (const { into, from } of mergesAfter(runs, shards)) {
      this.#kernels.add(gradients[into], gradients[from], layout.length);
    }
    this.options.profile?.lap('sum');
  }

  /** Sums the shards and steps the parameters, each worker its slice of them. */
  async #updateInSlices(step: RecordedStep, shards: number, runs: number): Promise<void> {
    const id = ++this.#updates;
    const tasks = updateSlices(this.memory.layout.length, this.workers).map((slice, workspace) => ({
      kind: 'update' as const,
      workspace,
      id,
      shards,
      runs,
      step,
      ...slice,
    }));
    this.options.profile?.lap('update');
    await this.#runTasks('update', tasks);
  }

  /** One task for each worker, in workspaces 0, 1, … */
  async #runTasks(name: string, tasks: readonly TrainingTask[]): Promise<void> {
    await this.#team.executor(this.workers).run(tasks);
    const { profile } = this.options;
    const { workspaces } = this.memory;
    profile?.tasks(
      name,
      workspaces.slice(0, tasks.length).map(({ lane }) => lane),
      this.workers,
    );
  }

  /** The epoch's order, a function of (seed, epoch) alone; where a batch is all rows, their own, as in the lecture. */
  #shuffle(epoch: number): void {
    this.memory.order.set(this.plan.data.train.rows);
    if (this.plan.stepsPerEpoch > 1)
      permute(this.memory.order, this.plan.config.seed, PURPOSE.shuffle, epoch);
    this.#shuffledEpoch = epoch;
  }

  async #choose(seconds: number): Promise<void> {
    const decision = this.#search?.record(seconds);
    if (!decision) return;
    this.#search = null;
    const why = await explained(decision, this.plan.batch, (workers, rows) => this.#probe(workers, rows));
    this.workers = decision.workers;
    if (decision.workers === 0) await this.#team.close();
    this.options.onWorkers(decision.workers, why);
  }

  /** Seconds of a gradient of which nothing stays: the next step overwrites it. */
  async #probe(workers: number, rows: number): Promise<number> {
    const begin = this.clock();
    this.workers = workers;
    await this.#computeShards(0, rows, shardCount(rows, this.plan.memory));
    return (this.clock() - begin) / 1000;
  }

  #reportDivergence(start: number, rows: number): never {
    const { plan, state } = this;
    const run = { start, rows, step: state.step, first: 0, last: shardCount(rows, plan.memory) };
    throw divergedError(this.#contextOf(0), plan, run, this.lr);
  }
}

function sum(values: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i];
  return total;
}
