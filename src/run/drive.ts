/** A run from where its trainer stands to its end: epochs, evaluations, checkpoints, and the record of it all. */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFileAtomic } from '../atomic.js';
import { type Clock, systemClock } from '../clock.js';
import { DivergedError, UserError } from '../errors.js';
import { saveModel } from '../model/write.js';
import { layerTable } from '../network/table.js';
import { afterEpoch } from '../optim/plateau.js';
import type { EpochEvent, Metrics, StartEvent, TrainEvent, TrainResult } from '../train/events.js';
import type { TrainingPlan } from '../train/plan.js';
import { type Profile, timed } from '../train/profile.js';
import { widths } from '../train/specification.js';
import type { Trainer } from '../train/trainer.js';
import { parseUntil } from '../train/until.js';
import { weightsSha256 } from '../train/weights.js';
import { appendMetrics, RUN_FILES, type RunRecord, writeRecord } from './folder.js';
import { type BestWeights, beginSaving, type Saving } from './saving.js';

/** One process's part of a run. */
export interface Sitting {
  readonly trainer: Trainer;
  /** what times are told to; null: nobody asked */
  readonly profile: Profile | null;
  /** events that arose inside a step, to be passed on after it */
  readonly news: TrainEvent[];
  /** null: nothing is written */
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  best: BestWeights | null;
  /** the checkpoint that is being written, or was and has not been told of */
  saving?: Saving | null;
  /** tells when a checkpoint is due and when the event loop turns; by default the system's */
  readonly clock?: Clock | undefined;
}

/** Milliseconds between two checkpoints at the ends of epochs: with tiny data there are thousands of epochs a second. */
const CHECKPOINT_INTERVAL = 1000;
/** Milliseconds after which an in-process training lets the event loop turn, so that a signal is heard. */
const TURN_INTERVAL = 50;
/** The same while a checkpoint is written, which takes a dozen turns. */
const SAVING_INTERVAL = 2;

/** Runs the sitting to its end; keeps run.json and metrics.jsonl along the way. Closes the trainer. */
export async function* drive(sitting: Sitting): AsyncGenerator<TrainEvent> {
  const { trainer, folder, record } = sitting;
  const finish = (status: RunRecord['status'], exitCode: number, more: Partial<RunRecord>) => {
    if (folder)
      writeRecord(folder, { ...record, status, exitCode, ended: new Date().toISOString(), ...more });
  };
  try {
    for await (const event of sittingEvents(sitting)) {
      if (folder && event.type !== 'step') appendMetrics(folder, event);
      if (event.type === 'end') {
        const { type, ...result } = event;
        finish(result.status, result.status === 'interrupted' ? 130 : 0, { result });
      }
      yield event;
    }
  } catch (error) {
    const exitCode = error instanceof UserError ? error.exitCode : 1;
    finish(exitCode === 4 ? 'diverged' : 'failed', exitCode, { error: (error as Error).message });
    try {
      writeTrace(sitting);
    } catch {} // the first error is the one to tell
    throw error;
  } finally {
    const saved = await sitting.saving?.written.catch(() => null); // an earlier error is the one to tell
    if (folder && saved) appendMetrics(folder, saved);
    await trainer.close();
  }
}

