/**
 * Trains: one step, one evaluation, and the state from which a run goes on. It knows nothing of files; `run/`
 * keeps the run on disk.
 */

import { type Clock, systemClock } from '../clock.js';
import { shuffleEpoch } from '../data/stream/order.js';
import { type Metrics, meanMetrics } from '../forward/metrics.js';
import { Arena, allocateShared } from '../kernels/arena.js';
import type { Kernels } from '../kernels/kernels.js';
import { compileKernels } from '../kernels/load.js';
import type { OwnMetric } from '../metrics/own.js';
import { initialize } from '../network/initialize.js';
import { isAveraged } from '../optim/averaging.js';
import { scheduleFactor } from '../optim/schedules.js';
import { shardCount } from '../parallel/shards.js';
import type { Ranks } from '../ranks/ranks.js';
import { AcrossRanks } from './acrossranks.js';
import type { Batch } from './batchgradient.js';
import { BatchStream } from './batchstream.js';
import { Evaluator } from './evaluator.js';
import { carveTraining, type TrainingMemory } from './memory.js';
import { type LayerNorms, layerNorms } from './norms.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { freshState, type TrainState } from './state.js';
import { Stepper, type StepSums } from './stepper.js';
import { createContexts, type SubsetName, type TaskContext, taskHandler, type WorkerSetup } from './tasks.js';
import { Workers } from './workers.js';
import { explained, type WorkerDecision, WorkerSearch } from './workersearch.js';
import { WorkerWatch } from './workerwatch.js';

export interface TrainerOptions {
  /** The most shared memory that may be taken, in bytes. */
  readonly memoryLimit: number;
  /** The compiled worker module. */
  readonly workerFile: string;
  /** Whether each thread does its own tasks, and takes none over. */
  readonly together?: boolean;
  readonly onRetry: (message: string) => void;
  readonly onWorkers: (workers: number, why: string) => void;
  /** Takes what the user should know and what changes no result. */
  readonly onNote?: (message: string) => void;
  /** Takes the times of every step; the plan must have been made for a profile. */
  readonly profile?: Profile | null;
  /** The metric of the program that trains, where the configuration names one. */
  readonly ownMetric?: OwnMetric | undefined;
  /** The ranks of which this process is one; the plan must have been made for as many. */
  readonly ranks?: Ranks | null | undefined;
}

export class Trainer {
  readonly memory: TrainingMemory;
  state: TrainState = freshState();
  /** The workers that the last step used. */
  workers: number;
  /** The learning rate of the last step. */
  lastLr = Number.NaN;
  readonly #contextOf: (workspace: number) => TaskContext;
  readonly #workers: Workers;
  readonly #stepper: Stepper;
  readonly #across: AcrossRanks | null;
  readonly #evaluator: Evaluator;
  /** The batches that are read ahead, where the data is on disk. */
  readonly #stream: BatchStream | null;
  #search: WorkerSearch | null;
  /** Takes the place of the search once that has decided. */
  #watch: WorkerWatch | null = null;
  /** The epoch whose order of rows stands in memory. */
  #shuffledEpoch = -1;
  /** Whether training has ended, so that `weights` are the final ones. */
  #settled = false;

