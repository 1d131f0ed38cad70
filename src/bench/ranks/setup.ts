/** What a benchmark of ranks is given, and what its processes tell each other: lines of JSON. */
import { UsageError } from '../../errors.js';
import type { TrainOptions } from '../../train/config.js';
import { type BenchOptions, type BenchSettings, resolveBench } from '../options.js';
import type { Breakdown } from '../profile.js';

/** Says what to measure; everything but `ranks` has a default. */
export interface RankBenchOptions
  extends Pick<BenchOptions, 'network' | 'batch' | 'seconds' | 'rounds' | 'training'> {
  /** Numbers of ranks. */
  readonly ranks: readonly number[];
  /** Workers of each rank; by default none, so that a rank computes in one thread. */
  readonly workers?: number;
  /** The words that start ranks, before `-n`. */
  readonly launcher?: string;
}

/** The options with every default filled in, as they stand in the report. */
export interface RankSettings
  extends Omit<BenchSettings, 'parts' | 'accuracy' | 'data' | 'workers' | 'nativeLibrary'> {
  /** Numbers of ranks in rising order; 1, the baseline, is always among them. */
  readonly ranks: readonly number[];
  readonly workers: number;
  readonly launcher: readonly string[];
}

export const DEFAULT_LAUNCHER = 'mpiexec';
const MOST_RANKS = 1024;

/** What the processes of one number of ranks are started with. */
export interface RankSetup {
  readonly network: readonly number[];
  readonly batch: number;
  readonly workers: number;
  readonly shards: number;
  readonly training: RankBenchOptions['training'];
}

/** What a group of ranks is asked for. */
export type RankOrder =
  | { readonly kind: 'steps'; readonly steps: number }
  /** Exchanges, one after another, in which each rank sends such messages to each other rank. */
  | { readonly kind: 'exchange'; readonly bytes: number; readonly messages: number; readonly times: number }
  | { readonly kind: 'end' };

/** What rank 0 answers when all ranks are ready. */
export interface RankFacts {
  readonly ranks: number;
  /** The machine of each rank. */
  readonly hosts: readonly string[];
  /** The MPI that moves bytes; null for a single process. */
  readonly mpi: string | null;
  readonly kernels: string;
  readonly parameters: number;
  /** Numbers of the arrays as long as the parameters, gaps included. */
  readonly length: number;
  readonly slots: number;
  readonly flopsPerRow: number;
  /** Bytes that the rank that sends most sends in a step. */
  readonly bytes: number;
}

/** What rank 0 answers to an order. */
export interface RankAnswer {
  /** Seconds of one step, or of one exchange. */
  readonly seconds: number;
  readonly steps: number;
  readonly weightsSha256: string;
  readonly breakdown: Breakdown;
}

/**
 * Fills in the defaults and checks every option.
 * @throws UsageError that names the option and its value
 */
export function resolveRankBench(options: RankBenchOptions): RankSettings {
  const { ranks, workers = 0, launcher = DEFAULT_LAUNCHER } = options;
  for (const count of ranks) {
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_RANKS)) {
      throw new UsageError(`ranks: expected whole numbers from 1 to ${MOST_RANKS}, found "${count}"`);
    }
  }
  const { parts, accuracy, data, nativeLibrary, ...settings } = resolveBench(
    { ...options, workers: [workers], parts: [] },
    1,
  );
  const most = Math.max(...ranks);
  if (most > settings.shards || most > settings.batch) {
    const flag = most > settings.batch ? `--batch ${most}` : `--shards ${most}`;
    const has = most > settings.batch ? `a batch of ${settings.batch} rows` : `${settings.shards} shards`;
    throw new UsageError(`ranks: ${most} ranks share ${has}, and some would have none; take ${flag} or more`);
  }
  const words = launcher.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw new UsageError('mpiexec: expected a command, found an empty text');
  return {
    ...settings,
    workers,
    ranks: [...new Set([1, ...ranks])].sort((a, b) => a - b),
    launcher: words,
  };
}

/** Returns what the processes are started with. */
export function setupOf(settings: RankSettings, training: RankBenchOptions['training']): RankSetup {
  const { network, batch, workers, shards } = settings;
  return { network, batch, workers, shards, training };
}

/** Returns the options by which a process comes to the same settings. */
export function benchOptionsOf(setup: RankSetup): BenchOptions {
  const { network, batch, workers, training } = setup;
  return { network, batch, workers: [workers], parts: [], training: training as Partial<TrainOptions> };
}