async function* sittingEvents(sitting: Sitting): AsyncGenerator<TrainEvent> {
  const { trainer, news, folder, signal, clock = systemClock } = sitting;
  const { plan } = trainer;
  const begin = clock();
  let turned = begin;
  let saved = begin;
  let status: TrainResult['status'] = 'completed';
  const { samples } = trainer.state;
  let epochStart = { samples: trainer.state.samples, seconds: trainer.state.seconds };

  yield startEvent(plan, folder, trainer.state.step);
  if (plan.workers.length === 1) {
    yield { type: 'workers', workers: trainer.workers, why: `--workers ${plan.config.workers}` };
  }
  if (trainer.state.step === 0) yield* save(sitting);

  while (trainer.state.step < plan.totalSteps) {
    if (signal?.aborted) {
      status = 'interrupted';
      break;
    }
    if (outOfPatience(trainer)) {
      status = 'early-stopped';
      break;
    }
    if (converged(trainer)) break;
    const { lr } = trainer;
    await trainer.step();
    const { state } = trainer;
    const epoch = Math.ceil(state.step / plan.stepsPerEpoch);
    const train = trainer.metrics(state.epochLoss, state.epochScore, state.epochRows, state.epochWeight);
    yield { type: 'step', step: state.step, epoch, train, lr };
    yield* news.splice(0);

    const epochDone = state.step % plan.stepsPerEpoch === 0;
    if (epochDone) {
      yield await endEpoch(sitting, epoch, train, lr, epochStart);
      epochStart = { samples: state.samples, seconds: state.seconds };
    }
    const { checkpointEvery } = plan.config;
    const due = checkpointEvery !== undefined && state.step % checkpointEvery === 0;
    if (due || (epochDone && clock() - saved > CHECKPOINT_INTERVAL)) {
      yield* save(sitting);
      saved = clock();
    }
    if (sitting.saving?.settled) yield* saving(sitting);
    if (clock() - turned > (sitting.saving ? SAVING_INTERVAL : TURN_INTERVAL)) {
      await (sitting.saving ? timed(sitting.profile, 'saving', () => nextTurn()) : nextTurn());
      turned = clock();
    }
  }
  yield* save(sitting);
  yield* saving(sitting);
  const result = await end(sitting, status);
  const wallSeconds = (clock() - begin) / 1000;
  const { profile } = sitting;
  if (!profile) yield { type: 'end', ...result, wallSeconds };
  else {
    const report = profile.report(wallSeconds, trainer.state.samples - samples);
    yield { type: 'end', ...result, wallSeconds, profile: { ...report, trace: writeTrace(sitting) } };
  }
}

/** Where the trace of the steps is now, if there is a profile and a folder. */
function writeTrace({ profile, folder }: Sitting): string | null {
  if (!profile || !folder) return null;
  const path = join(folder, RUN_FILES.trace);
  writeFileAtomic(path, profile.trace());
  return path;
}

/** Evaluates, decides whether this is the best epoch, and begins the next epoch's sums. */
async function endEpoch(
  sitting: Sitting,
  epoch: number,
  train: Metrics,
  lr: number,
  start: { samples: number; seconds: number },
): Promise<EpochEvent> {
  const { trainer } = sitting;
  const { state, plan } = trainer;
  const val = plan.data.val
    ? await timed(sitting.profile, 'evaluation', () => trainer.evaluate('val'))
    : null;
  if (!Object.values(train).every(Number.isFinite)) {
    throw new DivergedError(
      `diverged in epoch ${epoch}: its training metrics are not finite; lower --lr (now ${lr})`,
    );
  }
  const before = state.best?.val ?? state.best?.train;
  // any loss is better than NaN, which the best of a run by an earlier version can be
  const best = before === undefined || !((val ?? train).loss >= before.loss);
  if (best) {
    state.best = { epoch, train, val };
    sitting.best ??= { weights: new Float32Array(trainer.evaluated.length), saved: false };
    sitting.best.weights.set(trainer.evaluated);
    sitting.best.saved = false;
  }
  state.lossBefore = state.train?.loss ?? null;
  state.plateau = afterEpoch(state.plateau, (val ?? train).loss, plan.config);
  Object.assign(state, { train, val, epochLoss: 0, epochWeight: 0, epochScore: 0, epochRows: 0 });
  const seconds = state.seconds - start.seconds;
  const samplesPerSecond = (state.samples - start.samples) / seconds;
  return { type: 'epoch', epoch, step: state.step, train, val, lr, best, seconds, samplesPerSecond };
}

/** Asked between epochs, also when a run goes on from a checkpoint there. */
function outOfPatience({ plan, state }: Trainer): boolean {
  const { patience } = plan.config;
  const epochs = state.step / plan.stepsPerEpoch;
  return (
    patience !== undefined &&
    state.best !== null &&
    Number.isInteger(epochs) &&
    epochs - state.best.epoch >= patience
  );
}

