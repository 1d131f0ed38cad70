/** Makes one step: the gradient of a batch, then the update of the weights by it. */
import { type Batch, BatchGradient, type BatchGradientOptions, type BatchSums } from './batchgradient.js';
import { summedUpdates } from './cut.js';
import { divergedError, updateError } from './diagnosis.js';
import { brokenParameter, putBack, snapshotOf } from './finite.js';
import type { TrainingMemory } from './memory.js';
import { normsByLayer } from './norms.js';
import type { TrainingPlan } from './plan.js';
import { UpdateLostError } from './slices.js';
import type { RunTasks, TaskContext, WorkerUpdateTask } from './tasks.js';
import { createUpdater, type Updater, type UpdateStep } from './update.js';
import { NEGLIGIBLE } from './weighting.js';

/** What a step has found. */
export interface StepSums extends BatchSums {
  /** Shards that were computed twice. */
  readonly audited: number;
}

/** What is known of a batch before an update by its summed gradient. */
interface Known {
  /** Σ w·Div over the rows. */
  readonly loss: number;
  /** Whether to keep the gradient's norms. */
  readonly measured: boolean;
  /** Whether the workers update slices of the parameters. */
  readonly sliced: boolean;
  /** Whether the gradient is finite for sure. */
  readonly bounded: boolean;
  /** Whether what the update computes is, too. */
  readonly calm: boolean;
}

/** A rate below which no update by a calm gradient leaves the range of float32. */
const CALM_RATE = 1e15;

export class Stepper {
  /** The norms of the mean gradient by layer, from the last step that measured them. */
  gradientNorms: ReadonlyMap<string, number> = new Map();
  readonly gradient: BatchGradient;
  /** How many updates were made in slices. */
  #updates = 0;
  readonly #updater: Updater;

  constructor(
    private readonly plan: TrainingPlan,
    private readonly memory: TrainingMemory,
    private readonly contextOf: (workspace: number) => TaskContext,
    private readonly run: RunTasks,
    private readonly options: BatchGradientOptions,
  ) {
    this.gradient = new BatchGradient(plan, memory, contextOf, run, options);
    this.#updater = createUpdater(plan, memory);
  }

  /**
   * Updates the weights by the gradient of a batch; returns the batch's sums.
   * @param step steps made before this one
   * @param measured whether to keep the gradient's norms; the bits of the update stay the same
   * @throws DivergedError, with the weights as they were, when a value is not finite, and GateError when an
   *   audit finds a fault; UpdateLostError
   */
  async step(batch: Batch, workers: number, step: number, lr: number, measured = false): Promise<StepSums> {
    const { gradient } = this;
    const audited = gradient.audited;
    const bounded = await gradient.compute(batch, workers, step);
    const sums = gradient.sumsOf(batch);
    if (!Number.isFinite(sums.loss + sums.score)) throw this.#diverged(batch, step, lr);
    const update: UpdateStep = { step: step + 1, lr, rows: batch.rows, weight: sums.weight };
    await this.#update(update, batch, workers, { loss: sums.loss, measured, bounded });
    return { ...sums, audited: gradient.audited - audited };
  }

  /** Updates the weights by the gradients of a batch. */
  #update(
    update: UpdateStep,
    batch: Batch,
    workers: number,
    { loss, measured, bounded }: Pick<Known, 'loss' | 'measured' | 'bounded'>,
  ): Promise<void> {
    const { gradient, plan, options } = this;
    const calm = bounded && Math.abs(update.lr) < CALM_RATE;
    const sliced = plan.sizes.sliced && (!!options.across || workers > 1) && update.weight > NEGLIGIBLE;
    if (!sliced || !calm || measured) {
      return this.#updateSummed(update, batch, workers, { loss, measured, sliced, bounded, calm });
    }
    return this.#updateInSlices(update, gradient.cutOf(batch, workers, update.step - 1).updates, workers);
  }

  /**
   * Sums the gradients first, and looks at the sum where it is to be measured or may not be finite; then
   * updates the weights.
   */
  async #updateSummed(
    update: UpdateStep,
    batch: Batch,
    workers: number,
    { loss, measured, sliced, bounded, calm }: Known,
  ): Promise<void> {
    const { plan, memory, gradient, contextOf } = this;
    const { across } = this.options;
    const { lr, weight } = update;
    const step = update.step - 1;
    const { kernels } = contextOf(0).update;
    await gradient.sum(batch, workers, step);
    const [summed] = memory.gradients;
    if (!bounded && !kernels.allFinite(summed, summed.length)) throw this.#diverged(batch, step, lr);
    if (measured) {
      const scale = weight > NEGLIGIBLE ? 1 / weight : 0;
      this.gradientNorms = normsByLayer(kernels, memory.layout, summed, scale);
    }
    const earlier = calm ? null : snapshotOf(memory);
    if (sliced && across) {
      await this.#updateInSlices(update, summedUpdates(memory.layout.length, workers, across), workers);
      if (earlier) await across.gatherSlots();
    } else {
      const evaluate = async () => {
        await gradient.compute(batch, workers, step);
        await gradient.sum(batch, workers, step);
        return gradient.sumsOf(batch).loss / weight;
      };
      await this.#updater.apply(kernels, update, { value: loss / weight, evaluate });
    }
    const broken = earlier && brokenParameter(kernels, memory, plan);
    if (broken) {
      putBack(memory, earlier);
      throw updateError(plan, broken, step, lr);
    }
  }

  /**
   * Completes the sums of the gradients and steps the parameters, each worker its slice of them.
   * @throws UpdateLostError where a slice may be half done
   */
  async #updateInSlices(
    step: UpdateStep,
    tasks: readonly WorkerUpdateTask[],
    workers: number,
  ): Promise<void> {
    const { profile, across } = this.options;
    this.#updater.record(step, ++this.#updates);
    profile?.lap('update');
    try {
      await this.run(tasks, workers);
    } catch (error) {
      if (across) throw error; // one rank cannot go back alone
      throw new UpdateLostError((error as Error).message, { cause: error });
    }
    await across?.gatherWeights();
  }

  /** Returns the error that names what is not finite. */
  #diverged(batch: Batch, step: number, lr: number) {
    const { gradient } = this.contextOf(0);
    return divergedError(gradient, this.plan, this.gradient.passOf(batch, step), batch.shards, lr);
  }
}
