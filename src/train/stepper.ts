/**
 * Computes one step: the gradient of a batch by the workers, its sum along the tree, and the update of the
 * weights.
 */
import type { AcrossRanks } from './acrossranks.js';
import { Auditor, type ComputedBatch } from './audit.js';
import { isAudited } from './audited.js';
import { type Cut, cutOf } from './cut.js';
import { divergedError, updateError } from './diagnosis.js';
import { brokenParameter, putBack, snapshotOf } from './finite.js';
import type { GradientTask } from './gradient.js';
import type { TrainingMemory } from './memory.js';
import { normsByLayer } from './norms.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { passValuesAt } from './schedules.js';
import { UpdateLostError } from './slices.js';
import type { TaskContext, TrainingTask } from './tasks.js';
import { createUpdater, type Updater, type UpdateStep } from './update.js';
import { NEGLIGIBLE } from './weighting.js';
import type { Workers } from './workers.js';

/** Rows `start … start + rows − 1` of the epoch's order, cut into shards. */
export interface Batch {
  readonly start: number;
  readonly rows: number;
  readonly shards: number;
}

/** Σ w·Div, Σ w and the score over the rows of a batch, where w is what a row counts. */
export interface BatchSums {
  readonly loss: number;
  readonly weight: number;
  readonly score: number;
  /** Shards that were computed twice. */
  readonly audited: number;
}

interface StepperOptions {
  readonly profile?: Profile | null;
  readonly onNote?: ((message: string) => void) | undefined;
  /** Where this process is one of several ranks. */
  readonly across?: AcrossRanks | null;
}

/** A rate below which no update by a calm gradient leaves the range of float32. */
const CALM_RATE = 1e15;

export class Stepper {
  /** The norms of the mean gradient by layer, from the last step that measured them. */
  gradientNorms: ReadonlyMap<string, number> = new Map();
  /** How many updates were made in slices. */
  #updates = 0;
  readonly #profile: Profile | null;
  readonly #auditor: Auditor;
  readonly #across: AcrossRanks | null;
  readonly #updater: Updater;
  /** How batches are cut, by shards and workers: nearly all have the same cut. */
  readonly #cuts = new Map<number, Cut>();

