/** One round of a sweep: trials that are trained beside each other, and the results they leave. */
import { availableParallelism } from 'node:os';
import { UsageError, UserError } from '../errors.js';
import { runJobs } from '../parallel/jobs.js';
import { boardOfParts } from '../run/board.js';
import type { EndEvent } from '../train/events.js';
import { hasFunctions } from '../train/own.js';
import { shareCores, type TrialThreads } from './concurrency.js';
import type {
  RoundEvent,
  TrialNoteEvent,
  TrialProgressEvent,
  TrialRetryEvent,
  TrialStartEvent,
} from './events.js';
import { trialFolder, trialsWithFolders } from './folder.js';
import type { PreparedSweep } from './prepare.js';
import type { SweepRunOptions } from './runoptions.js';
import { measuredFor, type ScoreName, withScore } from './scores.js';
import type { Proposal } from './searches/halving.js';
import { type Assignment, axisValueText } from './searches/space.js';
import { type ChosenSplit, chooseSplit, isWorthMeasuring, splitsOf, TRIAL_FILE } from './split.js';
import { type TrialJob, type TrialReport, trainTrial } from './trial.js';
import { appendTrialLines, type TrialBook, type TrialIdentity, type TrialResult } from './triallines.js';

/** What a round is trained with. */
export interface RoundContext {
  readonly prepared: PreparedSweep;
  readonly folder: string | null;
  readonly book: TrialBook;
  readonly run: SweepRunOptions;
  readonly argv: readonly string[];
  readonly signal: AbortSignal;
  /** How the cores are shared, once that was measured. */
  readonly split: { chosen: ChosenSplit | null };
}

