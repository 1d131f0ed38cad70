/** The main job from end to end: load the data, train, keep the run on disk, evaluate, save the model. */
import { dirname } from 'node:path';
import type { Clock } from '../clock.js';
import { bagData, bagSources } from '../data/bag.js';
import { loadFolds } from '../data/folded.js';
import { loadTrainingData } from '../data/load.js';
import { isFolded } from '../data/parting.js';
import type { DataInMemory } from '../data/source.js';
import { shellPath } from '../data/words.js';
import { UsageError } from '../errors.js';
import type { OwnMetric } from '../metrics/own.js';
import type { Ranks } from '../ranks/ranks.js';
import { resolveConfig, type TrainConfig, type TrainOptions, withEpochs, withRows } from '../train/config.js';
import type { TrainEvent } from '../train/events.js';
import { startWorkers } from '../train/open.js';
import { checkOwnGiven, ownFunctions, type StoppingRule } from '../train/own.js';
import { planTraining } from '../train/plan.js';
import { resumeBag, trainBag } from './bag.js';
import { planBag } from './bagplan.js';
import { keptBoard, refuseBoardAlone } from './board.js';
import { resumeFolds, trainFolds } from './crossvalidation.js';
import { planCrossValidation } from './cvplan.js';
import { newRun, newRunFolder, readRun, refuseNoRun, writeRun } from './folder.js';
import { checkData, forcedNotes, forcedRecord } from './forced.js';
import { notingKernels, withKernels } from './kernels.js';
import { type FolderLock, lockFolder, whileLocked } from './lock.js';
import { planNewTraining } from './newplan.js';
import { refuseNoPicture, refuseSeveral } from './picture/pictured.js';
import { agreedPlan, beginAmong, openTogether, refuseAmong, shareOfRank, writes } from './ranks.js';
import { newRecord, resumedRecord } from './record.js';
import { runSession } from './refit.js';
import { orClose, restoreOrBegin } from './restore.js';
import { openSession } from './session.js';
import { refuseShortening } from './shortening.js';
import { fromElsewhere } from './sources.js';

/** Says how a training is run, as opposed to what it computes. */
export interface RunOptions {
  /** Folder of the run; by default a new one below runs/. With null nothing is written. */
  readonly out?: string | null;
  /** Ends the run when it aborts: the step is finished, a checkpoint saved, the status 'interrupted'. */
  readonly signal?: AbortSignal;
  /** Whether to time every step: the last event then holds a profile, and the run's folder trace.json. */
  readonly profile?: boolean;
  /**
   * Whether the training must be one that a picture can be drawn of; UsageError where it is not. Frames are
   * kept in the folder of every training of one network on two numbers.
   */
  readonly picture?: boolean;
  /** Milliseconds between two events of type step (default 0: every step has one). */
  readonly stepInterval?: number;
  /** The command line, which the run's record keeps. */
  readonly argv?: readonly string[];
  /** The compiled worker module. Tests put one here that dies. */
  readonly workerFile?: string;
  /** The clock that times the run. Tests put one here that they set by hand. */
  readonly clock?: Clock;
}

/** Says what changes when a run goes on: how long and by what means it trains, but not what it computes. */
export interface ResumeOptions extends Omit<RunOptions, 'out'> {
  /** Number of threads. The weights do not depend on it. */
  readonly workers?: number | 'auto';
  /** Kernels to take in place of those that the run began with. Other kernels round differently. */
  readonly kernels?: TrainConfig['kernels'];
  /** The library to load for native kernels, where the run names one that this machine does not know. */
  readonly nativeLibrary?: string;
  /** The share of the shards that is computed twice from now on; by default as the run began. */
  readonly audit?: TrainOptions['audit'];
  /** Whether to write event files from now on, and where; by default as the run began. */
  readonly tensorboard?: boolean | string;
  /** The training data, if the run began on a table in memory. */
  readonly data?: DataInMemory;
  /** The validation data, if the run began on such a table. */
  readonly val?: DataInMemory;
  /** The test data, if the run began on such a table. */
  readonly test?: DataInMemory;
  /** The metric of one's own, if the run goes by one. */
  readonly metric?: OwnMetric;
  /** The stopping rule, if the run has one. */
  readonly stop?: StoppingRule;
  /**
   * Whether to go on although configuration, data or checkpoints have changed since the run wrote them. The
   * bits may then differ from those of a run that was never changed; run.json keeps what was.
   */
  readonly force?: boolean;
  /** Epochs in all, more than were first planned; refused where the schedule depends on the end. */
  readonly epochs?: number;
}

