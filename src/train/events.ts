/** Events that a training yields. The library draws and prints nothing; its caller does, from these. */
import type { ProblemType } from '../data/schema.js';
import type { Metrics } from '../forward/metrics.js';
import type { KernelName } from '../kernels/kernels.js';
import type { Scores } from '../metrics/measure.js';
import type { NetworkSpec } from '../network/spec.js';
import type { BagResult, MemberEvent, StartedMember } from './bagevents.js';
import type { Baseline } from './baseline.js';
import type { TrainConfig } from './config.js';
import type { CrossValidation, FoldEvent } from './cvevents.js';
import type { LayerNorms } from './norms.js';
import type { ProfileReport } from './profile.js';

/** Comes first, before the first step: what will be trained, and on what. */
export interface StartEvent {
  readonly type: 'start';
  /** Folder of the run; null when nothing is written. */
  readonly run: string | null;
  /** Short name of the data. */
  readonly dataset: string;
  readonly task: ProblemType;
  /** Names of the classes by index; null for regression. */
  readonly classes: readonly string[] | null;
  /** Number of rows in each part of the data. */
  readonly rows: { readonly train: number; readonly val: number; readonly test: number };
  readonly network: NetworkSpec;
  /** Widths of inputs, hidden layers and outputs: '784-256-128-10'. */
  readonly widths: string;
  /** Number of weights and biases. */
  readonly parameters: number;
  /** Rows in a full batch. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** Steps that were done before: 0, or those of the checkpoint that the run goes on from. */
  readonly step: number;
  readonly kernels: KernelName;
  /** Bytes of memory that the threads share. */
  readonly sharedBytes: number;
  /** Says what was inferred, filled in or dropped, one plain line each. */
  readonly notes: readonly string[];
  readonly config: TrainConfig;
  /**
   * The members of a bag; absent for a single network. The numbers of rows, parameters and steps above are
   * those of its first member.
   */
  readonly bag?: readonly StartedMember[];
  /** The folds of a cross-validation; absent without one. As with a bag, the numbers are of the first. */
  readonly folds?: readonly StartedMember[];
}

/**
 * Says how many workers train, and why: at the start, or once `auto` has measured, and whenever it changes
 * its choice.
 */
export interface WorkersEvent {
  readonly type: 'workers';
  readonly workers: number;
  readonly why: string;
}

/** Follows each step. */
export interface StepEvent {
  readonly type: 'step';
  /** Steps done so far, counted over the whole training. */
  readonly step: number;
  /** Epoch of the step, counted from 1. */
  readonly epoch: number;
  /** Means over the epoch's rows so far. */
  readonly train: Metrics;
  /** Learning rate of the step. */
  readonly lr: number;
  /** The member of a bag that it happened in, counted from 1; absent for a single network. */
  readonly member?: number;
  /** The fold of a cross-validation that it happened in, counted from 1. */
  readonly fold?: number;
  /** Set in a refit, whose epochs and steps are counted from 1 again. */
  readonly refit?: true;
}

/** Follows the last step of each epoch and the evaluation on the validation data. */
export interface EpochEvent {
  readonly type: 'epoch';
  /** The epoch that has ended, counted from 1. */
  readonly epoch: number;
  /** Steps done so far, counted over the whole training. */
  readonly step: number;
  /** Means over the epoch's rows, taken while the weights changed. */
  readonly train: Metrics;
  /** Null without validation data. */
  readonly val: Metrics | null;
  /** Learning rate of the last step. */
  readonly lr: number;
  /**
   * Whether this is the best epoch so far, by validation loss, or without validation data by training loss.
   */
  readonly best: boolean;
  /** Seconds of training alone, without evaluation and checkpoints. */
  readonly seconds: number;
  /** Rows trained on in a second of training alone. */
  readonly samplesPerSecond: number;
  /** Norms by layer after the last step of the epoch; absent in runs of earlier versions. */
  readonly norms?: readonly LayerNorms[];
  /** The member of a bag that it happened in, counted from 1; absent for a single network. */
  readonly member?: number;
  /** The fold of a cross-validation that it happened in, counted from 1. */
  readonly fold?: number;
}

/** Follows each checkpoint once it is written. */
export interface CheckpointEvent {
  readonly type: 'checkpoint';
  /** Steps that the checkpoint holds. */
  readonly step: number;
  /** File of the checkpoint. */
  readonly path: string;
  /** The member of a bag that it happened in, counted from 1; absent for a single network. */
  readonly member?: number;
  /** The fold of a cross-validation that it happened in, counted from 1. */
  readonly fold?: number;
}

/**
 * Says that a worker died or threw, and that its shards are computed again elsewhere: the bits stay the same.
 */