  constructor(
    private readonly plan: TrainingPlan,
    private readonly memory: TrainingMemory,
    private readonly contextOf: (workspace: number) => TaskContext,
    private readonly executors: Workers,
    { profile = null, onNote = () => {}, across = null }: StepperOptions,
  ) {
    this.#profile = profile;
    this.#across = across;
    this.#updater = createUpdater(plan, memory);
    this.#auditor = new Auditor({
      plan,
      memory,
      trainingRows: () => contextOf(0).gradient.trainingRows,
      run: (...given) => this.#run(...given),
      onNote,
    });
  }

  /**
   * Updates the weights by the gradient of a batch; returns the batch's sums.
   * @param step steps made before this one
   * @param measured whether to keep the gradient's norms; the bits of the update stay the same
   * @throws DivergedError, with the weights as they were, when a value is not finite, and GateError when an
   *   audit finds a fault; UpdateLostError
   */
  async step(batch: Batch, workers: number, step: number, lr: number, measured = false): Promise<BatchSums> {
    const { plan, memory } = this;
    const compared = this.#auditor.compared;
    const bounded = await this.#auditedGradients(batch, workers, step);
    const cut = this.#cutOf(batch.shards, workers);
    const { loss, weight, score } = this.#sumsOf(batch);
    const sums = { loss, weight, score, audited: this.#auditor.compared - compared };
    const diverged = () => divergedError(this.contextOf(0).gradient, plan, this.#wholeBatch(batch, step), lr);
    if (!Number.isFinite(sums.loss + sums.score)) throw diverged();
    const calm = bounded && Math.abs(lr) < CALM_RATE;
    const update: UpdateStep = { step: step + 1, lr, rows: batch.rows, weight: sums.weight };
    const across = this.#across;
    const sliced = plan.sizes.sliced && (across !== null || workers > 1) && sums.weight > NEGLIGIBLE;
    if (!measured && sliced && calm) {
      const ranges = across?.rangesOf(batch.shards) ?? cut.ranges;
      const gradientTasks = this.#leaves(step) === 'shards' ? batch.shards : ranges.length;
      await this.#updateInSlices(update, batch, cut, workers, gradientTasks);
      return sums;
    }
    await this.#sumGradients(cut, batch, step);
    const [gradient] = memory.gradients;
    if (!bounded && !this.#kernels.allFinite(gradient, gradient.length)) throw diverged();
    if (measured) {
      const scale = sums.weight > NEGLIGIBLE ? 1 / sums.weight : 0;
      this.gradientNorms = normsByLayer(memory.layout, gradient, scale);
    }
    const earlier = calm ? null : snapshotOf(memory);
    if (sliced && across) {
      await this.#updateInSlices(update, SUMMED, cut, workers, 1);
      if (earlier) await across.gatherSlots();
    } else {
      const evaluate = async () => {
        await this.#auditedGradients(batch, workers, step);
        await this.#sumGradients(cut, batch, step);
        return this.#sumsOf(batch).loss / sums.weight;
      };
      const loss = { value: sums.loss / sums.weight, evaluate };
      await this.#updater.apply(this.#kernels, update, loss);
    }
    const broken = earlier && brokenParameter(memory, plan);
    if (broken) {
      putBack(memory, earlier);
      throw updateError(plan, broken, step, lr);
    }
    return sums;
  }

  /**
   * Computes the gradients of a batch's shards, a range of shards for each worker, and leaves the sums of
   * subtrees in the gradient blocks, or of shards in a step that is audited.
   */
  async computeGradients(
    { start, rows, shards }: Batch,
    workers: number,
    step: number,
  ): Promise<ComputedBatch> {
    const { ranges } = this.#cutOf(shards, workers);
    const { dropoutFactor, lossParameter } = passValuesAt(this.plan, step);
    const leaves = this.#leaves(step);
    const tasks = ranges.map(({ first, last }, workspace) => ({
      kind: 'gradient' as const,
      workspace,
      first,
      last,
      start,
      rows,
      step,
      leaves,
      dropoutFactor,
      lossParameter,
    }));
    this.#kernels.refreshWeights();
    this.#profile?.lap('update');
    const places = await this.#run(tasks, workers);
    return { tasks, places, workers, shards };
  }

  /** Says what the gradient tasks of a step leave for the update. */
  #leaves(step: number): GradientTask['leaves'] {
    return isAudited(this.plan.config, step) ? 'shards' : 'subtrees';
  }

  /**
   * Computes the gradients of a batch, twice in a step that is audited. Returns whether their sums are
   * bounded.
   */
  async #auditedGradients(batch: Batch, workers: number, step: number): Promise<boolean> {
    const computed = await this.computeGradients(batch, workers, step);
    let bounded = true;
    for (const { workspace } of computed.tasks) {
      if (this.memory.workspaces[workspace].bounded[0] !== 1) bounded = false;
    }
    if (!this.#across) {
      if (this.#leaves(step) === 'shards') await this.#auditor.audit(computed);
      return bounded;
    }
    const all = await this.#across.exchange(this.#kernels, computed.tasks, batch.shards, bounded);
    this.#profile?.lap('sum');
    return all;
  }

  #cutOf(shards: number, workers: number): Cut {
    const key = shards * MOST_WORKERS + workers;
    let cut = this.#cuts.get(key);
    if (!cut) {
      cut = cutOf(shards, workers, this.memory.layout.length, this.#across);
      this.#cuts.set(key, cut);
    }
    return cut;
  }

  /** The kernels of the coordinator's own workspace. */
  get #kernels() {
    return this.contextOf(0).update.kernels;
  }

  #sumsOf({ shards }: Batch): Omit<BatchSums, 'audited'> {
    const { shardLosses, shardWeights, shardScores } = this.memory;
    return {
      loss: sum(shardLosses, shards),
      weight: sum(shardWeights, shards),
      score: sum(shardScores, shards),
    };
  }

  /**
   * Makes the additions that the workers have left, after which gradient block 0 holds the sum over all
   * shards.
   */
  async #sumGradients({ additions, allAdditions }: Cut, { shards }: Batch, step: number): Promise<void> {
    const { gradients, layout } = this.memory;
    if (this.#across) await this.#across.sum(this.#kernels, shards);
    else {
      for (const { into, from } of this.#leaves(step) === 'shards' ? allAdditions : additions) {
        this.#kernels.add(gradients[into], gradients[from], layout.length);
      }
    }
    this.#profile?.lap('sum');
  }

  /**
   * Sums the gradients and steps the parameters, each worker its slice of them.
   * @throws UpdateLostError where a slice may be half done
   */
  async #updateInSlices(
    updateStep: UpdateStep,
    { shards }: Pick<Batch, 'shards'>,
    { slices }: Cut,
    workers: number,
    gradientTasks: number,
  ): Promise<void> {
    const step = this.#updater.record(updateStep);
    const update = ++this.#updates;
    const tasks = slices.map(({ first, last }, workspace) => ({
      kind: 'update' as const,
      workspace,
      first,
      last,
      update,
      shards,
      gradientTasks,
      step,
    }));
    this.#profile?.lap('update');
    try {
      await this.#run(tasks, workers);
    } catch (error) {
      if (this.#across) throw error; // one rank cannot go back alone
      throw new UpdateLostError((error as Error).message, { cause: error });
    }
    await this.#across?.gatherWeights();
  }

  /** The gradient of all shards of a batch as a single task. */
  #wholeBatch({ start, rows, shards }: Batch, step: number) {
    const leaves = 'subtrees' as const;
    return { start, rows, step, leaves, first: 0, last: shards, ...passValuesAt(this.plan, step) };
  }

  /** Runs tasks, each in a workspace of its own; returns the places that computed them. */
  async #run(
    tasks: readonly TrainingTask[],
    workers: number,
    places?: readonly number[],
  ): Promise<readonly number[]> {
    if (tasks.length === 0) return [];
    const computedBy = await this.executors.executor(workers).run(tasks, places);
    if (this.#profile) {
      const times = tasks.map(({ workspace }) => this.memory.workspaces[workspace].times);
      this.#profile.tasks(places ? 'audit' : tasks[0].kind, times, workers);
    }
    return computedBy;
  }
}

/** More than any number of workers, which makes a unique key of it and a number of shards. */
const MOST_WORKERS = 65536;
/** Stands in for the shards of a batch whose sum is in gradient block 0 already. */
const SUMMED = { shards: 1 };

function sum(values: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i];
  return total;
}
