/**
 * Runs one session: steps, ends of epochs and checkpoints, from where the trainer stands to an end or an
 * interruption.
 */
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { writeFileAtomic } from '../atomic.js';
import type { Clock } from '../clock.js';
import type { EndEvent, TrainEvent, TrainResult } from '../train/events.js';
import { timed } from '../train/profile.js';
import { UpdateLostError } from '../train/slices.js';
import type { Trainer } from '../train/trainer.js';
import { CheckpointWriter } from './checkpointwriter.js';
import { converged, type EpochStart, endEpoch, outOfPatience } from './epoch.js';
import { appendMetrics, RUN_FILES } from './folder.js';
import { recall } from './history.js';
import { checkFinite, passOver } from './nonfinite.js';
import { finishTraining, startEvent } from './result.js';
import type { Session } from './session.js';

/** Runs a session to its end, and closes the trainer. */
export async function* sessionEvents(session: Session): AsyncGenerator<TrainEvent> {
  const { trainer } = session;
  const checkpoints = new CheckpointWriter(session);
  try {
    yield* trainingEvents(session, checkpoints);
  } catch (error) {
    try {
      writeTrace(session);
    } catch {
      // The error that ended the training is the one to report.
    }
    throw error;
  } finally {
    await recordLastCheckpoint(session, checkpoints);
    await trainer.close();
  }
}

/** Waits for a checkpoint that is still being written when a session ends early, and records it. */
async function recordLastCheckpoint({ folder }: Session, checkpoints: CheckpointWriter): Promise<void> {
  try {
    for await (const event of checkpoints.finish()) if (folder) appendMetrics(folder, event);
  } catch {
    // The error that ended the training is the one to report.
  }
}

async function* trainingEvents(session: Session, checkpoints: CheckpointWriter): AsyncGenerator<TrainEvent> {
  const { trainer, folder, clock, pendingEvents, profile, stepInterval = 0 } = session;
  const { plan } = trainer;
  const begin = clock();
  const samplesBefore = trainer.state.samples;
  const sinceTold = new Stopwatch(clock, Number.NEGATIVE_INFINITY);
  const sinceTurn = new Stopwatch(clock);
  const turnIsDue = () => sinceTurn.hasPassed(checkpoints.writing ? SAVING_INTERVAL : TURN_INTERVAL);

  yield startEvent(plan, folder, trainer.state.step);
  if (plan.workers.length === 1) {
    yield { type: 'workers', workers: trainer.workers, why: `--workers ${plan.config.workers}` };
  }
  if (trainer.state.step === 0) yield* checkpoints.begin(session.best);

  recall(session);
  let status = endingOf(session);
  let epochStart = startOfEpoch(trainer);
  const losses: number[] = [];
  const pauses = () =>
    sinceTold.hasPassed(stepInterval) ||
    turnIsDue() ||
    pendingEvents.length > 0 ||
    endsEpoch(trainer) ||
    checkpoints.isDueByStep ||
    checkpoints.written ||
    endingOf(session) !== null;
  while (status === null) {
    try {
      await stepUntil(trainer, pauses);
    } catch (error) {
      const passed = passOver(trainer, error, session.best);
      if (passed !== null) {
        pendingEvents.push({ type: 'note', message: passed });
      } else {
        losses.push(lossOf(error, trainer.state.step, losses));
        yield* checkpoints.restore(session);
        const message = `${(error as Error).message}: going back to the checkpoint after step ${trainer.state.step}`;
        yield* pendingEvents.splice(0);
        yield { type: 'retry', message };
        epochStart = startOfEpoch(trainer);
        continue;
      }
    }
    const { lastLr: lr } = trainer;
    const { step } = trainer.state;
    const epoch = Math.ceil(step / plan.stepsPerEpoch);
    if (sinceTold.hasPassed(stepInterval)) {
      sinceTold.restart();
      yield { type: 'step', step, epoch, train: trainer.epochMetrics, lr };
    }
    if (pendingEvents.length > 0) yield* pendingEvents.splice(0);

    const epochDone = endsEpoch(trainer);
    if (epochDone) {
      yield await endEpoch(session, epoch, lr, epochStart);
      epochStart = startOfEpoch(trainer);
    }
    if (await checkpoints.isDue(epochDone)) {
      checkFinite(trainer);
      yield* checkpoints.begin(session.best);
    }
    if (checkpoints.written) yield* checkpoints.finish();
    if (turnIsDue()) {
      await (checkpoints.writing ? timed(profile, 'saving', () => nextTurn()) : nextTurn());
      sinceTurn.restart();
    }
    status = endingOf(session);
  }

  checkFinite(trainer);
  yield* checkpoints.begin(session.best);
  yield* checkpoints.finish();
  const result = await finishTraining(session, status);
  yield endEvent(session, result, (clock() - begin) / 1000, trainer.state.samples - samplesBefore);
}

