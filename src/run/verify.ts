/**
 * Trains a run again, from its own configuration but with another number of workers and, where there are any,
 * other kernels with the same bits, and compares with what the run has left. Nothing in its folder changes.
 */
import { dirname } from 'node:path';
import { bagData, bagSources } from '../data/bag.js';
import { loadFolds } from '../data/folded.js';
import { loadTrainingData, type TrainingData } from '../data/load.js';
import { isFolded } from '../data/parting.js';
import { shellPath } from '../data/words.js';
import { DataError, UsageError } from '../errors.js';
import type { KernelName } from '../kernels/kernels.js';
import { type PlannedConfig, resolveConfig, withEpochs, withRows } from '../train/config.js';
import type { TrainEvent } from '../train/events.js';
import { checkOwnGiven } from '../train/own.js';
import { planTraining } from '../train/plan.js';
import type { Trainer } from '../train/trainer.js';
import { resumeBag } from './bag.js';
import { planBag } from './bagplan.js';
import { Comparison } from './comparison.js';
import { resumeFolds } from './crossvalidation.js';
import { planCrossValidation } from './cvplan.js';
import { type RunRecord, readRun } from './folder.js';
import { withTwin } from './kernels.js';
import { type Reference, readReference } from './reference.js';
import { runSession } from './refit.js';
import { openSession, type Session } from './session.js';
import { changedSources, fromElsewhere } from './sources.js';

/** Says how a run is verified. */
export interface VerifyOptions {
  /** Number of threads; by default another one than the run's. */
  readonly workers?: number;
  /** Steps after which the comparison ends; by default as far as the run came. */
  readonly steps?: number;
  readonly signal?: AbortSignal;
  /** The library to load for native kernels, where the run names one that this machine does not know. */
  readonly nativeLibrary?: string;
}

/** How a training was computed. */
export interface TrainedWith {
  /** Number of threads; null where the run does not say. */
  readonly workers: number | null;
  readonly kernels: KernelName;
}

/** What came of a verification; it comes last. */
export interface VerifiedEvent {
  readonly type: 'verified';
  readonly run: string;
  /** Whether everything that was compared has the same bits. */
  readonly equal: boolean;
  /** Where the two trainings first differ; null where they do not. */
  readonly difference: string | null;
  readonly recorded: TrainedWith;
  readonly again: TrainedWith;
  /** Ends of epochs that were compared, over all members and folds, a refit included. */
  readonly epochs: number;
  /** Steps of the checkpoints that were compared. */
  readonly checkpoints: readonly number[];
  /** SHA-256 of the final weights of both; null where they were not reached or differ. */
  readonly weightsSha256: string | null;
}

/**
 * Verifies a run: yields the events of a training that repeats it and, unless that was interrupted, what the
 * comparison shows. It ends with the first difference.
 * @throws UsageError where the run is a part of another, or cannot be repeated by itself; DataError where the
 *   data has changed, a file is damaged, or there is nothing to compare
 * @example
 * ```js
 * import { train, verify } from 'gradpool';
 *
 * const options = { data: 'iris', hidden: [8], epochs: 3 };
 * for await (const event of train(options, { out: 'runs/verified' })) void event;
 * for await (const event of verify('runs/verified')) {
 *   if (event.type === 'verified') console.log(event.equal, event.epochs); // → true 3
 * }
 * ```
 */
export async function* verify(
  folder: string,
  options: VerifyOptions = {},
): AsyncGenerator<TrainEvent | VerifiedEvent> {
  const { record, config: stored } = readRun(folder);
  refusePart(folder, record);
  checkOwnGiven(stored, {});
  const reference = readReference(folder, record);
  const workers = options.workers ?? otherWorkers(reference.workers);
  const plain = { ...stored, workers, audit: 0, tensorboard: false };
  const config = withTwin(folder, withEpochs(resolveConfig(plain)), record, options.nativeLibrary);
  refuseUnfinished(folder, config, reference, options.steps);
  const { events, trainer } = await repeat(folder, config, record, options.signal);
  const recorded: TrainedWith = { workers: reference.workers, kernels: record.kernels };
  let again: TrainedWith = { workers, kernels: record.kernels };
  try {
    const comparison = new Comparison(folder, reference, trainer, options.steps);
    for await (const event of events) {
      yield event;
      if (event.type === 'start') again = { workers, kernels: event.kernels };
      if (event.type === 'end' && event.status === 'interrupted') return;
      if (comparison.endsWith(event)) break;
    }
    const { difference, epochs, checkpoints, weightsSha256 } = comparison;
    const equal = difference === null;
    const found = { equal, difference, recorded, again, epochs, checkpoints, weightsSha256 };
    yield { type: 'verified', run: folder, ...found };
  } finally {
    await trainer?.close();
  }
}

