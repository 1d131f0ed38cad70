/** What training tells whoever runs it. The library yields these; only the command line draws or prints. */

import type { ProblemType } from '../data/schema.js';
import type { Metrics } from '../forward/metrics.js';
import type { KernelName } from '../kernels/kernels.js';
import type { NetworkSpec } from '../network/spec.js';
import type { TrainConfig } from './config.js';
import type { ProfileReport } from './profile.js';

/** Before the first step. */
export interface StartEvent {
  readonly type: 'start';
  /** the run's folder; null when nothing is written */
  readonly run: string | null;
  readonly dataset: string;
  readonly task: ProblemType;
  readonly classes: readonly string[] | null;
  readonly rows: { readonly train: number; readonly val: number; readonly test: number };
  readonly network: NetworkSpec;
  /** '784-256-128-10' */
  readonly widths: string;
  readonly parameters: number;
  /** rows of a full batch */
  readonly batch: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  /** where training begins: 0, or the checkpoint's step */
  readonly step: number;
  readonly kernels: KernelName;
  readonly sharedBytes: number;
  /** what was inferred, filled or dropped: one plain line each */
  readonly notes: readonly string[];
  readonly config: TrainConfig;
}

/** How many workers, and why: at the start, or after `auto` has measured. */
export interface WorkersEvent {
  readonly type: 'workers';
  readonly workers: number;
  readonly why: string;
}

export interface StepEvent {
  readonly type: 'step';
  /** steps done, counted over the whole training */
  readonly step: number;
  /** counted from 1 */
  readonly epoch: number;
  /** means over the epoch's rows so far */
  readonly train: Metrics;
  readonly lr: number;
}

export interface EpochEvent {
  readonly type: 'epoch';
  readonly epoch: number;
  readonly step: number;
  readonly train: Metrics;
  readonly val: Metrics | null;
  readonly lr: number;
  /**
   * whether this is the best epoch so far: by validation loss, or by training loss without validation data
   */
  readonly best: boolean;
  /** training alone, without evaluation and checkpoints */
  readonly seconds: number;
  readonly samplesPerSecond: number;
}

export interface CheckpointEvent {
  readonly type: 'checkpoint';
  readonly step: number;
  readonly path: string;
}

/** A worker died or threw; its shards are computed again elsewhere. */
export interface RetryEvent {
  readonly type: 'retry';
  readonly message: string;
}

/** The last event: the result that `train --json` prints. */
export interface EndEvent extends TrainResult {
  readonly type: 'end';
}

export interface TrainResult {
  readonly run: string | null;
  /**
   * completed: all epochs, or `until` came true; early-stopped: patience ran out; interrupted: the signal
   * came, checkpoint saved
   */
  readonly status: 'completed' | 'early-stopped' | 'interrupted';
  /** why it ended: 'all 10 epochs', 'change<1e-6', … */
  readonly reason: string;
  readonly weightsSha256: string;
  readonly epochs: number;
  readonly steps: number;
  readonly bestEpoch: number | null;
  readonly train: Metrics | null;
  readonly val: Metrics | null;
  readonly test: Metrics | null;
  readonly samplesPerSecond: number;
  readonly wallSeconds: number;
  readonly workers: number;
  readonly shards: number;
  readonly kernels: KernelName;
  readonly precision: TrainConfig['precision'];
  readonly seed: number;
  readonly parameters: number;
  /** where this process's time went, and the file that shows it; only when it was asked for */
  readonly profile?: ProfileReport & { readonly trace: string | null };
}

export type TrainEvent =
  | StartEvent
  | WorkersEvent
  | StepEvent
  | EpochEvent
  | CheckpointEvent
  | RetryEvent
  | EndEvent;