/**
 * Makes steps until one after which `pauses` says so. Nearly all steps are followed by the next one at once,
 * so this loop is apart from all that may be done between them.
 */
async function stepUntil(trainer: Trainer, pauses: () => boolean): Promise<void> {
  do await trainer.step();
  while (!pauses());
}

/** An update that is lost this often has a bug; it was no accident. */
const MOST_LOSSES = 3;

/**
 * Returns the step whose update was lost. Throws any other error, and this one where it comes again and
 * again.
 */
function lossOf(error: unknown, step: number, losses: readonly number[]): number {
  const before = losses.filter((lost) => lost === step).length;
  if (!(error instanceof UpdateLostError) || before + 1 === MOST_LOSSES) throw error;
  return step;
}

/** Returns why training ends here, or null while it goes on. */
function endingOf({ trainer, signal, lastEpoch, stopped }: Session): TrainResult['status'] | null {
  const { totalSteps, stepsPerEpoch } = trainer.plan;
  const last = lastEpoch === undefined ? totalSteps : lastEpoch * stepsPerEpoch;
  if (trainer.state.step >= last) return 'completed';
  if (signal?.aborted) return 'interrupted';
  if (stopped !== null || outOfPatience(trainer)) return 'early-stopped';
  return converged(trainer) ? 'completed' : null;
}

function startOfEpoch({ state: { samples, seconds } }: Trainer): EpochStart {
  return { samples, seconds };
}

const endsEpoch = ({ state, plan }: Trainer): boolean => state.step % plan.stepsPerEpoch === 0;

/** Milliseconds after which the event loop turns, so that an in-process training hears a signal. */
const TURN_INTERVAL = 50;
/** Milliseconds after which it turns while a checkpoint is written, which takes a dozen turns. */
const SAVING_INTERVAL = 2;

/** Says whether so many milliseconds have passed since it was started. */
class Stopwatch {
  constructor(
    private readonly clock: Clock,
    private started = clock(),
  ) {}

  hasPassed(milliseconds: number): boolean {
    return milliseconds === 0 || this.clock() - this.started >= milliseconds;
  }

  restart(): void {
    this.started = this.clock();
  }
}

function endEvent(
  session: Session,
  result: Omit<TrainResult, 'wallSeconds' | 'profile'>,
  wallSeconds: number,
  samples: number,
): EndEvent {
  const { profile } = session;
  if (!profile) return { type: 'end', ...result, wallSeconds };
  const report = profile.report(wallSeconds, samples);
  return { type: 'end', ...result, wallSeconds, profile: { ...report, trace: writeTrace(session) } };
}

/** Writes the trace of the steps, if there are a profile and a folder, and returns its path. */
function writeTrace({ profile, folder }: Session): string | null {
  if (!profile || !folder) return null;
  const path = join(folder, RUN_FILES.trace);
  writeFileAtomic(path, profile.trace());
  return path;
}