/** Throws UsageError for a run that is a part of another and so does not hold all that its rows depend on. */
function refusePart(folder: string, { member, fold, refit }: RunRecord): void {
  const [part, whole] = member
    ? [`member ${member.number} of a bag`, dirname(dirname(folder))]
    : fold
      ? [`fold ${fold.number} of a cross-validation`, dirname(dirname(folder))]
      : ['the refit of a run', dirname(folder)];
  if (!member && !fold && !refit) return;
  throw new UsageError(`${folder} is ${part}: verify all of it, gradpool verify ${shellPath(whole)}`);
}

/** Throws UsageError for several networks of which only a part could be compared. */
function refuseUnfinished(
  folder: string,
  config: PlannedConfig,
  { result }: Reference,
  steps: number | undefined,
): void {
  if (config.bag === 1 && !isFolded(config)) return;
  if (steps !== undefined) {
    throw new UsageError(
      `--steps ${steps}: ${folder} holds several networks, each with steps of its own: leave out --steps`,
    );
  }
  if (result === null) {
    throw new UsageError(
      `${folder}: some of its networks are not trained yet: gradpool resume ${shellPath(folder)} first`,
    );
  }
}

/** Returns a number of workers that is not the run's. */
const otherWorkers = (workers: number | null): number => (workers === null || workers < 2 ? 2 : workers - 1);

/** A training that is about to repeat a run; several networks have no trainer here. */
interface Repetition {
  readonly events: AsyncGenerator<TrainEvent>;
  readonly trainer: Trainer | null;
}

/** Plans a run anew, from its data, and prepares its training, which writes nothing. */
async function repeat(
  folder: string,
  config: PlannedConfig,
  record: RunRecord,
  signal: AbortSignal | undefined,
): Promise<Repetition> {
  const options = { ...(signal && { signal }) };
  const nowhere = { folder: null, config, record };
  const rows = withRows(config, config);
  const same = (data: TrainingData) => refuseOtherData(folder, config, data, record);
  if (isFolded(config)) {
    const folded = await fromElsewhere(config, record.cwd, () => loadFolds(rows));
    same(folded.whole);
    return { events: resumeFolds(planCrossValidation(config, folded), options, nowhere), trainer: null };
  }
  const { options: sources, fraction } = config.bag > 1 ? bagSources(rows) : { options: rows, fraction: 0 };
  const data = await fromElsewhere(config, record.cwd, () => loadTrainingData(sources));
  same(data);
  if (config.bag > 1) {
    const plan = planBag(config, bagData(data, config.bag, fraction, config.seed, config.stratify));
    return { events: resumeBag(plan, options, nowhere), trainer: null };
  }
  const opened = openSession(planTraining(config, data), {});
  // A trial of a sweep may have ended earlier than its schedule was planned for.
  const last = record.status === 'completed' && { lastEpoch: record.result!.epochs };
  const session: Session = { ...opened, folder: null, record, signal, best: null, ...last };
  return { events: runSession(session), trainer: opened.trainer };
}

/** Throws DataError for data that is not the data of the run. */
function refuseOtherData(folder: string, config: PlannedConfig, data: TrainingData, record: RunRecord): void {
  const [changed] = changedSources(config, data, record);
  if (changed === undefined) return;
  throw new DataError(`${changed} that ${folder} was trained on; a run is verified on the same data only`);
}
