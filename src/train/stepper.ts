/**
 * Computes one step: the gradient of a batch by the workers, its sum along the tree, and the update of the
 * weights.
 */
import { additionsAfter, contiguousRanges, type IndexRange } from '../parallel/shards.js';
import type { AcrossRanks } from './acrossranks.js';
import { Auditor, type ComputedBatch } from './audit.js';
import { divergedError, updateError } from './diagnosis.js';
import { brokenParameter, putBack, snapshotOf } from './finite.js';
import type { TrainingMemory } from './memory.js';
import { normsByLayer } from './norms.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { passValuesAt } from './schedules.js';
import { UpdateLostError, updateSlices } from './slices.js';
import type { TaskContext, TrainingTask } from './tasks.js';
import { applyUpdate, recordUpdate, type UpdateStep } from './update.js';
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

  constructor(
    private readonly plan: TrainingPlan,
    private readonly memory: TrainingMemory,
    private readonly contextOf: (workspace: number) => TaskContext,
    private readonly executors: Workers,
    { profile = null, onNote = () => {}, across = null }: StepperOptions,
  ) {
    this.#profile = profile;
    this.#across = across;
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
    const { ranges, bounded } = await this.#auditedGradients(batch, workers, step);
    const sums = { ...this.#sumsOf(batch), audited: this.#auditor.compared - compared };
    const diverged = () => divergedError(this.contextOf(0).gradient, plan, this.#wholeBatch(batch, step), lr);
    if (!Number.isFinite(sums.loss + sums.score)) throw diverged();
    const calm = bounded && Math.abs(lr) < CALM_RATE;
    const update: UpdateStep = { step: step + 1, lr, rows: batch.rows, weight: sums.weight };
    const across = this.#across;
    const sliced = plan.sizes.sliced && (across !== null || workers > 1) && sums.weight > NEGLIGIBLE;
    if (!measured && sliced && calm) {
      await this.#updateInSlices(update, batch, workers, (across?.rangesOf(batch.shards) ?? ranges).length);
      return sums;
    }
    await this.#sumGradients(ranges, batch);
    const [gradient] = memory.gradients;
    if (!bounded && !this.#kernels.allFinite(gradient, gradient.length)) throw diverged();
    if (measured) {
      const scale = sums.weight > NEGLIGIBLE ? 1 / sums.weight : 0;
      this.gradientNorms = normsByLayer(memory.layout, gradient, scale);
    }
    const earlier = calm ? null : snapshotOf(memory);
    if (sliced && across) {
      await this.#updateInSlices(update, SUMMED, workers, 1);
      if (earlier) await across.gatherSlots();
    } else {
      const evaluate = async () => {
        await this.#sumGradients((await this.#auditedGradients(batch, workers, step)).ranges, batch);
        return this.#sumsOf(batch).loss / sums.weight;
      };
      const loss = { value: sums.loss / sums.weight, evaluate };
      await applyUpdate(this.#kernels, plan, memory, update, loss);
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
   * subtrees in the gradient blocks.
   */
  async computeGradients(
    { start, rows, shards }: Batch,
    workers: number,
    step: number,
  ): Promise<ComputedBatch> {
    const ranges = this.#rangesOf(shards, workers);
    const values = passValuesAt(this.plan, step);
    const tasks = ranges.map((range, workspace) => ({
      kind: 'gradient' as const,
      workspace,
      start,
      rows,
      step,
      ...values,
      ...range,
    }));
    this.#kernels.refreshWeights();
    this.#profile?.lap('update');
    const places = await this.#run(tasks, workers);
    return { tasks, places, workers, shards };
  }

  /**
   * Computes the gradients of a batch, and some shards twice. Returns the ranges, and whether their sums are
   * bounded.
   */
  async #auditedGradients(
    batch: Batch,
    workers: number,
    step: number,
  ): Promise<{ ranges: readonly IndexRange[]; bounded: boolean }> {
    const computed = await this.computeGradients(batch, workers, step);
    const { tasks: ranges } = computed;
    // A second computation leaves its own answer in the workspace.
    const bounded = this.memory.workspaces.slice(0, ranges.length).every(({ bounded }) => bounded[0] === 1);
    if (!this.#across) {
      await this.#auditor.audit(computed, this.#kernels);
      return { ranges, bounded };
    }
    const all = await this.#across.exchange(this.#kernels, ranges, batch.shards, bounded);
    this.#profile?.lap('sum');
    return { ranges, bounded: all };
  }

  /** Returns the shards of each worker; none where this rank has no shard of a short batch. */
  #rangesOf(shards: number, workers: number): IndexRange[] {
    const own = this.#across?.shardsOf(shards) ?? { first: 0, last: shards };
    if (own.first === own.last) return [];
    return contiguousRanges(own.last - own.first, Math.max(1, workers)).map(({ first, last }) => ({
      first: own.first + first,
      last: own.first + last,
    }));
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
  async #sumGradients(ranges: readonly IndexRange[], { shards }: Batch): Promise<void> {
    const { gradients, layout } = this.memory;
    if (this.#across) await this.#across.sum(this.#kernels, shards);
    else {
      for (const { into, from } of additionsAfter(ranges, shards)) {
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
    workers: number,
    gradientTasks: number,
  ): Promise<void> {
    const step = recordUpdate(this.plan, this.memory, updateStep);
    const update = ++this.#updates;
    const slice = this.#across?.slice ?? { first: 0, last: this.memory.layout.length };
    const tasks = updateSlices(slice, workers).map((slice, workspace) => ({
      kind: 'update' as const,
      workspace,
      update,
      shards,
      gradientTasks,
      step,
      ...slice,
    }));
    this.#profile?.lap('update');
    try {
      if (slice.first < slice.last) await this.#run(tasks, workers);
    } catch (error) {
      if (this.#across) throw error; // one rank cannot go back alone
      throw new UpdateLostError((error as Error).message, { cause: error });
    }
    await this.#across?.gatherWeights();
  }

  /** The gradient of all shards of a batch as a single task. */
  #wholeBatch({ start, rows, shards }: Batch, step: number) {
    return { start, rows, step, first: 0, last: shards, ...passValuesAt(this.plan, step) };
  }

  /** Runs tasks, each in a workspace of its own; returns the places that computed them. */
  async #run(
    tasks: readonly TrainingTask[],
    workers: number,
    places?: readonly number[],
  ): Promise<readonly number[]> {
    if (tasks.length === 0) return [];
    const computedBy = await this.executors.executor(workers).run(tasks, places);
    const times = tasks.map(({ workspace }) => this.memory.workspaces[workspace].times);
    this.#profile?.tasks(places ? 'audit' : tasks[0].kind, times, workers);
    return computedBy;
  }
}

/** Stands in for the shards of a batch whose sum is in gradient block 0 already. */
const SUMMED = { shards: 1 };

function sum(values: Float64Array, count: number): number {
  let total = 0;
  for (let i = 0; i < count; i++) total += values[i];
  return total;
}
