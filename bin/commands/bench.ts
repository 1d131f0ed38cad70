import { compareReports, readReport } from '../../src/bench/compare.js';
import { BENCH_LR, type BenchOptions, DEFAULT_PARTS, DEFAULTS, PARTS } from '../../src/bench/options.js';
import type { BenchReport } from '../../src/bench/report.js';
import { destinationOf } from '../../src/destination.js';
import { didYouMean } from '../../src/didyoumean.js';
import { GateError, UsageError } from '../../src/errors.js';
import { defineCommand, type Flag, type FlagValues } from '../command.js';
import { CONFIG_FLAGS, givenValues, type Key, kebab } from '../config/flags.js';
import { readNumber, readNumbers, readShare, readSomeOf, readText } from '../readers.js';
import { comparisonText, gateLine } from '../render/benchcompare.js';
import { json, print, streamTo } from '../render/output.js';

/** Keys of a training's configuration that a benchmark takes too. */
const TRAINING_KEYS = [
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
const FORMATS = ['json', 'csv', 'markdown'] as const;

const FLAGS = {
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

type BenchArgs = FlagValues<typeof FLAGS>;

export const benchCommand = defineCommand({
  usage: 'bench [action] [old] [new]',
  describe:
    'measure speed-up, efficiency, batch sizes and time to accuracy on many cores; or compare two reports',
  positionals: {
    action: 'compare, for two reports that bench --json printed; without it, bench measures',
    old: 'compare: the report to compare with',
    new: 'compare: the report that must not be slower',
  },
  flags: FLAGS,
  examples: [
    ['gradpool bench', 'the whole suite on the default network, in under two minutes'],
    [
      'gradpool bench --network 784-512-512-10 --batch 256 --plot scaling.svg',
      'your network, and its charts',
    ],
    [
      'gradpool bench --only strong --workers 1,2,4 --json > new.json',
      'one part, as a report to compare others with',
    ],
    ['gradpool bench --only growth --plot growth.svg', 'how costs grow with rows and parameters'],
    ['gradpool bench compare old.json new.json --fail-if-slower 5%', 'a gate for continuous integration'],
  ],
  run: (args) => (args.action === undefined ? measure(args) : compare(args)),
});

interface CompareArgs extends Pick<BenchArgs, 'fail-if-slower' | 'json'> {
  readonly action: string | undefined;
  readonly old: string | undefined;
  readonly new: string | undefined;
}

async function compare(args: CompareArgs): Promise<number> {
  const { action, old, new: now, 'fail-if-slower': gate = null } = args;
  if (action !== 'compare') {
    throw new UsageError(
      `bench: unknown action '${action}'${didYouMean(action!, ['compare']) || '; the only one is compare, and bench alone measures'}`,
    );
  }
  const allowed = ['action', 'old', 'new', 'fail-if-slower', 'json'];
  const flag = Object.keys(args).find((name) => !allowed.includes(name));
  if (flag !== undefined) throw new UsageError(`bench compare measures nothing: leave out --${flag}`);
  if (old === undefined || now === undefined) {
    throw new UsageError('bench compare needs two reports: gradpool bench compare OLD.json NEW.json');
  }
  const [before, after] = [old, now].map((name) => ({ name, report: readReport(name) }));
  const comparison = compareReports(before, after, gate);
  if (args.json) json(comparison);
  else print(comparisonText(comparison));
  if (gate !== null && comparison.failed) throw new GateError(gateLine(comparison, gate));
  return 0;
}

async function measure(args: BenchArgs): Promise<number> {
  if (args['fail-if-slower'] !== undefined) {
    throw new UsageError('--fail-if-slower belongs to gradpool bench compare OLD.json NEW.json');
  }
  const formats = FORMATS.filter((name) => args[name]);
  if (formats.length > 1) {
    throw new UsageError(`--${formats.join(' and --')} exclude each other: take one of them`);
  }
  const { plot } = args;
  if (plot !== undefined) checkPlot(plot);
  const report = await runBench(benchOptions(args), {
    quiet: args.quiet === true,
    progress: !args['no-progress'],
  });
  if (plot !== undefined) {
    const { benchSvg } = await import('../../src/bench/plot/index.js');
    const svg = await benchSvg(report);
    await streamTo(plot, (put) => put(svg));
  }
  await printReport(report, formats[0]);
  if (!report.proof.identical) {
    throw new GateError(`the weights differ between worker counts: ${report.proof.failures.join('; ')}`);
  }
  return 0;
}

/** Refuses a wrong file name before two minutes of measuring, not after. */
function checkPlot(file: string): void {
  if (destinationOf(file).kind === 'file' && !file.endsWith('.svg')) {
    throw new UsageError(`--plot: expected a file name that ends in .svg, found "${file}"`);
  }
}

function benchOptions(args: BenchArgs): BenchOptions {
  const { network, batch, workers, only: parts, seconds, rounds, accuracy, data } = args;
  const given = { network, batch, workers, parts, seconds, rounds, accuracy, data };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    training: givenValues(TRAINING_KEYS, args),
  };
}

async function runBench(
  options: BenchOptions,
  display: { quiet: boolean; progress: boolean },
): Promise<BenchReport> {
  const library = await import('../../src/bench/bench.js');
  const { benchView } = await import('../render/benchprogress.js');
  const view = benchView(display);
  const interrupted = () => {
    view.close(); // shows the cursor again
    process.exit(130);
  };
  process.once('SIGINT', interrupted);
  try {
    for await (const event of library.bench(options)) {
      view.show(event);
      if (event.type === 'end') return event.report;
    }
  } finally {
    view.close();
    process.off('SIGINT', interrupted);
  }
  throw new Error('the benchmark ended without its report');
}

async function printReport(report: BenchReport, format: (typeof FORMATS)[number] | undefined): Promise<void> {
  if (format === 'json') return json(report);
  if (format === 'csv') return print((await import('../render/benchcsv.js')).benchCsv(report));
  const { benchText, benchMarkdown } = await import('../render/bench.js');
  print(format === 'markdown' ? benchMarkdown(report) : benchText(report));
}

function readWidths(text: string, where: string): number[] {
  if (!/^\d+(-\d+)+$/.test(text)) {
    throw new UsageError(
      `${where}: expected the widths from the inputs to the classes, such as 784-256-128-10, found "${text}"`,
    );
  }
  return text.split('-').map(Number);
}
