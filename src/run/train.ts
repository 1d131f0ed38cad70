/** The main job from end to end: load the data, train, keep the run on disk, evaluate, save the model. */
import { join } from 'node:path';
import type { Clock } from '../clock.js';
import { type LoadOptions, loadTrainingData, type TrainingData } from '../data/load.js';
import type { DataInMemory } from '../data/source.js';
import { DataError, UsageError } from '../errors.js';
import { type LayerRow, layerTable } from '../network/table.js';
import { SCHEDULES, type Schedule } from '../optim/schedules.js';
import { memoryBudget } from '../train/budget.js';
import { resolveConfig, type TrainConfig, type TrainOptions, withRows } from '../train/config.js';
import type { StartEvent, TrainEvent } from '../train/events.js';
import { planTraining, type TrainingPlan } from '../train/plan.js';
import type { Trainer } from '../train/trainer.js';
import { readCheckpoint } from './checkpoint.js';
import type { BestWeights } from './checkpointwriter.js';
import {
  createRunFolder,
  newRunFolder,
  RUN_FILES,
  type RunRecord,
  readRun,
  wasSaved,
  writeConfig,
  writeRecord,
} from './folder.js';
import { changeOfKernels, withKernels } from './kernels.js';
import { runSession } from './loop.js';
import { newRecord } from './record.js';
import { startEvent } from './result.js';
import { openSession } from './session.js';
import { absoluteSources, fromElsewhere } from './sources.js';

/** How a training is run, as opposed to what it computes. */
export interface RunOptions {
  /** the run's folder; by default a new one under runs/; null: write nothing */
  readonly out?: string | null;
  /** aborting finishes the step, saves a checkpoint and ends with status 'interrupted' */
  readonly signal?: AbortSignal;
  /** takes the times of every step: a profile in the last event, trace.json in the run's folder */
  readonly profile?: boolean;
  /** the command line, for the record */
  readonly argv?: readonly string[];
  /** the compiled worker module; tests put one here that dies */
  readonly workerFile?: string;
  /** what the run is timed by; tests put one here that they hold */
  readonly clock?: Clock;
}

/** What may change when a run goes on: how long and by what means, not what is computed. */
export interface ResumeOptions extends Omit<RunOptions, 'out'> {
  readonly workers?: number | 'auto';
  /** in place of those that the run began with: the bits become others */
  readonly kernels?: TrainConfig['kernels'];
  /** tables in memory, where the run was begun on such */
  readonly data?: DataInMemory;
  readonly val?: DataInMemory;
  readonly test?: DataInMemory;
  /** train longer than was first planned; refused where the schedule depends on the end */
  readonly epochs?: number;
}

/** Trains as `gradpool train` does. The last event is 'end' and holds the result. */
export async function* train(options: TrainOptions, run: RunOptions = {}): AsyncGenerator<TrainEvent> {
  const started = new Date();
  const config = absoluteSources(resolveConfig(options));
  const folder = run.out === null ? null : newRunFolder(run.out, config.data, started);
  const plan = planTraining(config, await loadTrainingData(withRows(config, options)), run.profile);
  const record = newRecord(plan, started, run.argv ?? []);
  const session = openSession(plan, run);
  if (folder) await orClose(session.trainer, () => createRunFolder(folder, config, record));
  yield* runSession({ ...session, folder, record, signal: run.signal, best: null });
}

/**
 * Goes on from a run's last checkpoint, or from the beginning before there is one, to the same bits as if it
 * had never stopped.
 */
export async function* resume(folder: string, options: ResumeOptions = {}): AsyncGenerator<TrainEvent> {
  const { record, config: before } = readRun(folder);
  const config = resolveConfig({
    ...before,
    ...(options.workers === undefined ? {} : { workers: options.workers }),
    ...(options.epochs === undefined ? {} : { epochs: options.epochs }),
  });
  refuseShortening(folder, before, config, record);
  const recorded = withKernels(folder, config, record, options.kernels);
  const sources = withRows(recorded, { ...recorded, ...options });
  const data = await fromElsewhere(config, record.cwd, () => sameData(folder, recorded, sources, record));
  const plan = planTraining(recorded, data, options.profile);
  const session = openSession(noting(plan, changeOfKernels(record, plan)), options);
  const { trainer } = session;
  const best = await orClose(trainer, () => {
    const found = wasSaved(folder) ? restore(folder, trainer) : null;
    writeConfig(folder, config);
    return found;
  });
  const resumed: RunRecord = {
    ...record,
    kernels: plan.kernels,
    library: plan.library,
    status: 'running',
    ended: null,
    exitCode: null,
    error: null,
    result: null,
  };
  writeRecord(folder, resumed);
  yield* runSession({ ...session, folder, record: resumed, signal: options.signal, best });
}