/** Whether the training loss fulfils `until`, asked between epochs as patience is. */
function converged({ plan, state }: Trainer): boolean {
  const { until } = plan.config;
  return (
    until !== undefined &&
    state.train !== null &&
    state.step % plan.stepsPerEpoch === 0 &&
    parseUntil(until)!(state.train.loss, state.lossBefore)
  );
}

/** Begins to write a checkpoint, once the one before is written. */
async function* save(sitting: Sitting): AsyncGenerator<TrainEvent> {
  const { trainer, folder, best } = sitting;
  if (!folder) return;
  yield* saving(sitting);
  sitting.saving = await timed(sitting.profile, 'saving', () => beginSaving(trainer, folder, best));
}

/** Waits for the checkpoint that is being written, and tells of it. Throws DataError where it could not be written. */
async function* saving(sitting: Sitting): AsyncGenerator<TrainEvent> {
  const { saving } = sitting;
  sitting.saving = null;
  if (saving) yield await timed(sitting.profile, 'saving', () => saving.written);
}

/** The final weights (the best ones under early stopping), their test metrics, and the model file. */
async function end(
  sitting: Sitting,
  status: TrainResult['status'],
): Promise<Omit<TrainResult, 'wallSeconds' | 'profile'>> {
  const { trainer, folder, best } = sitting;
  const { plan, state, memory } = trainer;
  const { config, data } = plan;
  const restored = config.patience !== undefined && status !== 'interrupted' && best !== null;
  trainer.settle(restored ? best.weights : trainer.evaluated);
  const epochs = Math.floor(state.step / plan.stepsPerEpoch);
  if (folder) {
    const model = {
      layout: memory.layout,
      weights: memory.weights,
      network: plan.network,
      schema: data.schema,
      facts: { epochs, steps: state.step, seed: config.seed, kernels: plan.kernels },
    };
    // The model comes before the test, because a row of the test data can end the run.
    await timed(sitting.profile, 'saving', () => saveModel(join(folder, RUN_FILES.model), model));
  }
  const test =
    data.test && status !== 'interrupted'
      ? await timed(sitting.profile, 'evaluation', () => trainer.evaluate('test'))
      : null;
  return {
    run: folder,
    status,
    reason: reason(trainer, status),
    weightsSha256: weightsSha256(memory.layout, memory.weights),
    epochs,
    steps: state.step,
    bestEpoch: state.best?.epoch ?? null,
    train: (restored ? state.best?.train : state.train) ?? null,
    val: (restored ? state.best?.val : state.val) ?? null,
    test,
    samplesPerSecond: state.samples / state.seconds,
    workers: trainer.workers,
    shards: config.shards,
    kernels: plan.kernels,
    precision: config.precision,
    seed: config.seed,
    parameters: memory.layout.count,
  };
}

function reason(trainer: Trainer, status: TrainResult['status']): string {
  const { config } = trainer.plan;
  if (status === 'early-stopped') return `no better loss in ${config.patience} epochs`;
  if (status === 'interrupted') return 'interrupted';
  return converged(trainer) ? `${config.until}` : `all ${config.epochs} epochs`;
}

export function startEvent(plan: TrainingPlan, folder: string | null, step: number): StartEvent {
  const { config, data } = plan;
  return {
    type: 'start',
    run: folder,
    dataset: data.name,
    task: data.task,
    classes: data.classes,
    rows: {
      train: data.train.rows.length,
      val: data.val?.rows.length ?? 0,
      test: data.test?.rows.length ?? 0,
    },
    network: plan.network,
    widths: widths(plan.layers),
    parameters: layerTable(plan.layers).reduce((sum, { parameters }) => sum + parameters, 0),
    batch: plan.batch,
    stepsPerEpoch: plan.stepsPerEpoch,
    epochs: config.epochs,
    step,
    kernels: plan.kernels,
    sharedBytes: plan.sharedBytes,
    notes: plan.notes,
    config,
  };
}
