import { type Clock, systemClock } from '../clock.js';
import type { Ranks } from '../ranks/ranks.js';
import type { HParamValue } from '../tensorboard/eventfile.js';
import type { TrainEvent } from '../train/events.js';
import { openTrainer } from '../train/open.js';
import { checkOwnGiven, type OwnFunctions, type PastEpoch } from '../train/own.js';
import type { TrainingPlan } from '../train/plan.js';
import { Profile } from '../train/profile.js';
import type { Trainer } from '../train/trainer.js';
import type { RunRecord } from './folder.js';

/** The weights of the best epoch so far. */
export interface BestWeights {
  readonly weights: Float32Array;
  /** Whether the best checkpoint holds them, or is about to. */
  saved: boolean;
}

/** One process's part of a run. */
export interface Session {
  readonly trainer: Trainer;
  /** Takes the times of the steps; null when nobody asked. */
  readonly profile: Profile | null;
  /** Events that arose inside a step and are passed on after it. */
  readonly pendingEvents: TrainEvent[];
  /** The run's folder; null when nothing is written. */
  readonly folder: string | null;
  readonly record: RunRecord;
  readonly signal: AbortSignal | undefined;
  /** Says when a checkpoint is due and when the event loop turns. */
  readonly clock: Clock;
  /** Milliseconds between two steps that are told of (default 0: every step is). */
  readonly stepInterval?: number | undefined;
  best: BestWeights | null;
  /** What TensorBoard compares a sweep's trials by. */
  readonly hparams?: Readonly<Record<string, HParamValue>>;
  /** Ends training after this epoch, earlier than the schedule is planned for. */
  readonly lastEpoch?: number;
  /** The functions of the program that trains. */
  readonly own: OwnFunctions;
  /** The epochs so far, for a stopping rule. */
  readonly history: PastEpoch[];
  /** Why the stopping rule has ended training; null while it has not. */
  stopped: string | null;
  /** Whether `resume --force` goes on with what has changed; the refit does then too. */
  readonly force?: boolean;
  /** The parts whose metrics are measured at the end; by default validation and test rows. */
  readonly measured?: readonly ('val' | 'test')[];
  /** Whether frames of a network of two inputs are kept in the folder. */
  readonly pictured?: boolean;
}

interface SessionOptions {
  readonly workerFile?: string;
  readonly profile?: boolean;
  readonly clock?: Clock;
  readonly stepInterval?: number;
  readonly own?: OwnFunctions;
  readonly ranks?: Ranks | undefined;
}

/** Opens a trainer, with the events that arise inside its steps. */
export function openSession(
  plan: TrainingPlan,
  { workerFile, profile, clock, stepInterval, own = {}, ranks }: SessionOptions,
): Pick<
  Session,
  'trainer' | 'profile' | 'pendingEvents' | 'clock' | 'stepInterval' | 'own' | 'history' | 'stopped'
> {
  checkOwnGiven(plan.config, own);
  const pendingEvents: TrainEvent[] = [];
  const times = profile ? new Profile(clock) : null;
  const trainer = openTrainer(plan, {
    workerFile,
    clock,
    profile: times,
    ownMetric: own.metric,
    ranks,
    onRetry: (message) => pendingEvents.push({ type: 'retry', message }),
    onNote: (message) => pendingEvents.push({ type: 'note', message }),
    onWorkers: (workers, why) => pendingEvents.push({ type: 'workers', workers, why }),
  });
  const begin = { stepInterval, own, history: [], stopped: null };
  return { trainer, profile: times, pendingEvents, clock: clock ?? systemClock, ...begin };
}