/** A run goes on with the data that it was begun on. */
async function sameData(
  folder: string,
  config: TrainConfig,
  sources: LoadOptions,
  record: RunRecord,
): Promise<TrainingData> {
  const data = await loadTrainingData(sources);
  const { val = null, test = null } = record.sources ?? {};
  const changed = [
    ...(data.fingerprint === record.dataset ? [] : [`${config.data}: not the data`]),
    ...(val === null || data.fingerprints.val === val ? [] : [`${config.val}: not the validation data`]),
    ...(test === null || data.fingerprints.test === test ? [] : [`${config.test}: not the test data`]),
  ];
  if (changed.length === 0) return data;
  const older =
    record.sources === undefined && data.schema.kind === 'table'
      ? ' (or it was begun by an earlier gradpool, which read tables by other rules: start it again)'
      : '';
  throw new DataError(
    `${changed[0]} that ${folder} was trained on; a run goes on with the same data only${older}`,
  );
}

function noting(plan: TrainingPlan, note: string | null): TrainingPlan {
  return note === null ? plan : { ...plan, notes: [...plan.notes, note] };
}

/**
 * Takes the trainer to where the run's last checkpoint stands; returns the best weights, where there are any.
 */
function restore(folder: string, trainer: Trainer): BestWeights | null {
  const { layout, weights, slots } = trainer.memory;
  const last = readCheckpoint(join(folder, RUN_FILES.last), layout.length, slots.length);
  weights.set(last.weights);
  for (const [index, slot] of slots.entries()) slot.set(last.slots[index]);
  trainer.state = last.state;
  if (!last.state.best) return null;
  const best = readCheckpoint(join(folder, RUN_FILES.best), layout.length, 0);
  return { weights: best.weights, saved: true };
}

/**
 * What a failure on the way to the first step must not leave behind are threads, which would keep the process
 * alive.
 */
async function orClose<T>(trainer: Trainer, prepare: () => T): Promise<T> {
  try {
    return prepare();
  } catch (error) {
    await trainer.close();
    throw error;
  }
}

/** A training as planned: what the start event says, the network layer by layer, and the bytes it takes. */
export interface PlanReport extends StartEvent {
  readonly layers: readonly LayerRow[];
  readonly budget: Readonly<Record<string, number>>;
}

/** What `train` would do, without doing it. */
export async function plan(options: TrainOptions): Promise<PlanReport> {
  const config = absoluteSources(resolveConfig(options));
  const planned = planTraining(config, await loadTrainingData(withRows(config, options)));
  return {
    ...startEvent(planned, null, 0),
    layers: layerTable(planned.layers),
    budget: memoryBudget(planned),
  };
}

function refuseShortening(folder: string, before: TrainConfig, config: TrainConfig, record: RunRecord): void {
  if (config.epochs < before.epochs) {
    throw new UsageError(
      `--epochs ${config.epochs}: ${folder} was planned for ${before.epochs}; a run can only go on for longer`,
    );
  }
  const { planned }: Schedule = SCHEDULES[before.schedule];
  if (config.epochs > before.epochs && planned) {
    throw new UsageError(
      `--epochs ${config.epochs}: the ${before.schedule} schedule of ${folder} ends at epoch ${before.epochs}; start a new run`,
    );
  }
  if (
    config.epochs === before.epochs &&
    (record.status === 'completed' || record.status === 'early-stopped')
  ) {
    const more =
      record.status === 'completed' ? `; give --epochs ${2 * before.epochs} to train for longer` : '';
    throw new UsageError(`${folder}: the run is complete (${record.status})${more}`);
  }
}