export interface RetryEvent {
  readonly type: 'retry';
  readonly message: string;
  /** The member of a bag that it happened in, counted from 1; absent for a single network. */
  readonly member?: number;
  /** The fold of a cross-validation that it happened in, counted from 1. */
  readonly fold?: number;
  /** Set in a refit, whose epochs and steps are counted from 1 again. */
  readonly refit?: true;
}

/** Says something that the user should know and that changes no result: a log could not be written. */
export interface NoteEvent {
  readonly type: 'note';
  readonly message: string;
  /** The member of a bag that it happened in, counted from 1; absent for a single network. */
  readonly member?: number;
  /** The fold of a cross-validation that it happened in, counted from 1. */
  readonly fold?: number;
  /** Set in a refit. */
  readonly refit?: true;
}

/** Says that the network is trained once more, on the validation rows too. */
export interface RefitEvent {
  readonly type: 'refit';
  /** Epochs that it will take: those of the best weights. */
  readonly epochs: number;
  /** Rows that it is trained on. */
  readonly rows: number;
  readonly stepsPerEpoch: number;
}

/** Follows each epoch of a refit, which has no validation rows. Epochs and steps are counted from 1 again. */
export interface RefitEpochEvent
  extends Pick<EpochEvent, 'epoch' | 'step' | 'train' | 'lr' | 'seconds' | 'samplesPerSecond'> {
  readonly type: 'refitEpoch';
}

/** Comes last and holds the result. */
export interface EndEvent extends TrainResult {
  readonly type: 'end';
}

/** The result of a training, as `gradpool train --json` prints it. */
export interface TrainResult {
  /** Folder of the run, which holds the model; null when nothing was written. */
  readonly run: string | null;
  /**
   * 'completed' after all epochs or when `until` came true, 'early-stopped' when patience ran out,
   * 'interrupted' when the signal came and a checkpoint was saved.
   */
  readonly status: 'completed' | 'early-stopped' | 'interrupted';
  /** Says why the training ended: 'all 10 epochs', 'change<1e-6', … */
  readonly reason: string;
  /** SHA-256 of the final weights: equal hashes mean equal bits. */
  readonly weightsSha256: string;
  /** Epochs done, those before a checkpoint included. */
  readonly epochs: number;
  /** Steps done, those before a checkpoint included. */
  readonly steps: number;
  /** Epoch with the least loss, counted from 1; null before any epoch has ended. */
  readonly bestEpoch: number | null;
  /**
   * Means over the training rows of the epoch whose weights were kept, the best one unless `keep` is last;
   * null before any epoch has ended.
   */
  readonly train: Metrics | null;
  /** Metrics on the validation data after the same epoch; null without such data. */
  readonly val: Metrics | null;
  /** Metrics of the final weights on the test data; null without such data and after an interruption. */
  readonly test: Metrics | null;
  /**
   * Every metric of the final weights, as `evaluate` measures them: on the validation rows, for a bag and a
   * cross-validation those out of fold, and on the test rows; null where there are no such rows. Absent after
   * an interruption, and in the trials of a sweep unless it ranks by one of them.
   */
  readonly scores?: { readonly val: Scores | null; readonly test: Scores | null };
  /** The trivial prediction on the same rows; absent in runs of earlier versions. */
  readonly baseline?: Baseline;
  /** Shards of training steps that were computed twice and had the same bits; absent without `audit`. */
  readonly audited?: number;
  /** Rows trained on in a second of training alone. */
  readonly samplesPerSecond: number;
  /** Seconds from the start event to the result, evaluation and checkpoints included. */
  readonly wallSeconds: number;
  readonly workers: number;
  /** The processes that have trained together; absent where one has trained alone. */
  readonly ranks?: number;
  readonly shards: number;
  readonly kernels: KernelName;
  readonly precision: TrainConfig['precision'];
  readonly seed: number;
  /** Number of weights and biases. */
  readonly parameters: number;
  /** The members of a bag; absent for a single network. */
  readonly bag?: BagResult;
  /**
   * The folds of a cross-validation, whose `val` is `outOfFold`. With `refit` the weights, `train` and `test`
   * are of the network that was trained on all rows; without, the weights are those of the folds.
   */
  readonly cv?: CrossValidation;
  /**
   * The training on all rows that the weights, `train` and `test` are of, while epochs, steps and `val` are
   * those of the training before it; absent without `refit` and after an interruption.
   */
  readonly refit?: { readonly epochs: number; readonly rows: number; readonly steps: number };
  /** Says where this process's time went, and which file shows it; only if it was asked for. */
  readonly profile?: ProfileReport & { readonly trace: string | null };
}

/** Anything that a training tells its caller, told apart by `type`. */
export type TrainEvent =
  | StartEvent
  | WorkersEvent
  | StepEvent
  | EpochEvent
  | CheckpointEvent
  | RetryEvent
  | NoteEvent
  | MemberEvent
  | FoldEvent
  | RefitEvent
  | RefitEpochEvent
  | EndEvent;