  /** @param clock times the steps, from which `workers: auto` chooses */
  constructor(
    readonly plan: TrainingPlan,
    private readonly options: TrainerOptions,
    private readonly clock: Clock = systemClock,
  ) {
    const { config, data, objective, sizes } = plan;
    const memory = allocateShared(plan.sharedBytes, options.memoryLimit);
    this.#stream = data.train.dataset.stored === undefined ? null : new BatchStream(plan);
    const setup: WorkerSetup = {
      memory,
      kernels: {
        name: plan.kernels,
        module: compileKernels(plan.kernels, sizes.precision),
        library: plan.library,
      },
      network: plan.network,
      sizes,
      problemType: data.task,
      weighting: plan.weighting,
      seed: config.seed,
      encoding: data.encoding,
      subsets: { train: this.#stream?.rows ?? data.train, val: data.val, test: data.test },
    };
    this.memory = carveTraining(new Arena(memory.buffer), objective, data.task, sizes);
    if (this.#stream) this.memory.order.set(this.#stream.rows.rows);
    this.#contextOf = createContexts(setup, { objective, memory: this.memory });
    this.#workers = new Workers({
      ...options,
      setup,
      memory: this.memory,
      handle: taskHandler(this.#contextOf, setup.subsets),
      most: Math.max(...plan.workers),
      hungAfter: 1000 * config.watchdog,
    });
    const { ranks, ownMetric } = options;
    this.#across = ranks ? new AcrossRanks(ranks, this.memory, sizes.sliced) : null;
    const means = [plan, this.memory, this.#contextOf, this.#workers.run] as const;
    this.#stepper = new Stepper(...means, { ...options, across: this.#across });
    this.#evaluator = new Evaluator(...means, { ownMetric, across: this.#across });
    const prepare = (workers: number) => void this.#workers.executor(workers);
    this.#search = plan.workers.length > 1 ? new WorkerSearch(plan.workers, plan.totalSteps, prepare) : null;
    this.workers = plan.workers[0];
    prepare(this.workers); // threads start while the weights are drawn
    initialize(this.memory.weights, this.memory.layout, config.init, config.seed, config.initConstant);
  }

  /** The learning rate of the next step. */
  get lr(): number {
    const { config, lr, stepsPerEpoch, totalSteps } = this.plan;
    const { step, plateau } = this.state;
    const progress = { step, stepsPerEpoch, totalSteps, plateauFactor: plateau.factor };
    return lr * scheduleFactor(config.schedule, progress, config) * (this.state.rateFactor ?? 1);
  }

  /**
   * Makes one update from the next batch: its gradient, summed over the shards, then the update rule.
   * @param lr stands in for the schedule's rate
   * @throws DivergedError, with the weights as they were, when a value is not finite
   */
  async step(lr = this.lr): Promise<void> {
    const begin = this.clock();
    const { profile } = this.options;
    profile?.begin();
    this.workers = (this.#search ?? this.#watch)?.current ?? this.workers;
    this.lastLr = lr;
    const { step } = this.state;
    const batch = this.#nextBatch(this.#stream && (await this.#stream.batchOf(step)));
    profile?.lap(this.#stream ? 'reading' : 'data');

    const endsEpoch = (step + 1) % this.plan.stepsPerEpoch === 0;
    const sums = await this.#stepper.step(batch, this.workers, step, lr, endsEpoch);
    profile?.lap('update');
    profile?.end();
    const decision = this.#count(batch, sums, (this.clock() - begin) / 1000);
    if (decision) await this.#changeWorkers(decision);
  }

  /** The kernels of the calling thread, on the trainer's memory. */
  get kernels(): Kernels {
    return this.#contextOf(0).update.kernels;
  }

  /** The weights that are evaluated and saved: their average, where one is kept and has begun. */
  get evaluated(): Float32Array {
    const { plan, memory, state } = this;
    const averaged = !this.#settled && isAveraged(plan.config, state.step, plan.stepsPerEpoch);
    return averaged ? memory.slots[memory.slots.length - 1] : memory.weights;
  }

  /** The norms of the weights by layer, and of the gradient in the last step of the last epoch. */
  get norms(): LayerNorms[] {
    return layerNorms(this.kernels, this.memory.layout, this.memory.weights, this.#stepper.gradientNorms);
  }

  /** Ends training with these weights. */
  settle(weights = this.evaluated): void {
    this.memory.weights.set(weights);
    this.#settled = true;
  }

  /** The metrics of the epoch under way, over the rows that were trained on so far. */
  get epochMetrics(): Metrics {
    const { epochLoss, epochScore, epochRows, epochWeight } = this.state;
    const { task, outputs } = this.plan.data;
    const variance = this.#evaluator.variance('train');
    const sums = { loss: epochLoss, score: epochScore, rows: epochRows, weight: epochWeight, variance };
    return meanMetrics(task, outputs, sums);
  }

  /**
   * Evaluates all rows of a subset with the evaluated weights.
   * @throws DivergedError naming the rows where a metric is not finite
   */
  async evaluate(name: SubsetName): Promise<Metrics> {
    const { weights } = this.memory;
    const trained = weights.slice();
    weights.set(this.evaluated);
    try {
      return await this.#evaluator.measure(name, this.workers, this.state.step);
    } finally {
      weights.set(trained);
    }
  }

  /** The ranks of which this process is one; null where it trains alone. */
  get ranks(): Ranks | null {
    return this.options.ranks ?? null;
  }

  /** Completes the optimiser's slots, of which each rank may have its slice only. All ranks must ask. */
  async gatherSlots(): Promise<void> {
    await this.#across?.gatherSlots();
  }

  async close(): Promise<void> {
    await Promise.all([this.#workers.close(), this.#stream?.close()]);
  }

  /** Returns the next batch. `streamed` is its first row in the ring; null where rows are in memory. */
  #nextBatch(streamed: number | null): Batch {
    const { plan, state } = this;
    const epoch = Math.floor(state.step / plan.stepsPerEpoch);
    const start = (state.step % plan.stepsPerEpoch) * plan.batch;
    const rows = Math.min(plan.batch, plan.data.train.rows.length - start);
    if (streamed !== null) return this.#batchAt(streamed, rows);
    if (this.#shuffledEpoch !== epoch) this.#shuffle(epoch);
    return this.#batchAt(start, rows);
  }

  #batchAt(start: number, rows: number): Batch {
    return { start, rows, shards: shardCount(rows, this.plan.sizes) };
  }

  /**
   * Puts the training rows into the epoch's order, which is a function of seed and epoch alone. Where a batch
   * is all rows they stay in their own order, as in the lecture.
   */
  #shuffle(epoch: number): void {
    const { order } = this.memory;
    order.set(this.plan.data.train.rows);
    const { stepsPerEpoch, config } = this.plan;
    const { seed, shuffle } = config;
    if (stepsPerEpoch > 1) shuffleEpoch(order, { seed, epoch, shuffle }, this.kernels.permute);
    this.#shuffledEpoch = epoch;
  }

  /** Takes a finished step into the state; returns what `workers: auto` decides by how long it took. */
  #count(
    { rows }: Batch,
    { loss, weight, score, audited }: StepSums,
    seconds: number,
  ): WorkerDecision | null | undefined {
    const { state } = this;
    state.step++;
    state.epochLoss += loss;
    state.epochWeight += weight;
    state.epochScore += score;
    state.epochRows += rows;
    state.samples += rows;
    state.audited += audited;
    state.seconds += seconds;
    return (this.#search ?? this.#watch)?.record(seconds);
  }

  /** Follows what `workers: auto` decides, and reports it. */
  async #changeWorkers(decision: WorkerDecision): Promise<void> {
    const why = this.#search ? await this.#endSearch(decision) : decision.why;
    this.workers = decision.workers;
    this.options.onWorkers(decision.workers, why);
  }

  /** Goes on from the search to the watch, where there is something to choose; returns the reason to give. */
  async #endSearch(decision: WorkerDecision): Promise<string> {
    const { workers, batch, totalSteps } = this.plan;
    this.#search = null;
    const why = await explained(decision, batch, (workers, rows) => this.#probe(workers, rows));
    if (decision.trials.length > 1) {
      this.#watch = new WorkerWatch(workers, decision, totalSteps - this.state.step);
    } else if (decision.workers === 0) {
      await this.#workers.close();
    }
    return why;
  }

  /** Returns the seconds of a gradient whose result is not used: the next step overwrites it. */
  async #probe(workers: number, rows: number): Promise<number> {
    const begin = this.clock();
    this.workers = workers;
    await this.#stepper.gradient.computeOnce(this.#batchAt(0, rows), workers, this.state.step);
    return (this.clock() - begin) / 1000;
  }
}
