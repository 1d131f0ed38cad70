/** Events that a sweep yields. */
import type { EpochEvent, StepEvent } from '../train/events.js';
import type { NamedSearch } from './definition.js';
import type { LeaderboardRow } from './leaderboard.js';
import type { ScoreName } from './scores.js';
import type { AdjustedComparison } from './statistics/many.js';
import type { TrialIdentity, TrialResult } from './triallines.js';

/** Comes first, when all configurations have been checked and before the first trial. */
export interface SweepStartEvent {
  readonly type: 'start';
  /** Folder of the sweep; null when nothing is written. */
  readonly sweep: string | null;
  readonly search: NamedSearch;
  /** The dotted paths of the axes. */
  readonly axes: readonly string[];
  readonly score: ScoreName;
  readonly seeds: readonly number[];
  /** Folds of each seed, all repetitions together; 0 without a cross-validation. */
  readonly folds: number;
  /** Configurations in all, at most. */
  readonly configurations: number;
  /** Trainings in all, at most: configurations times seeds and folds. */
  readonly trials: number;
  /** Epochs of a whole training of the first configuration. */
  readonly epochs: number;
  /** Says what was inferred, left out or passed over, one plain line each. */
  readonly notes: readonly string[];
}

/** Says that several trials begin, which are trained beside each other: all of them, a rung or a group. */
export interface RoundEvent {
  readonly type: 'round';
  /** Counted from 1. */
  readonly round: number;
  /** Trials of the round. */
  readonly trials: number;
  /** Trials of the round whose results were there already. */
  readonly done: number;
  /** Trials at the same time. */
  readonly parallel: number;
  /** Workers inside each trial. */
  readonly workers: number | 'auto';
  /** Why so many, in the round before which it was measured. */
  readonly why?: string;
}

/** Says that a trial begins, or goes on from a checkpoint. */
export interface TrialStartEvent extends TrialIdentity {
  readonly type: 'trialStart';
  /** Steps that were done before. */
  readonly step: number;
  readonly stepsPerEpoch: number;
  /** The epoch up to which it is trained now. */
  readonly epochs: number;
}

/** Follows a step of a trial, though not every one, and the end of each of its epochs. */
export interface TrialProgressEvent {
  readonly type: 'progress';
  readonly trial: number;
  readonly event: StepEvent | EpochEvent;
}

/** Says that a trial has ended, or has reached the end of its rung. */
export interface TrialEndEvent {
  readonly type: 'trialEnd';
  readonly result: TrialResult;
  /** The score; null for a trial that failed. */
  readonly score: number | null;
  /** Seconds that it took in this process. */
  readonly seconds: number;
  /** The first row of the leaderboard so far; null while there is none. */
  readonly best: LeaderboardRow | null;
}

/**
 * Says that a thread or worker died, and that its trial or shards are computed again: the bits stay the same.
 */
export interface TrialRetryEvent {
  readonly type: 'retry';
  readonly trial: number;
  readonly message: string;
}

/** Says something of a trial that the user should know and that changes no result. */
export interface TrialNoteEvent {
  readonly type: 'note';
  readonly trial: number;
  readonly message: string;
}

/** Comes last, with the leaderboard. */
export interface SweepEndEvent {
  readonly type: 'end';
  /** Folder of the sweep; null when nothing was written. */
  readonly sweep: string | null;
  /** 'interrupted' when the signal came or the time was up: the sweep can be resumed. */
  readonly status: 'completed' | 'interrupted';
  /** Says why it ended. */
  readonly reason: string;
  readonly score: ScoreName;
  /** Folds of each seed, all repetitions together; 0 without a cross-validation. */
  readonly folds: number;
  readonly leaderboard: readonly LeaderboardRow[];
  /**
   * The first configuration against each of the others, by the scores of the same seeds and folds, with
   * Holm's correction; without those of which a trial failed, or that were trained for other epochs.
   */
  readonly comparisons: readonly AdjustedComparison[];
  /** Folder of the best configuration's training on all rows; null without `refit`. */
  readonly refit: string | null;
  readonly wallSeconds: number;
}

/** Anything that a sweep tells its caller, told apart by `type`. */
export type SweepEvent =
  | SweepStartEvent
  | RoundEvent
  | TrialStartEvent
  | TrialProgressEvent
  | TrialEndEvent
  | TrialRetryEvent
  | TrialNoteEvent
  | SweepEndEvent;
