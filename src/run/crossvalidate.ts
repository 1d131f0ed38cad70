/** The library's cross-validation: events that end with what the folds show. */
import type { TrainOptions } from '../train/config.js';
import type { CrossValidation } from '../train/cvevents.js';
import type { EndEvent, TrainEvent } from '../train/events.js';
import { type RunOptions, train } from './train.js';

/** Anything that a cross-validation tells its caller, told apart by `type`; the last one holds its result. */
export type CrossValidationEvent =
  | Exclude<TrainEvent, EndEvent>
  | (EndEvent & { readonly cv: CrossValidation });

/** Folds where neither `cv` nor `fold` says how many. */
const DEFAULT_FOLDS = 5;

/**
 * Trains a network for each fold and scores it on the rows that were held out, as `gradpool train --cv 5`
 * does. The last event has type 'end', and its `cv` the folds, the mean of each metric with its 95 %
 * interval, and the metrics of all held-out rows together. With `refit` a network is trained on all rows at
 * the end, and is the run's model. The folds depend on the seed and the rows alone.
 *
 * @param options as for `train`; `cv` is 5 unless `fold` names a column, and `cvRepeats`, `group`, `time`,
 *   `timeWindow` and `stratify` say how the rows are parted
 * @param run where to write, and what may stop the training
 * @throws UsageError for an option or folds that are impossible, before the first training; DataError for
 *   data that cannot be read, DivergedError for a loss or a gradient that is not finite
 * @example
 * ```js
 * import { crossValidate } from 'gradpool';
 *
 * const options = { data: 'iris', cv: 3, hidden: [8], epochs: 20 };
 * for await (const event of crossValidate(options, { out: null })) {
 *   if (event.type !== 'end') continue;
 *   const { trained, scores, outOfFold } = event.cv;
 *   console.log(trained.map(({ rows }) => rows.held), outOfFold?.rows); // → [ 50, 50, 50 ] 150
 *   console.log((scores.accuracy?.mean ?? 0) > 0.9); // → true
 * }
 * ```
 */
export async function* crossValidate(
  options: TrainOptions,
  run: RunOptions = {},
): AsyncGenerator<CrossValidationEvent> {
  const cv = options.cv ?? (options.fold === undefined ? DEFAULT_FOLDS : undefined);
  for await (const event of train({ ...options, ...(cv === undefined ? {} : { cv }) }, run)) {
    if (event.type === 'end') yield { ...event, cv: event.cv! };
    else yield event;
  }
}
