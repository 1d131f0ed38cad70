/** The document that a benchmark ends in: `--json` prints it, tables and plots are made from it, `compare` reads two. */
import type { MachineFacts } from './machine.js';
import type { BenchSettings } from './options.js';
import type { Breakdown } from './profile.js';
import type { Estimate } from './statistics.js';

export const FORMAT = 'gradpool-bench';
export const FORMAT_VERSION = 1;

/** One worker count (or batch, or size) as it was measured. */
export interface Point {
  readonly workers: number;
  readonly shards: number;
  readonly batch: number;
  readonly parameters: number;
  /** seconds a step by round, as measured; each the mean of `stepsPerRound` steps */
  readonly times: readonly number[];
  readonly stepsPerRound: number;
  /** seconds: their median */
  readonly step: Estimate;
  readonly samplesPerSecond: Estimate;
  readonly gflops: number;
  /** of the matrix-product peak of as many threads */
  readonly peakShare: number;
  /** seconds of each part of a step: means over the middle half of the rounds, so that outliers do not count */
  readonly breakdown: Breakdown;
  /** steps in all and the weights after them */
  readonly steps: number;
  readonly weightsSha256: string;
}

/** A point beside its baseline, the in-process loop. */
export interface ScalingPoint extends Point {
  /** null: the baseline itself */
  readonly speedup: Estimate | null;
  readonly efficiency: number | null;
  /** Karp and Flatt's; null below two workers */
  readonly serialFraction: number | null;
}

export interface Strong {
  readonly points: readonly ScalingPoint[];
  /** the baseline with a single shard, whose bits no worker count could repeat; null: it has one shard anyway */
  readonly oneShard: Point | null;
  /** what promise P1 costs in a serial loop: time with the shards over time with one */
  readonly costOfShards: Estimate | null;
}

/** The batch grows with the workers; speed-up is that of samples a second (Gustafson's scaled speed-up). */
export interface Weak {
  readonly points: readonly ScalingPoint[];
}

export interface BatchSweep {
  readonly workers: number;
  readonly points: readonly { readonly serial: ScalingPoint; readonly parallel: ScalingPoint }[];
  /** the least measured batch from which on the workers are faster; null: they are at none */
  readonly breakEven: number | null;
}

export interface TargetPoint {
  readonly workers: number;
  /** wall seconds from nothing to the target, by round: start of the threads, training, evaluations */
  readonly times: readonly number[];
  readonly seconds: Estimate;
  readonly speedup: Estimate | null;
  readonly weightsSha256: string;
}

export interface TimeToTarget {
  readonly data: string;
  readonly network: string;
  readonly wanted: number;
  readonly subset: 'test' | 'val';
  readonly reached: boolean;
  /** the last evaluation's */
  readonly accuracy: number;
  readonly steps: number;
  readonly epochs: number;
  readonly points: readonly TargetPoint[];
}

export interface GrowthPoint {
  readonly rows: number;
  readonly parameters: number;
  readonly network: string;
  readonly workers: number;
  readonly stepsPerRound: number;
  /** seconds a row, or a step, by round */
  readonly times: readonly number[];
  readonly seconds: Estimate;
}

export interface Growth {
  readonly rows: {
    readonly points: readonly GrowthPoint[];
    /** largest over least median time per row, less 1 */
    readonly spread: number;
    readonly constant: boolean;
    /** of the time of an epoch against its rows: 1 is linear */
    readonly exponent: Estimate;
  };
  readonly parameters: {
    readonly points: readonly GrowthPoint[];
    readonly exponent: Estimate;
    /** of the largest decade alone, where overheads no longer count */
    readonly lastDecade: Estimate;
  };
}

/** Weights after equally many steps: the same bits for every worker count, or not. */
export interface Proof {
  readonly workers: readonly number[];
  readonly identical: boolean;
  readonly steps: number;
  /** by worker count, in the order of `workers` */
  readonly sha256: readonly string[];
  /** other comparisons of the same kind: how many, and those that failed */
  readonly others: number;
  readonly failures: readonly string[];
}

export interface BenchReport {
  readonly format: typeof FORMAT;
  readonly version: typeof FORMAT_VERSION;
  readonly started: string;
  /** wall time of the whole benchmark */
  readonly seconds: number;
  readonly machine: MachineFacts;
  readonly settings: BenchSettings;
  readonly parameters: number;
  readonly flopsPerRow: number;
  /** the matrix-product peak of these kernels on so many threads */
  readonly peaks: readonly { readonly workers: number; readonly gflops: number }[];
  readonly strong: Strong | null;
  readonly weak: Weak | null;
  readonly batch: BatchSweep | null;
  readonly target: TimeToTarget | null;
  readonly growth: Growth | null;
  readonly proof: Proof;
  readonly warnings: readonly string[];
}
