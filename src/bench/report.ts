/**
 * Defines the document that a benchmark ends in: `--json` prints it, tables and plots are made from it, and
 * `bench compare` reads two of them.
 */
import type { MachineFacts } from './machine.js';
import type { BenchSettings } from './options.js';
import type { Breakdown } from './profile.js';
import type { Estimate } from './statistics.js';

export const REPORT_FORMAT = 'gradpool-bench';
export const REPORT_VERSION = 1;

/** Holds what was measured of the steps of one contestant: a worker count, a batch or a size. */
export interface StepPoint {
  readonly workers: number;
  readonly shards: number;
  readonly batch: number;
  readonly parameters: number;
  /** Seconds of a step by round, as measured: each is the mean of `stepsPerRound` steps. */
  readonly times: readonly number[];
  readonly stepsPerRound: number;
  /** Seconds of a step: the median of the rounds. */
  readonly step: Estimate;
  readonly samplesPerSecond: Estimate;
  readonly gflops: number;
  /** Share of the matrix-product peak of as many threads. */
  readonly peakShare: number;
  /**
   * Seconds of each part of a step: means over the middle half of the rounds, so that outliers do not count.
   */
  readonly breakdown: Breakdown;
  /** All steps, warm-up included. */
  readonly steps: number;
  /** Digest of the weights after these steps. */
  readonly weightsSha256: string;
}

/** Compares a point with its baseline, the in-process loop. */
export interface ScalingPoint extends StepPoint {
  /** Null for the baseline itself. */
  readonly speedup: Estimate | null;
  readonly efficiency: number | null;
  /** Karp and Flatt's serial fraction; null below two workers. */
  readonly serialFraction: number | null;
}

/**
 * Holds the limit of a step of one worker count: its products at the measured peak, one after another, and
 * the bytes that it must move outside them at the measured bandwidth.
 */
export interface LimitPoint {
  readonly workers: number;
  /** Floating-point operations of a step's products. */
  readonly flops: number;
  /** Bytes that a step must read and write outside them. */
  readonly bytes: number;
  /** The peak, in GFLOP/s of all threads together. */
  readonly gflops: number;
  /** The bandwidth, in GB/s of all threads together, in arrays as large as those that a step touches. */
  readonly gigabytes: number;
  /** Seconds of the products. */
  readonly products: number;
  /** Seconds of the bytes. */
  readonly moves: number;
  /** The limit: `products` + `moves`. */
  readonly seconds: number;
  /** The limit over the median step of strong scaling; null where that was not measured. */
  readonly share: number | null;
}

/** Holds strong scaling, in which the workers share one batch. */
export interface Strong {
  readonly points: readonly ScalingPoint[];
  /** The baseline with a single shard, which workers could not share; null where it has one shard anyway. */
  readonly oneShard: StepPoint | null;
  /** The price of promise P1 in a serial loop: time with all shards over time with one. */
  readonly costOfShards: Estimate | null;
}

/**
 * Holds weak scaling, in which the batch grows with the workers and the speed-up is the ratio of samples per
 * second (Gustafson's scaled speed-up).
 */
export interface Weak {
  readonly points: readonly ScalingPoint[];
}

/** Holds the in-process loop beside the largest worker count, batch by batch. */
export interface BatchSweep {
  readonly workers: number;
  readonly points: readonly { readonly serial: ScalingPoint; readonly parallel: ScalingPoint }[];
  /** The smallest measured batch from which on the workers are faster; null where there is none. */
  readonly breakEven: number | null;
}

/** Holds how long one worker count took to reach the accuracy. */
export interface TargetPoint {
  readonly workers: number;
  /** Wall seconds by round: the start of the threads, training and evaluations. */
  readonly times: readonly number[];
  readonly seconds: Estimate;
  readonly speedup: Estimate | null;
  readonly weightsSha256: string;
}

/** Holds the time to an accuracy; the steps are the same for every worker count. */
export interface TimeToTarget {
  readonly data: string;
  readonly network: string;
  readonly wanted: number;
  readonly subset: 'test' | 'val';
  readonly reached: boolean;
  /** Accuracy of the last evaluation. */
  readonly accuracy: number;
  readonly steps: number;
  readonly epochs: number;
  readonly points: readonly TargetPoint[];
}

/** Holds what one size of data or network costs. */
export interface GrowthPoint {
  readonly rows: number;
  readonly parameters: number;
  readonly network: string;
  readonly workers: number;
  readonly stepsPerRound: number;
  /** Seconds of a row, or of a step, by round. */
  readonly times: readonly number[];
  readonly seconds: Estimate;
}

/** Holds how time grows with the rows and with the parameters. */
export interface Growth {
  readonly rows: {
    readonly points: readonly GrowthPoint[];
    /** Largest over smallest median time per row, less 1. */
    readonly spread: number;
    readonly constant: boolean;
    /** Exponent of an epoch's time against its rows: 1 is linear. */
    readonly exponent: Estimate;
  };
  readonly parameters: {
    readonly points: readonly GrowthPoint[];
    readonly exponent: Estimate;
    /** Exponent within the largest decade alone, where overheads no longer count. */
    readonly lastDecade: Estimate;
  };
}

/** Says whether the weights after equally many steps have the same bits for every worker count. */
export interface Proof {
  readonly workers: readonly number[];
  readonly identical: boolean;
  readonly steps: number;
  /** SHA-256 of the weights, in the order of `workers`. */
  readonly sha256: readonly string[];
  /** Number of further comparisons, of batches and of the time to the target. */
  readonly others: number;
  /** Names of all comparisons that failed. */
  readonly failures: readonly string[];
}

/** Holds what the checks for values that are not finite cost, in seconds of one thread. */
export interface Checks {
  /** A look at all gradients: what a step takes at most, for kernels see many of them as they write them. */
  readonly gradients: number;
  /** A look at weights and slots, at each epoch and checkpoint. */
  readonly state: number;
  /** A step in-process with its check, and without it at least; null where strong scaling was not measured. */
  readonly step: { readonly with: number; readonly without: number } | null;
}

/** Holds everything that a benchmark measured; a part that was not measured is null. */
export interface BenchReport {
  readonly format: typeof REPORT_FORMAT;
  readonly version: typeof REPORT_VERSION;
  readonly started: string;
  /** Wall time of the whole benchmark. */
  readonly seconds: number;
  readonly machine: MachineFacts;
  readonly settings: BenchSettings;
  readonly parameters: number;
  readonly flopsPerRow: number;
  /** The matrix-product peak of these kernels by number of workers. */
  readonly peaks: readonly { readonly workers: number; readonly gflops: number }[];
  /** The limit of a step of the configured batch by number of workers. */
  readonly limits: readonly LimitPoint[];
  /** Absent in reports of versions before 0.2. */
  readonly checks?: Checks;
  readonly strong: Strong | null;
  readonly weak: Weak | null;
  readonly batch: BatchSweep | null;
  readonly target: TimeToTarget | null;
  readonly growth: Growth | null;
  readonly proof: Proof;
  readonly warnings: readonly string[];
}
