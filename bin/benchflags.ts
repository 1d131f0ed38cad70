/** The flags of `gradpool bench`. */
import { BENCH_LR, DEFAULT_PARTS, DEFAULTS, PARTS } from '../src/bench/options.js';
import { DEFAULT_LAUNCHER } from '../src/bench/ranks/setup.js';
import { UsageError } from '../src/errors.js';
import type { Flag, FlagValues } from './command.js';
import { CONFIG_FLAGS, type Key, kebab } from './config/flags.js';
import { readNumber, readNumbers, readShare, readSomeOf, readText } from './readers.js';

/** Keys of a training's configuration that a benchmark takes too. */
export const TRAINING_KEYS = [
  'kernels',
  'nativeLibrary',
  'precision',
  'optimizer',
  'momentum',
  'lr',
  'shards',
  'seed',
  'memoryLimit',
] as const satisfies readonly Key[];

const trainingFlags: Readonly<Record<string, Flag>> = Object.fromEntries(
  TRAINING_KEYS.map((key) => [kebab(key), { ...CONFIG_FLAGS[kebab(key)], group: 'Network' }]),
);
export const BENCH_FORMATS = ['json', 'csv', 'markdown'] as const;

export const BENCH_FLAGS = {
  network: {
    describe: 'N-N-N: widths from the inputs to the classes, with ReLU',
    group: 'Network',
    default: DEFAULTS.network.join('-'),
    read: readWidths,
  },
  batch: {
    describe: 'rows of a minibatch',
    group: 'Network',
    default: `${DEFAULTS.batch}`,
    read: readNumber,
  },
  ...trainingFlags,
  // Random data wants a small rate, so that all values stay in the range of ordinary numbers.
  lr: {
    ...trainingFlags.lr,
    describe: `the learning rate; default: ${BENCH_LR}, and the optimizer's own for the target`,
  },
  workers: {
    describe: 'worker counts, measured in turn; the in-process loop (0) is always among them',
    group: 'Measurement',
    default: '0,1,2,4,… and every core that has a shard',
    read: readNumbers,
  },
  ranks: {
    describe:
      'numbers of ranks: measures those instead, each started by mpiexec, with --workers threads each',
    group: 'Measurement',
    read: readNumbers,
  },
  mpiexec: {
    describe: 'ranks: what starts them, such as "mpiexec -hosts a,b"',
    group: 'Measurement',
    default: DEFAULT_LAUNCHER,
    read: readText,
  },
  only: {
    describe: `parts to measure: ${PARTS.join(', ')}`,
    group: 'Measurement',
    default: DEFAULT_PARTS.join(','),
    read: readSomeOf(PARTS),
  },
  seconds: {
    describe: 'how long each part may take',
    group: 'Measurement',
    default: `${DEFAULTS.seconds}`,
    read: readNumber,
  },
  rounds: {
    describe: 'how often each worker count has its turn; default: as often as the seconds allow',
    group: 'Measurement',
    read: readNumber,
  },
  accuracy: {
    describe: 'target: the share of test rows to classify correctly',
    group: 'Measurement',
    default: `${DEFAULTS.accuracy}`,
    read: readNumber,
  },
  data: {
    describe: 'target: the data to learn; default: mnist where it fits the network, else made-up classes',
    group: 'Measurement',
    read: readText,
  },
  json: { describe: 'print the report with every raw time as JSON', boolean: true, group: 'Output' },
  csv: { describe: 'print a line for each measured point', boolean: true, group: 'Output' },
  markdown: { describe: 'print Markdown', boolean: true, group: 'Output' },
  plot: { describe: 'write the charts to an SVG file', group: 'Output', read: readText },
  quiet: { describe: 'print only the result and errors', boolean: true, group: 'Output' },
  'no-progress': { describe: 'print lines instead of a bar', boolean: true, group: 'Output' },
  'fail-if-slower': {
    describe:
      'compare: exit with 5 if a point is slower by more than this, such as 5%; an interval within ± this (±5% if not given) counts as no difference',
    group: 'Compare',
    read: readShare,
  },
} as const;

export type BenchArgs = FlagValues<typeof BENCH_FLAGS>;

function readWidths(text: string, where: string): number[] {
  if (!/^\d+(-\d+)+$/.test(text)) {
    throw new UsageError(
      `${where}: expected the widths from the inputs to the classes, such as 784-256-128-10, found "${text}"`,
    );
  }
  return text.split('-').map(Number);
}
