/** Plans the trainings of a sweep, and checks them before the first one begins. */
import { revivedError, thrownError, UsageError, UserError } from '../errors.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { foldConfig } from '../run/cvplan.js';
import { withChosenKernels } from '../run/kernels.js';
import { settledConfig } from '../run/newplan.js';
import { refuseUnused, type TrainOptions } from '../train/config.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import type { SweepData } from './dataloader.js';
import { type Assignment, assignmentText, configured, trialKey } from './searches/space.js';
import type { Unit } from './units.js';

/** The kernels that `kernels: auto` stands for in all trials; null until the first plan has chosen them. */
export type SweepKernels = Pick<ChosenKernels, 'name' | 'library'>;

/** Makes the plans of a sweep's trainings. */
export class Planner {
  #kernels: SweepKernels | null;
  readonly #prepared = new Map<string, Pick<TrainingPlan, 'config' | 'data'>>();

  constructor(
    private readonly base: TrainOptions,
    private readonly data: SweepData,
    kernels: SweepKernels | null,
  ) {
    this.#kernels = kernels;
  }

  /** What `kernels: auto` stands for; null before the first plan. */
  get kernels(): SweepKernels | null {
    return this.#kernels;
  }

  /** Plans a training as `plan` does, and keeps what its trial needs until `take` asks for it. */
  async prepare(assignment: Assignment, unit: Unit): Promise<TrainingPlan> {
    const plan = await this.plan(assignment, unit);
    const { config, data } = plan;
    this.#prepared.set(trialKey(assignment, unit), { config, data });
    return plan;
  }

  /** Returns once what a trial of a configuration needs, and plans it unless it is prepared. */
  async take(assignment: Assignment, unit: Unit): Promise<Pick<TrainingPlan, 'config' | 'data'>> {
    const key = trialKey(assignment, unit);
    const prepared = this.#prepared.get(key);
    this.#prepared.delete(key);
    return prepared ?? (await this.plan(assignment, unit));
  }

  /**
   * Plans the training of a configuration with a seed, on a fold where there are folds.
   * @throws UsageError and DataError as a training does; the message begins with the configuration
   */
  async plan(assignment: Assignment, { seed, fold }: Unit): Promise<TrainingPlan> {
    try {
      // A trial is scored by rows that it was not trained on, so it is not refitted on them.
      const options = { ...configured(this.base, assignment), seed, refit: false };
      return await this.#plan(options, fold);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const message = `${assignmentText(assignment)}: ${error.message}`;
      throw revivedError({ ...thrownError(error), message });
    }
  }

  async #plan(options: TrainOptions, fold: number | undefined): Promise<TrainingPlan> {
    if ((options.bag ?? 1) > 1) {
      throw new UsageError('bag: the trials of a sweep are single networks; leave bag out and use seeds');
    }
    const data =
      fold === undefined
        ? await this.data.load(options)
        : (await this.data.folds(options)).folds[fold - 1].data;
    const settled =
      fold === undefined ? settledConfig(options, data) : foldConfig(settledConfig(options, data));
    const known = settled.kernels === 'auto' ? this.#kernels : null;
    // To choose among kernels takes longer than all the rest, and is done once.
    const quick = known ? { kernels: 'portable' as const, nativeLibrary: undefined } : {};
    const plan = planTraining({ ...settled, workers: 0, ...quick }, data);
    refuseUnused({ ...settled, loss: plan.network.loss });
    const chosen = known ?? { name: plan.kernels, library: plan.library };
    if (settled.kernels === 'auto') this.#kernels = chosen;
    const { name: kernels, library } = chosen;
    return { ...plan, config: withChosenKernels(plan.config, { kernels, library }) };
  }
}
