/** How a sweep is run, as opposed to what it computes. */
import type { DataInMemory } from '../data/source.js';
import type { OwnMetric } from '../metrics/own.js';
import type { StoppingRule } from '../train/own.js';
import type { OwnSearch } from './searches/own.js';

/** Says how a sweep is run, as opposed to what it computes. */
export interface SweepRunOptions {
  /** Folder of the sweep; by default a new one below sweeps/. With null nothing is written. */
  readonly out?: string | null;
  /** Ends the sweep when it aborts: all trials under way save a checkpoint, and the sweep can be resumed. */
  readonly signal?: AbortSignal;
  /** Trials at the same time; 'auto', the default, runs as many as there are cores. */
  readonly parallel?: number | 'auto';
  /** Workers inside each trial; 'auto' shares the cores that are left over. */
  readonly workers?: number | 'auto';
  /**
   * Whether the first trial that fails ends the sweep; by default it is ranked last, and the others go on.
   */
  readonly failFast?: boolean;
  /** Seconds after which the sweep ends. How far it gets by then depends on the machine. */
  readonly timeLimit?: number;
  /** The command line, which the sweep's record keeps. */
  readonly argv?: readonly string[];
}

/** Says how a sweep goes on. */
export interface SweepResumeOptions extends Omit<SweepRunOptions, 'out' | 'argv'> {
  /** Whether to write event files from now on, and where; by default as the sweep began. */
  readonly tensorboard?: boolean | string;
  /** The training data, if the sweep began on data in memory. */
  readonly data?: DataInMemory;
  /** The validation data, if the sweep began on such data. */
  readonly val?: DataInMemory;
  /** The test data, if the sweep began on such data. */
  readonly test?: DataInMemory;
  /** The metric of one's own, if the sweep goes by one. */
  readonly metric?: OwnMetric;
  /** The stopping rule, if the trials have one. */
  readonly stop?: StoppingRule;
  /** The search, if it is one of one's own. */
  readonly search?: OwnSearch;
}
