/**
 * Trains a cross-validation: a network for each fold, scored on the rows that were held out, and at the end
 * one on all rows, where `refit` asks for it. Every network is a session of its own, so its bits do not
 * depend on the others, on their order or on the threads.
 */
import { type Clock, systemClock } from '../clock.js';
import { heldOut } from '../data/folded.js';
import { UsageError } from '../errors.js';
import { membersSha256 } from '../network/digest.js';
import { parameterLayout } from '../network/layout.js';
import { baselineOf } from '../train/baseline.js';
import type { TrainConfig, TrainOptions } from '../train/config.js';
import type { EndEvent, TrainEvent, TrainResult } from '../train/events.js';
import type { TrainingPlan } from '../train/plan.js';
import { type CrossValidationPlan, cvStart, planNewCrossValidation } from './cvplan.js';
import { type Refitted, refitFolds } from './cvrefit.js';
import { summary, trainedFold, unionOf } from './cvresult.js';
import { scoresOfFolds } from './cvscores.js';
import { foldFolder, newRun, type RunRecord, writeRun } from './folder.js';
import { notingKernels } from './kernels.js';
import { whileLocked } from './lock.js';
import { type Members, membersEvents, openMembers } from './members.js';
import { newRecord, resumedRecord } from './record.js';
import { recorded } from './recorded.js';
import { auditedOf } from './result.js';

/** Where a cross-validation is kept, and what may stop it. */
interface CvSession {
  readonly plan: CrossValidationPlan;
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly force: boolean;
}

/** Says how it is run, as `RunOptions` does for one training. */
interface CvOptions {
  readonly signal?: AbortSignal;
  readonly profile?: boolean;
  readonly argv?: readonly string[];
  readonly clock?: Clock;
  readonly force?: boolean;
}

/**
 * Trains a new cross-validation.
 * @param config the resolved options
 * @throws UsageError for a profile and as `planNewCrossValidation` does, DataError for a folder that cannot
 *   be written
 */
export async function* trainFolds(
  config: TrainConfig,
  options: TrainOptions,
  run: CvOptions,
  { folder, started }: { readonly folder: string | null; readonly started: Date },
): AsyncGenerator<TrainEvent> {
  refuseProfileOfFolds(run);
  const plan = await planNewCrossValidation(config, options);
  const record = newRecord(wholePlan(plan), started, run.argv ?? []);
  const { signal, clock = systemClock } = run;
  const lock = newRun(folder, plan.config, record);
  yield* whileLocked(lock, runFolds({ plan, folder, record, signal, clock, force: false }));
}

/**
 * Goes on with a cross-validation: folds that are done are not trained again, others go on from their
 * checkpoints.
 * @param run its record, the configuration to store, and its folder; without one it is trained from the start
 *   and nothing is written
 */
export async function* resumeFolds(
  plan: CrossValidationPlan,
  options: Omit<CvOptions, 'argv'>,
  run: { readonly folder: string | null; readonly config: TrainConfig; readonly record: RunRecord },
): AsyncGenerator<TrainEvent> {
  refuseProfileOfFolds(options);
  const { folder, config, record: before } = run;
  const planned = wholePlan(plan);
  const record = writeRun(folder, config, resumedRecord(before, planned));
  const { signal, clock = systemClock, force = false } = options;
  yield* runFolds({ plan: notingKernels(plan, before, planned), folder, record, signal, clock, force });
}

function refuseProfileOfFolds({ profile }: CvOptions): void {
  if (!profile) return;
  throw new UsageError(
    '--profile: times one training, and a cross-validation trains several; leave out one of the two',
  );
}

/** Returns the plan of the first fold with the data of all, for the record. */
const wholePlan = ({ config, data, folds: [first] }: CrossValidationPlan): TrainingPlan => {
  return { ...first, config, data: data.whole };
};

/** Runs to the end or an interruption, with run.json and metrics.jsonl of the whole in the folder. */
const runFolds = (session: CvSession): AsyncGenerator<TrainEvent> => recorded(session, cvEvents(session));

async function* cvEvents(session: CvSession): AsyncGenerator<TrainEvent> {
  const { plan, folder, record, clock, signal, force } = session;
  const begin = clock();
  const opened = openMembers({
    kind: 'fold',
    plans: plan.folds,
    config: plan.config,
    folder,
    folderOf: (index) => (folder === null ? null : foldFolder(folder, index + 1)),
    argv: record.argv,
    signal,
    clock,
    force,
  });
  const { members } = opened;
  const foldEnd = (index: number, result: TrainResult): TrainEvent => {
    return { type: 'fold', fold: index + 1, ...trainedFold(plan.data, index, result) };
  };
  const start = cvStart(plan, folder);
  yield { ...start, folds: start.folds!.map((own, i) => ({ ...own, done: members[i].result !== null })) };
  yield* membersEvents(opened, 'fold', foldEnd);
  const complete = members.every(({ result }) => result !== null && result.status !== 'interrupted');
  const refitted =
    complete && plan.config.refit
      ? yield* refitFolds(plan, members, { folder, record, signal, clock, force })
      : null;
  const interrupted = !complete || (plan.config.refit && refitted === null);
  yield {
    type: 'end',
    ...endOfFolds(plan, opened, refitted, interrupted),
    run: folder,
    wallSeconds: (clock() - begin) / 1000,
  } satisfies EndEvent;
}

/** Returns the result: the metrics of the held-out rows, and the weights of the network that is kept. */
function endOfFolds(
  plan: CrossValidationPlan,
  { members, workers, atOnce }: Members,
  refitted: Refitted | null,
  interrupted: boolean,
): Omit<TrainResult, 'wallSeconds' | 'profile' | 'run'> {
  const { config, data, folds } = plan;
  const [first] = folds;
  const cv = summary(
    plan,
    members.map(({ result }) => result),
  );
  const results = members.flatMap(({ result }) => result ?? []);
  const sum = (of: (result: TrainResult) => number) =>
    results.reduce((total, result) => total + of(result), 0);
  const early = results.every(({ status }) => status === 'early-stopped');
  const { rows, ...val } = cv.outOfFold ?? { rows: 0, loss: 0 };
  const metrics = {
    train: refitted?.train ?? null,
    val: cv.outOfFold === null ? null : val,
    test: refitted?.test ?? null,
  };
  const held = { ...data.whole, val: unionOf(data.folds.map((fold) => heldOut(fold, data.held))) };
  return {
    status: interrupted ? 'interrupted' : early ? 'early-stopped' : 'completed',
    reason: interrupted ? 'interrupted' : `all ${folds.length} folds`,
    weightsSha256: membersSha256(results.map(({ weightsSha256 }) => weightsSha256)),
    epochs: results.reduce((most, { epochs }) => Math.max(most, epochs), 0),
    steps: sum(({ steps }) => steps) + (refitted?.refit?.steps ?? 0),
    bestEpoch: null,
    samplesPerSecond:
      (Math.max(1, atOnce) * sum(({ samplesPerSecond }) => samplesPerSecond)) / Math.max(1, results.length),
    workers,
    shards: config.shards,
    kernels: first.kernels,
    precision: config.precision,
    seed: config.seed,
    parameters: parameterLayout(first.layers).count,
    ...refitted,
    ...auditedOf(config, refitted === null ? results : [...results, refitted]),
    ...metrics,
    ...(cv.outOfFold && {
      scores: { val: scoresOfFolds(plan, members), test: refitted?.scores?.test ?? null },
    }),
    baseline: baselineOf(held, metrics, first.network.loss),
    cv,
  };
}
