/** The tasks of a worker that measures importances: each scores the rows with one column permuted once. */
import type { Subset } from '../data/dataset.js';
import type { RawFeature } from '../data/schema.js';
import type { ChosenKernels } from '../kernels/choose.js';
import { PURPOSE, permute } from '../random.js';
import type { ReadModel } from './read.js';
import { createRunner } from './runner.js';
import { ShuffledScorer } from './shuffled.js';

/** All that a worker needs to know; it is sent to every worker once. */
export interface ShuffleSetup {
  /** The model's file. */
  readonly file: string;
  readonly chosen: Pick<ChosenKernels, 'name' | 'library'>;
  readonly subset: Subset;
  readonly source: string;
  readonly columns: readonly RawFeature[];
  readonly repeats: number;
  readonly seed: number;
  /** Loss and errors of each task, [columns, repeats, 2]. */
  readonly sums: Float64Array<SharedArrayBuffer>;
}

/** A task is a column and a repeat: their index in `sums`, divided by 2. */
export type ShuffleTask = number;

/** Returns the function that computes a task and leaves its sums in shared memory. */
export function shuffleHandler(setup: ShuffleSetup, model: ReadModel): (task: ShuffleTask) => void {
  const { chosen, subset, source, columns, repeats, seed, sums } = setup;
  const scorer = new ShuffledScorer(model, createRunner(model, { ...chosen, note: null }), subset, source);
  return (task) => {
    const order = subset.rows.map((_, i) => i);
    permute(order, seed, PURPOSE.importance, task);
    const { loss, errors } = scorer.shuffled(columns[Math.floor(task / repeats)], order);
    sums[2 * task] = loss;
    sums[2 * task + 1] = errors;
  };
}
