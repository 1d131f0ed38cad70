/** A built-in problem: a small data set that is known by name and made on the spot, in shared memory. */
import type { StoredArray } from '../dataset.js';

export interface Sample {
  /** [rows, width] */
  readonly inputs: StoredArray;
  readonly width: number;
  /** [rows]: class indices or values */
  readonly labels: StoredArray;
}

/** How a sample is asked for: `moons:500,noise=0.2,seed=7`. */
export interface SampleOptions {
  readonly size: number;
  /** the standard deviation of the normal noise */
  readonly noise: number;
  /** of the data alone: a run's --seed leaves the data as they are */
  readonly seed: number;
}

export interface BuiltInProblem {
  /** one line for lists */
  readonly summary: string;
  /** what the number after the colon counts; absent where there is nothing to choose */
  readonly size?: {
    readonly unit: 'points' | 'bits';
    readonly default: number;
    readonly min: number;
    readonly max: number;
  };
  /** the default noise; absent where nothing is drawn */
  readonly noise?: number;
  /** its rows are the whole problem: none are kept back for validation unless that is asked for */
  readonly complete?: boolean;
  /** names of the classes, where they have any */
  readonly classes?: readonly string[];
  sample(options: SampleOptions): Sample;
}

/** Sizes of the problems that may have any number of points. */
export const pointCount = (count: number) =>
  ({ unit: 'points', default: count, min: 4, max: 10_000_000 }) as const;
