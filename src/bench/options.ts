/** Resolves the benchmark's options: every default stands here, and all are checked before the start. */
import { UsageError } from '../errors.js';
import { chooseKernels, type KernelOptions } from '../kernels/choose.js';
import type { KernelName } from '../kernels/kernels.js';
import { RULE_NAMES, RULES, type UpdateRule } from '../optim/rules.js';
import { resolveConfig, type TrainConfig, type TrainOptions } from '../train/config.js';

export const PARTS = ['strong', 'weak', 'batch', 'target', 'growth'] as const;
/**
 * A part of the benchmark: strong scaling, weak scaling, batch sizes, time to a target accuracy, or growth
 * with rows and parameters.
 */
export type Part = (typeof PARTS)[number];
/**
 * The parts that are measured by default. Growth takes memory and a minute of its own, so it must be asked
 * for.
 */
export const DEFAULT_PARTS: readonly Part[] = ['strong', 'weak', 'batch', 'target'];

/** Says what a benchmark measures; everything has a default. */
export interface BenchOptions {
  /** Widths from the inputs to the classes. */
  readonly network?: readonly number[];
  readonly batch?: number;
  readonly workers?: readonly number[];
  readonly parts?: readonly Part[];
  /** Seconds that a part takes, warm-up included. */
  readonly seconds?: number;
  /** Number of turns of each worker count. */
  readonly rounds?: number;
  /** The share of correct test rows at which time-to-target ends. */
  readonly accuracy?: number;
  /** The data that time-to-target learns. */
  readonly data?: string;
  readonly training?: Pick<
    TrainOptions,
    | 'kernels'
    | 'nativeLibrary'
    | 'precision'
    | 'optimizer'
    | 'momentum'
    | 'lr'
    | 'shards'
    | 'seed'
    | 'memoryLimit'
  >;
}

/** The options with every default filled in, as they stand in the report. */
export interface BenchSettings {
  readonly network: readonly number[];
  readonly batch: number;
  /** Worker counts in rising order; 0, the in-process baseline, is always among them. */
  readonly workers: readonly number[];
  readonly parts: readonly Part[];
  readonly seconds: number;
  /** Number of turns of each worker count; null where each part chooses, by its seconds. */
  readonly rounds: number | null;
  readonly accuracy: number;
  readonly data: string | null;
  readonly kernels: KernelName;
  /** The library that native kernels multiply with: its version and path. */
  readonly library: string | null;
  /** The library that was asked for; null where none was. */
  readonly nativeLibrary: string | null;
  readonly precision: TrainConfig['precision'];
  readonly optimizer: TrainConfig['optimizer'];
  /** The momentum; null for the optimizer's own. */
  readonly momentum: number | null;
  readonly lr: number | null;
  readonly shards: number;
  readonly seed: number;
  readonly memoryLimit: number | null;
}

export const DEFAULTS = {
  network: [784, 256, 128, 10],
  batch: 128,
  seconds: 15,
  accuracy: 0.95,
} as const;

/**
 * The learning rate on random classes. It is so small that after thousands of steps every value still lies in
 * the range of ordinary numbers.
 */
export const BENCH_LR = 1e-3;

const MOST_WORKERS = 1024;

/**
 * Fills in the defaults and checks every option. `cores` is the number of cores of this machine. Throws
 * UsageError that names the option and its value.
 */
