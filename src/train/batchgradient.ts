/**
 * Computes the gradient of a batch: the workers compute a range of its shards each and sum the subtrees of
 * that range; the additions between those complete the tree.
 */
import type { AcrossRanks } from './acrossranks.js';
import { Auditor, type ComputedBatch } from './audit.js';
import { isAudited } from './audited.js';
import { type Cut, cutOf } from './cut.js';
import { addBlocks, type TrainingMemory } from './memory.js';
import type { TrainingPlan } from './plan.js';
import type { Profile } from './profile.js';
import { passValuesAt } from './schedules.js';
import { type BatchPass, writeBatch } from './stepcells.js';
import type { RunTasks, TaskContext, WorkerGradientTask } from './tasks.js';

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
}

export interface BatchGradientOptions {
  readonly profile?: Profile | null;
  readonly onNote?: ((message: string) => void) | undefined;
  /** Where this process is one of several ranks. */
  readonly across?: AcrossRanks | null;
}

export class BatchGradient {
  readonly #profile: Profile | null;
  readonly #auditor: Auditor;
  readonly #across: AcrossRanks | null;
  /** How batches are cut, by what the tasks leave, shards and workers: nearly all have the same cut. */
  readonly #cuts = { subtrees: new Map<number, Cut>(), shards: new Map<number, Cut>() };

  constructor(
    private readonly plan: TrainingPlan,
    private readonly memory: TrainingMemory,
    private readonly contextOf: (workspace: number) => TaskContext,
    private readonly run: RunTasks,
    { profile = null, onNote = () => {}, across = null }: BatchGradientOptions,
  ) {
    this.#profile = profile;
    this.#across = across;
    const trainingRows = () => contextOf(0).gradient.trainingRows;
    this.#auditor = new Auditor({ plan, memory, trainingRows, run, onNote });
  }

  /** Shards that were computed twice so far. */
  get audited(): number {
    return this.#auditor.compared;
  }

  /**
   * Computes the gradients of a batch, twice in a step that is audited. Returns whether their sums are
   * bounded.
   * @throws GateError when an audit finds a fault
   */
  async compute(batch: Batch, workers: number, step: number): Promise<boolean> {
    const computed = await this.computeOnce(batch, workers, step);
    const bounded = this.#areBounded(computed.tasks);
    if (this.#across || this.#isAudited(step)) return this.#complete(computed, bounded);
    return bounded;
  }

  /** Audits what was computed, or exchanges it with other ranks; returns whether all sums are bounded. */
  async #complete(computed: ComputedBatch, bounded: boolean): Promise<boolean> {
    if (!this.#across) {
      await this.#auditor.audit(computed);
      return bounded;
    }
    const all = await this.#across.exchange(this.#kernels, computed.tasks, computed.shards, bounded);
    this.#profile?.lap('sum');
    return all;
  }

  #areBounded(tasks: readonly WorkerGradientTask[]): boolean {
    for (let i = 0; i < tasks.length; i++) {
      if (this.memory.workspaces[tasks[i].workspace].bounded[0] !== 1) return false;
    }
    return true;
  }

  /**
   * Computes the gradients of a batch's shards, and leaves the sums of subtrees in the gradient blocks, or of
   * shards in a step that is audited.
   */
  async computeOnce(batch: Batch, workers: number, step: number): Promise<ComputedBatch> {
    const { tasks } = this.cutOf(batch, workers, step);
    const pass = this.#begin(batch, step);
    const places = await this.run(tasks, workers);
    return { batch: pass, tasks, places, workers, shards: batch.shards };
  }

  /** Writes what all tasks of a batch have in common. */
  #begin(batch: Batch, step: number): BatchPass {
    const pass = this.passOf(batch, step);
    writeBatch(this.memory.batch, pass);
    this.#kernels.refreshWeights();
    this.#profile?.lap('update');
    return pass;
  }

  /** Returns a batch with the values of its passes. */
  passOf({ start, rows }: Batch, step: number): BatchPass {
    const { dropoutFactor, lossParameter } = passValuesAt(this.plan, step);
    return { start, rows, step, dropoutFactor, lossParameter };
  }

  sumsOf({ shards }: Batch): BatchSums {
    const { shardLosses, shardWeights, shardScores } = this.memory;
    const { sum } = this.#kernels;
    return {
      loss: sum(shardLosses, 0, shards, 0),
      weight: sum(shardWeights, 0, shards, 0),
      score: sum(shardScores, 0, shards, 0),
    };
  }

  /** Makes the additions that are left, after which gradient block 0 holds the sum over all shards. */
  async sum(batch: Batch, workers: number, step: number): Promise<void> {
    if (this.#across) await this.#across.sum(this.#kernels, batch.shards);
    else addBlocks(this.#kernels, this.memory, this.cutOf(batch, workers, step).additions);
    this.#profile?.lap('sum');
  }

  /** Returns how the work on a batch is cut. */
  cutOf({ shards }: Batch, workers: number, step: number): Cut {
    const leaves = this.#isAudited(step) ? 'shards' : 'subtrees';
    const key = shards * MOST_WORKERS + workers;
    let cut = this.#cuts[leaves].get(key);
    if (!cut) {
      cut = cutOf(leaves, shards, this.memory.layout.length, workers, this.#across);
      this.#cuts[leaves].set(key, cut);
    }
    return cut;
  }

  #isAudited(step: number): boolean {
    return isAudited(this.plan.config, step);
  }

  /** The kernels of the coordinator's own workspace. */
  get #kernels() {
    return this.contextOf(0).update.kernels;
  }
}

/** More than any number of workers, which makes a unique key of it and a number of shards. */
const MOST_WORKERS = 65536;