/**
 * Trains a network and yields what happens, as `gradpool train` does. The last event has type 'end' and holds
 * the result; the model is then in the run's folder, for `loadModel`. Training goes on only while the caller
 * asks for events.
 *
 * @param options what to train on and how; only `data` is required
 * @param run where to write, and what may stop the training
 * @throws UsageError for an option that is impossible, DataError for data that cannot be read, DivergedError
 *   for a loss or a gradient that is not finite
 * @example
 * ```js
 * import { train } from 'gradpool';
 *
 * for await (const event of train({ data: 'xor', hidden: [4], epochs: 300 }, { out: null })) {
 *   if (event.type === 'start') console.log(event.widths); // → 2-4-2
 *   if (event.type === 'end') console.log(event.train?.accuracy); // → 1
 * }
 * ```
 */
export const train = (options: TrainOptions, run: RunOptions = {}): AsyncGenerator<TrainEvent> =>
  trainAmong(undefined, options, run);

/** Trains as one of several ranks, as the command line does under mpiexec; alone where there are none. */
export async function* trainAmong(
  ranks: Ranks | undefined,
  options: TrainOptions,
  run: RunOptions = {},
): AsyncGenerator<TrainEvent> {
  const started = new Date();
  const signal = beginAmong(ranks, run.signal);
  const config = resolveConfig(options);
  checkOwnGiven(config, ownFunctions(options));
  refuseAmong(ranks, config);
  const folder = run.out === null || !writes(ranks) ? null : newRunFolder(run.out, config.data, started);
  if (writes(ranks)) refuseBoardAlone(config.tensorboard, folder);
  if (run.picture) refuseSeveral(config);
  if (config.bag > 1) return yield* trainBag(config, options, run, { folder, started });
  if (isFolded(config)) return yield* trainFolds(config, options, run, { folder, started });
  startWorkers(config, run.workerFile);
  const plan = await agreedPlan(ranks, await planNewTraining(config, options, run.profile, ranks));
  if (run.picture) refuseNoPicture(plan.data);
  const session = openSession(plan, { ...run, own: ownFunctions(options), ranks });
  const { trainer } = session;
  const record = newRecord(plan, started, run.argv ?? []);
  let lock: FolderLock | null = null;
  const open = () => {
    lock = newRun(folder, plan.config, record);
    return { record, best: null };
  };
  await orClose(trainer, () => openTogether(ranks, trainer, open));
  const own = writes(ranks) ? { pictured: true } : { measured: [] };
  yield* whileLocked(lock, runSession({ ...session, folder, record, signal, best: null, ...own }));
}

/**
 * Continues a run from its last checkpoint, or from the beginning if it has none yet. The weights come out
 * the same, bit for bit, as if the run had never stopped. Of a run that is complete there is only the last
 * event, with its result.
 *
 * @param folder the run's folder
 * @throws UsageError for fewer epochs than were planned, DataError where the folder is damaged or the data
 *   is not the data that the run began with
 * @example
 * ```js
 * import { resume, train } from 'gradpool';
 *
 * const options = { data: 'iris', hidden: [8], epochs: 5 };
 * for await (const event of train(options, { out: 'runs/longer' })) {
 *   if (event.type === 'end') console.log(event.epochs); // → 5
 * }
 * for await (const event of resume('runs/longer', { epochs: 8 })) {
 *   if (event.type === 'end') console.log(event.epochs); // → 8
 * }
 * ```
 */
export const resume = (folder: string, options: ResumeOptions = {}): AsyncGenerator<TrainEvent> =>
  resumeAmong(undefined, folder, options);

/** Goes on as one of several ranks; alone where there are none. */
export async function* resumeAmong(
  ranks: Ranks | undefined,
  folder: string,
  options: ResumeOptions = {},
): AsyncGenerator<TrainEvent> {
  const signal = beginAmong(ranks, options.signal);
  const agreed = signal ? { ...options, signal } : options;
  if (writes(ranks)) refuseNoRun(folder);
  yield* whileLocked(writes(ranks) ? lockFolder(folder) : null, resumed(ranks, folder, agreed));
}

