/**
 * Defines built-in problems: small data sets with a name, which are computed on the spot in shared memory.
 */
import type { StoredArray } from '../dataset.js';

/** A sample is a problem's inputs and labels. */
export interface Sample {
  /** Inputs, [rows, width]. */
  readonly inputs: StoredArray;
  readonly width: number;
  /** Class indices or values, [rows]. */
  readonly labels: StoredArray;
}

/** Says which sample is asked for: `moons:500,noise=0.2,seed=7`. */
export interface SampleOptions {
  readonly size: number;
  /** Standard deviation of the normal noise. */
  readonly noise: number;
  /** Seed of the data alone; a run's --seed does not change the data. */
  readonly seed: number;
}

/** A built-in problem draws samples of any allowed size, noise and seed. */
export interface BuiltInProblem {
  /** One line for lists. */
  readonly summary: string;
  /** Unit and limits of the number after the colon; absent if the size is fixed. */
  readonly size?: {
    readonly unit: 'points' | 'bits';
    readonly default: number;
    readonly min: number;
    readonly max: number;
  };
  /** Default noise; absent if nothing is random. */
  readonly noise?: number;
  /** Whether the rows are the whole problem, so that none are kept back for validation unless asked. */
  readonly complete?: boolean;
  /** Names of the classes, if they have any. */
  readonly classes?: readonly string[];
  sample(options: SampleOptions): Sample;
}

/** Returns the size options of a problem that may have any number of points. */
export const pointCount = (count: number) =>
  ({ unit: 'points', default: count, min: 4, max: 10_000_000 }) as const;
