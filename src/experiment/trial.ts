/** Trains one trial of a sweep, in whichever thread: a session like any other, in a folder of its own. */
import { rmSync } from 'node:fs';
import { type Clock, systemClock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { DataError, DivergedError, UserError } from '../errors.js';
import { openNested } from '../run/nested.js';
import { newRecord } from '../run/record.js';
import { runSession } from '../run/refit.js';
import type { Session } from '../run/session.js';
import type { TrainConfig } from '../train/config.js';
import type { EndEvent, EpochEvent, NoteEvent, RetryEvent, StepEvent } from '../train/events.js';
import type { OwnFunctions } from '../train/own.js';
import { planTraining } from '../train/plan.js';

/** All that a thread needs to train a trial: plain data, and arrays in shared memory. */
export interface TrialJob {
  readonly config: TrainConfig;
  readonly data: TrainingData;
  /** Cores that `workers: auto` may use for this trial. */
  readonly cores: number;
  /** The epoch at which to end, as early as the schedule is planned for or earlier. */
  readonly lastEpoch: number;
  /** The trial's folder; null when nothing is written. */
  readonly folder: string | null;
  readonly argv: readonly string[];
  /** What TensorBoard compares trials by. */
  readonly hparams: NonNullable<Session['hparams']>;
  /** The parts whose metrics are measured at the end. */
  readonly measured: readonly ('val' | 'test')[];
}

/** Says that a trial's session begins, and from which step on. */
interface BeginReport {
  readonly type: 'begin';
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly parameters: number;
}

/** Says that a trial's loss or gradient was not finite. */
interface DivergedReport {
  readonly type: 'diverged';
  readonly reason: string;
}

/** What a trial tells: the events of its session, of which `end` or `diverged` is the last. */
export type TrialReport =
  | BeginReport
  | StepEvent
  | EpochEvent
  | RetryEvent
  | NoteEvent
  | EndEvent
  | DivergedReport;

/** How a trial is trained, as opposed to what it computes. */
interface TrialOptions {
  /** Milliseconds between two steps that are reported; 0 for all. */
  readonly stepInterval?: number;
  readonly clock?: Clock;
  /** The functions of the program that sweeps, which only its own thread has. */
  readonly own?: OwnFunctions;
}

/**
 * Trains a trial from its last checkpoint, if there is one.
 * @throws DataError where the trial's folder cannot be written or is damaged
 */
export async function* trainTrial(
  job: TrialJob,
  signal: AbortSignal,
  { stepInterval = 0, clock = systemClock, own = {} }: TrialOptions = {},
): AsyncGenerator<TrialReport> {
  try {
    const session = await openTrial(job, signal, clock, own);
    const { lastEpoch, hparams, measured } = job;
    for await (const event of runSession({ ...session, lastEpoch, hparams, measured, stepInterval })) {
      if (event.type === 'start') {
        const { step, stepsPerEpoch, parameters } = event;
        yield { type: 'begin', step, stepsPerEpoch, parameters };
      } else if (event.type === 'step' || event.type === 'epoch' || event.type === 'retry') yield event;
      else if (event.type === 'note' || event.type === 'end') yield event;
    }
  } catch (error) {
    if (!(error instanceof DivergedError)) throw asUserError(error);
    yield { type: 'diverged', reason: error.message };
  }
}

/** The codes with which the system says that it cannot write: the sweep ends, and can be resumed. */
const SYSTEM = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE'];

/** Turns the system's refusals into a DataError, because their codes do not cross threads. */
function asUserError(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof UserError || code === undefined || !SYSTEM.includes(code)) return error;
  return new DataError(message);
}

async function openTrial(
  job: TrialJob,
  signal: AbortSignal,
  clock: Clock,
  own: OwnFunctions,
): Promise<Session> {
  const { config, data, cores, folder, argv, lastEpoch } = job;
  const plan = planTraining(config, data, false, cores);
  const open = () =>
    openNested(plan, { folder, record: newRecord(plan, new Date(), argv), signal, clock, own });
  const session = await open();
  const { trainer } = session;
  if (folder === null || trainer.state.step <= lastEpoch * trainer.plan.stepsPerEpoch) return session;
  // The checkpoint is from a later rung than the one whose result was lost: only a new start leads there.
  await trainer.close();
  rmSync(folder, { recursive: true });
  return open();
}