async function* resumed(
  ranks: Ranks | undefined,
  folder: string,
  options: ResumeOptions,
): AsyncGenerator<TrainEvent> {
  const changes: string[] = [];
  const refuse = options.force ? (change: string) => void changes.push(change) : undefined;
  const read = () => readRun(folder, refuse);
  const { record, config: before } = ranks ? await ranks.fromFirst(read) : read();
  if (record.member) {
    throw new UsageError(
      `${folder} is member ${record.member.number} of a bag: resume the whole bag, gradpool resume ${shellPath(dirname(dirname(folder)))}`,
    );
  }
  if (record.fold) {
    throw new UsageError(
      `${folder} is fold ${record.fold.number} of a cross-validation: resume all of it, gradpool resume ${shellPath(dirname(dirname(folder)))}`,
    );
  }
  if (record.refit) {
    throw new UsageError(`${folder} is the refit of a run: gradpool resume ${shellPath(dirname(folder))}`);
  }
  const { tensorboard, boardNotes } = keptBoard(before.tensorboard, options.tensorboard, folder);
  const told = () => [...boardNotes, ...forcedNotes(changes)];
  const config = withEpochs(
    resolveConfig({
      ...before,
      tensorboard,
      ...(options.workers === undefined ? {} : { workers: options.workers }),
      ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
      ...(options.audit === undefined ? {} : { audit: options.audit }),
    }),
  );
  refuseShortening(folder, before, config);
  const { status, result } = record;
  if (config.epochs === before.epochs && result !== null && status !== 'interrupted') {
    yield { type: 'end', ...result, run: folder };
    return;
  }
  checkOwnGiven(config, ownFunctions(options));
  refuseAmong(ranks, config);
  if (options.picture) refuseSeveral(config);
  const recorded = withKernels(folder, config, record, options.kernels, options.nativeLibrary);
  const rows = withRows(recorded, { ...recorded, ...options });
  if (isFolded(config)) {
    const folded = await fromElsewhere(config, record.cwd, async () => {
      const loaded = await loadFolds(rows);
      changes.push(...checkData(folder, recorded, loaded.whole, record, options.force));
      return loaded;
    });
    const plan = noting(planCrossValidation(recorded, folded), told());
    const known = forcedRecord(record, folded.whole, changes);
    yield* resumeFolds(plan, options, { folder, config, record: known });
    return;
  }
  if (config.bag === 1) startWorkers(config, options.workerFile);
  const { options: sources, fraction } = config.bag > 1 ? bagSources(rows) : { options: rows, fraction: 0 };
  const data = await fromElsewhere(config, record.cwd, async () => {
    const loaded = await loadTrainingData(sources);
    changes.push(...checkData(folder, recorded, loaded, record, options.force));
    return loaded;
  });
  const known = forcedRecord(record, data, changes);
  if (config.bag > 1) {
    const members = bagData(data, config.bag, fraction, config.seed, config.stratify);
    const plan = noting(planBag(recorded, members), told());
    yield* resumeBag(plan, { ...options, own: ownFunctions(options) }, { folder, config, record: known });
    return;
  }
  const own = planTraining(recorded, data, options.profile, ...shareOfRank(ranks));
  const plan = await agreedPlan(ranks, own);
  if (options.picture) refuseNoPicture(plan.data);
  const noted = noting(notingKernels(plan, record, plan), told());
  const session = openSession(noted, { ...options, own: ownFunctions(options), ranks });
  const { trainer } = session;
  const { force = false } = options;
  const open = () => {
    const best = restoreOrBegin(folder, session, { record, force });
    return { record: writeRun(folder, config, resumedRecord(known, plan)), best };
  };
  const opened = await orClose(trainer, () => openTogether(ranks, trainer, open));
  const part = writes(ranks) ? { folder, pictured: true } : { folder: null, measured: [] };
  yield* runSession({ ...session, ...opened, ...part, signal: options.signal, force });
}

/** Adds notes to what a plan says at its start. */
const noting = <Plan extends { readonly notes: readonly string[] }>(
  plan: Plan,
  notes: readonly string[],
): Plan => ({ ...plan, notes: [...plan.notes, ...notes] });