export function resolveBench(options: BenchOptions, cores: number): BenchSettings {
  const network = options.network ?? DEFAULTS.network;
  const batch = options.batch ?? DEFAULTS.batch;
  const seconds = options.seconds ?? DEFAULTS.seconds;
  const accuracy = options.accuracy ?? DEFAULTS.accuracy;
  const parts = PARTS.filter((part) => (options.parts ?? DEFAULT_PARTS).includes(part));
  checkNetwork(network);
  checkWhole('batch', batch, 1);
  if (options.rounds !== undefined) checkWhole('rounds', options.rounds, 2);
  if (!(seconds > 0 && seconds <= 3600))
    throw expected('seconds', 'a number above 0 and at most 3600', seconds);
  if (!(accuracy > 0 && accuracy <= 1)) throw expected('accuracy', 'a share above 0 and at most 1', accuracy);

  const { optimizer = 'sgd' } = options.training ?? {};
  refuseFullBatch(optimizer);
  const momentum = optimizer === 'sgd' ? { momentum: 0.9 } : {}; // other rules keep their own
  const config = resolveConfig({ preset: 'none', data: 'random', ...momentum, ...options.training, batch });
  const chosen = chooseKernels(config);
  const workers = workerCounts(options.workers ?? defaultWorkers(Math.min(cores, batch, config.shards)));
  checkRoom(workers.at(-1)!, batch, config.shards);
  return {
    network,
    batch,
    workers,
    parts,
    seconds,
    rounds: options.rounds ?? null,
    accuracy,
    data: options.data ?? null,
    kernels: chosen.name,
    library: chosen.library && `${chosen.library.version} (${chosen.library.path})`,
    nativeLibrary: config.nativeLibrary ?? null,
    precision: config.precision,
    optimizer: config.optimizer,
    momentum: config.momentum ?? null,
    lr: config.lr ?? null,
    shards: config.shards,
    seed: config.seed,
    memoryLimit: config.memoryLimit ?? null,
  };
}

/** Returns the options that choose the same kernels again. */
export function kernelOptions({ kernels, precision, nativeLibrary }: BenchSettings): KernelOptions {
  return { kernels, precision, ...(nativeLibrary === null || kernels !== 'native' ? {} : { nativeLibrary }) };
}

/** Returns the options that every training of a benchmark has in common: not batch, shards and workers. */
export function trainOptions(settings: BenchSettings): Omit<TrainOptions, 'data'> {
  const { optimizer, momentum, lr, seed, memoryLimit } = settings;
  return {
    ...kernelOptions(settings),
    optimizer,
    seed,
    ...(momentum === null ? {} : { momentum }),
    ...(lr === null ? {} : { lr }),
    ...(memoryLimit === null ? {} : { memoryLimit }),
  };
}

/** Returns 0, 1, 2, 4, … and the most workers that have a core and a shard each. */
function defaultWorkers(most: number): number[] {
  const counts = [0, 1];
  for (let count = 2; count < most; count *= 2) counts.push(count);
  return [...counts, most];
}

function workerCounts(given: readonly number[]): number[] {
  for (const count of given) {
    if (!(Number.isInteger(count) && count >= 0 && count <= MOST_WORKERS)) {
      throw expected('workers', `whole numbers from 0 to ${MOST_WORKERS}`, count);
    }
  }
  return [...new Set([0, ...given])].sort((a, b) => a - b);
}

function checkNetwork(network: readonly number[]): void {
  const good = network.every((units) => Number.isInteger(units) && units >= 1);
  if (network.length < 2 || !good || network[network.length - 1] < 2) {
    throw new UsageError(
      `network: expected the widths from the inputs to at least 2 classes, such as 784-256-128-10, found "${network.join('-')}"`,
    );
  }
}

function refuseFullBatch(optimizer: TrainConfig['optimizer']): void {
  const { fullBatch }: UpdateRule = RULES[optimizer];
  if (!fullBatch) return;
  const others = RULE_NAMES.filter((name) => !(RULES[name] as UpdateRule).fullBatch);
  throw new UsageError(
    `optimizer: ${optimizer} takes all rows at once, but minibatches are measured; take one of ${others.join(', ')}`,
  );
}

function checkRoom(workers: number, batch: number, shards: number): void {
  if (batch < workers) {
    throw new UsageError(
      `batch: ${batch} is smaller than the ${workers} workers, each needs a row; take --batch ${workers} or more`,
    );
  }
  if (shards < workers) {
    throw new UsageError(
      `shards: ${shards} cannot occupy ${workers} workers; take --shards ${workers} or more`,
    );
  }
}

function checkWhole(name: string, value: number, minimum: number): void {
  if (!(Number.isInteger(value) && value >= minimum)) {
    throw expected(name, `a whole number from ${minimum}`, value);
  }
}

const expected = (name: string, what: string, value: unknown) =>
  new UsageError(`${name}: expected ${what}, found "${value}"`);
