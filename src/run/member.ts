/**
 * Trains one network of several, a bag's member or a fold's, in whichever thread: a session like any other,
 * on the network's own rows.
 */
import { type Clock, systemClock } from '../clock.js';
import type { TrainingData } from '../data/load.js';
import { revivedError, thrownError, UserError } from '../errors.js';
import type { TrainConfig } from '../train/config.js';
import type {
  CheckpointEvent,
  EndEvent,
  EpochEvent,
  NoteEvent,
  RetryEvent,
  StepEvent,
} from '../train/events.js';
import type { OwnFunctions } from '../train/own.js';
import { planTraining } from '../train/plan.js';
import { openNested } from './nested.js';
import { newRecord } from './record.js';
import { runSession } from './refit.js';
import type { Session } from './session.js';

/** What one network of several is. */
export interface MemberPlace {
  readonly kind: 'member' | 'fold';
  /** Counted from 1. */
  readonly number: number;
  readonly of: number;
}

/** All that a thread needs to train a member: plain data, and arrays in shared memory. */
export interface MemberJob {
  readonly place: MemberPlace;
  readonly config: TrainConfig;
  readonly data: TrainingData;
  /** Cores that `workers: auto` may use for this member. */
  readonly cores: number;
  /** The member's folder; null when nothing is written. */
  readonly folder: string | null;
  readonly argv: readonly string[];
  /** Receives the final weights. */
  readonly weights: Float32Array;
  /** Whether checkpoints are taken that do not belong to the member. */
  readonly force: boolean;
}

/** What a member tells: the events of its session, of which `end` is the last. */
export type MemberReport = StepEvent | EpochEvent | CheckpointEvent | RetryEvent | NoteEvent | EndEvent;

/** How a member is trained, as opposed to what it computes. */
interface MemberOptions {
  /** Milliseconds between two steps that are reported; 0 for all. */
  readonly stepInterval?: number;
  readonly clock?: Clock;
  /** The functions of the program that trains, which only its own thread has. */
  readonly own?: OwnFunctions;
}

/**
 * Trains a member from its last checkpoint, if there is one, and leaves its weights in the job.
 * @throws what a training throws, with the member's number in the message
 */
export async function* trainMember(
  job: MemberJob,
  signal: AbortSignal,
  { stepInterval = 0, clock = systemClock, own = {} }: MemberOptions = {},
): AsyncGenerator<MemberReport> {
  try {
    const session = await openMember(job, signal, clock, own);
    for await (const event of runSession({ ...session, stepInterval })) {
      if (event.type === 'start' || event.type === 'workers') continue;
      if (event.type === 'member' || event.type === 'fold') continue;
      if (event.type === 'refit' || event.type === 'refitEpoch') continue;
      if (event.type === 'end') job.weights.set(session.trainer.memory.weights);
      yield event;
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { kind, number, of } = job.place;
    const message = `${kind} ${number} of ${of}: ${error.message}`;
    throw revivedError({ ...thrownError(error), message });
  }
}

function openMember(job: MemberJob, signal: AbortSignal, clock: Clock, own: OwnFunctions): Promise<Session> {
  const { config, data, folder, place, force } = job;
  const { kind, number, of } = place;
  const plan = planTraining(config, data, false, job.cores);
  const record = { ...newRecord(plan, new Date(), job.argv), [kind]: { number, of } };
  return openNested(plan, { folder, record, signal, clock, own, force });
}
