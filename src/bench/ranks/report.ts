/** Defines the document that a benchmark of ranks ends in. */
import type { MachineFacts } from '../machine.js';
import type { Breakdown } from '../profile.js';
import type { Proof } from '../report.js';
import type { NetworkRates, RankRates, StepShape, StepTime } from '../scale/model.js';
import type { Estimate } from '../statistics.js';
import type { RankSettings } from './setup.js';

export const RANKS_FORMAT = 'gradpool-bench-ranks';
export const RANKS_VERSION = 1;

/** Holds what was measured of one number of ranks. */
export interface RankPoint {
  readonly ranks: number;
  /** Machines that they were on. */
  readonly machines: number;
  /** Seconds of a step by round: each is the mean of `stepsPerRound` steps. */
  readonly times: readonly number[];
  readonly stepsPerRound: number;
  readonly step: Estimate;
  readonly samplesPerSecond: Estimate;
  /** Null for one rank. */
  readonly speedup: Estimate | null;
  readonly efficiency: number | null;
  /** Bytes on the busiest link in a step. */
  readonly bytes: number;
  /** Where a step's time goes on rank 0. */
  readonly breakdown: Breakdown;
  /** What the model says; null for one rank, from which its constants are. */
  readonly model: StepTime | null;
  readonly steps: number;
  readonly weightsSha256: string;
}

/** The constants of the model of docs/scale.md, as they were measured. */
export interface ModelConstants {
  readonly shape: StepShape;
  readonly rates: RankRates;
  /** Null where one rank alone was measured. */
  readonly network: NetworkRates | null;
}

/** Holds everything that a benchmark of ranks measured. */
export interface RankReport {
  readonly format: typeof RANKS_FORMAT;
  readonly version: typeof RANKS_VERSION;
  readonly started: string;
  readonly seconds: number;
  readonly machine: MachineFacts;
  readonly settings: RankSettings;
  /** The MPI that moved bytes; null where one rank alone was measured. */
  readonly mpi: string | null;
  readonly parameters: number;
  readonly flopsPerRow: number;
  readonly constants: ModelConstants;
  readonly points: readonly RankPoint[];
  /** Whether the weights after equally many steps are the same for all numbers of ranks. */
  readonly proof: Pick<Proof, 'identical' | 'steps'> & { readonly sha256: readonly string[] };
  readonly warnings: readonly string[];
}