/** A result, and the time that it took. */
export interface Finished {
  readonly type: 'finished';
  readonly result: TrialResult;
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

type RoundReport =
  | RoundEvent
  | TrialStartEvent
  | TrialProgressEvent
  | TrialRetryEvent
  | TrialNoteEvent
  | Finished;

/** A trial that is to be trained up to an epoch. */
interface Pending {
  readonly trial: TrialIdentity;
  readonly job: TrialJob;
}

/** Milliseconds between two steps that are reported, of which there may be thousands a second. */
const STEP_INTERVAL = 200;

/** Trains the trials of a round that have no result yet. After an interruption some have none still. */
export async function* trainRound(
  proposals: readonly Proposal[],
  round: number,
  context: RoundContext,
): AsyncGenerator<RoundReport> {
  const { prepared, folder, book, signal } = context;
  const units = prepared.units.all;
  const wanted = proposals.flatMap(({ assignment, epochs }) =>
    units.map((unit) => ({ axes: assignment, unit, epochs })),
  );
  const missing = wanted.filter(({ axes, unit, epochs }) => book.at(axes, unit, epochs) === null);
  const split = await splitFor(context, missing.length);
  const threads = threadsFor(context, missing.length);
  const { parallel, workers } = threads;
  const done = wanted.length - missing.length;
  const why = split === null ? {} : { why: split };
  yield { type: 'round', round, trials: wanted.length, done, parallel, workers, ...why };
  if (missing.length === 0 || signal.aborted) return;

  const taken = folder === null ? new Set<number>() : trialsWithFolders(folder);
  const identified = missing.map(({ axes, unit, epochs }) => ({
    ...book.identify(axes, unit, taken),
    epochs,
  }));
  const fresh = identified.flatMap((found) =>
    found.fresh ? [{ ...found.trial, status: 'begun' as const }] : [],
  );
  if (folder !== null && fresh.length > 0) appendTrialLines(folder, fresh);
  const pending: Pending[] = [];
  for (const { trial, epochs } of identified) {
    const planned = await jobOf(trial, epochs, threads, context);
    if ('result' in planned) yield planned;
    else pending.push({ trial, job: planned });
  }
  const jobs = pending.map(({ job }) => job);
  const reports = runJobs<TrialJob, TrialReport>(jobs, {
    filename: TRIAL_FILE,
    threads: parallel > 1 ? Math.min(parallel, jobs.length) : 0,
    here: (job, asked) => trainTrial(job, asked, { stepInterval: STEP_INTERVAL, own: prepared.own }),
    signal,
    retried: ({ message }) => ({ type: 'retry', message }),
  });
  for await (const { index, report } of reports) {
    const { trial, job } = pending[index];
    const epochs = job.lastEpoch;
    if (report.type === 'begin') {
      const { step, stepsPerEpoch } = report;
      yield { type: 'trialStart', ...trial, step, stepsPerEpoch, epochs };
    } else if (report.type === 'step' || report.type === 'epoch') {
      yield { type: 'progress', trial: trial.trial, event: report };
    } else if (report.type === 'retry' || report.type === 'note') {
      yield { type: report.type, trial: trial.trial, message: report.message };
    } else if (report.type === 'diverged') {
      yield finished({ ...trial, epochs, status: 'diverged', reason: report.reason, ...NOTHING });
    } else if (report.status !== 'interrupted') {
      const { wallSeconds, samplesPerSecond } = report;
      const result = resultOf(trial, epochs, report, prepared.definition.score);
      yield finished(result, wallSeconds, samplesPerSecond);
    }
  }
}

/**
 * Measures once in a sweep how its cores are shared best, where that is left open and worth the time.
 * Returns why it is shared so, in the round before which it was measured.
 */
async function splitFor(context: RoundContext, trials: number): Promise<string | null> {
  const { prepared, run, split, signal } = context;
  const { base } = prepared.definition;
  const { parallel = 'auto', workers = base.workers ?? 'auto' } = run;
  const cores = availableParallelism();
  if (parallel !== 'auto' || workers !== 'auto' || split.chosen?.cores === cores) return null;
  const { first, own } = prepared;
  const most = shareCores(
    { parallel, workers, memoryLimit: base.memoryLimit },
    trials,
    first.sharedBytes,
  ).parallel;
  const open = cores > 1 && most > 1 && !hasFunctions(own) && !signal.aborted;
  if (!open || !isWorthMeasuring(first, trials, cores)) return null;
  const { config, data } = first;
  const job = {
    config,
    data,
    cores,
    lastEpoch: config.epochs,
    folder: null,
    argv: [],
    measured: [],
    hparams: {},
  };
  split.chosen = await chooseSplit(job, splitsOf(most, first.sizes.shards, cores), signal);
  return split.chosen?.why ?? null;
}

/** How the cores are shared, the base's own number of workers counting where none is asked for. */
function threadsFor({ prepared, run, split }: RoundContext, trials: number): TrialThreads {
  const { base } = prepared.definition;
  const { parallel = 'auto', workers = base.workers ?? 'auto' } = run;
  const { memoryLimit } = base;
  if (hasFunctions(prepared.own)) {
    if (parallel === 'auto' || parallel === 1) return { parallel: 1, workers, cores: availableParallelism() };
    throw new UsageError(
      `parallel: ${parallel} trials at the same time run in threads, to which a metric or stopping rule of your own cannot be sent; leave parallel out, and the workers inside a trial share the cores`,
    );
  }
  const chosen = split.chosen?.cores === availableParallelism() ? split.chosen : null;
  const asked =
    chosen !== null && parallel === 'auto' && workers === 'auto' && trials >= chosen.parallel
      ? { parallel: chosen.parallel, workers: chosen.workers, memoryLimit }
      : { parallel, workers, memoryLimit };
  return shareCores(asked, Math.max(1, trials), prepared.first.sharedBytes);
}

/** Plans a trial. A configuration that turns out to be impossible has failed. */
async function jobOf(
  trial: TrialIdentity,
  epochs: number | 'all',
  { parallel, workers, cores }: TrialThreads,
  { prepared, folder, argv }: RoundContext,
): Promise<TrialJob | Finished> {
  try {
    const { config, data } = await prepared.planner.take(trial.axes, trial);
    const { memoryLimit } = config;
    const limit = memoryLimit ? { memoryLimit: memoryLimit / parallel } : {};
    return {
      config: { ...config, workers, tensorboard: boardOfParts(config.tensorboard, folder), ...limit },
      data,
      cores,
      lastEpoch: epochs === 'all' ? config.epochs : Math.min(epochs, config.epochs),
      folder: folder === null ? null : trialFolder(folder, trial.trial),
      argv,
      hparams: { ...flatAxes(trial.axes), seed: trial.seed },
      measured: measuredFor(prepared.definition.score, config),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const until = epochs === 'all' ? prepared.first.config.epochs : epochs;
    return finished({ ...trial, epochs: until, status: 'failed', reason: error.message, ...NOTHING });
  }
}

/** Returns the values of axes as TensorBoard takes them: lists become texts such as 256+128. */
function flatAxes(axes: Assignment): TrialJob['hparams'] {
  return Object.fromEntries(
    Object.entries(axes).map(([path, value]) => [
      path,
      typeof value === 'number' || typeof value === 'boolean' ? value : axisValueText(value),
    ]),
  );
}

const NOTHING = {
  bestEpoch: null,
  steps: null,
  parameters: null,
  train: null,
  val: null,
  test: null,
  weightsSha256: null,
} as const;

function finished(result: TrialResult, seconds = 0, samplesPerSecond = 0): Finished {
  return { type: 'finished', result, seconds, samplesPerSecond };
}

function resultOf(trial: TrialIdentity, epochs: number, end: EndEvent, score: ScoreName): TrialResult {
  const { reason, bestEpoch, steps, parameters, train, weightsSha256 } = end;
  const { val, test } = withScore(score, end);
  const status = end.status === 'early-stopped' ? 'early-stopped' : 'completed';
  return { ...trial, epochs, status, reason, bestEpoch, steps, parameters, train, val, test, weightsSha256 };
}
