import { compareReports, readReport } from '../../src/bench/compare.js';
import type { BenchOptions } from '../../src/bench/options.js';
import type { RankBenchOptions } from '../../src/bench/ranks/setup.js';
import type { BenchReport } from '../../src/bench/report.js';
import { destinationOf } from '../../src/destination.js';
import { didYouMean } from '../../src/didyoumean.js';
import { GateError, UsageError } from '../../src/errors.js';
import { BENCH_FLAGS, BENCH_FORMATS, type BenchArgs, TRAINING_KEYS } from '../benchflags.js';
import { defineCommand } from '../command.js';
import { givenValues } from '../config/flags.js';
import { comparisonText, gateLine } from '../render/benchcompare.js';
import { json, print, streamTo } from '../render/output.js';

export const benchCommand = defineCommand({
  usage: 'bench [action] [old] [new]',
  describe:
    'measure speed-up, efficiency, batch sizes and time to accuracy on many cores; or compare two reports',
  positionals: {
    action:
      'compare, for two reports that bench --json printed; scale, for a model of steps on more ranks; without it, bench measures',
    old: 'compare: the report to compare with; scale: one that bench --ranks --json printed',
    new: 'compare: the report that must not be slower',
  },
  flags: BENCH_FLAGS,
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
    ['gradpool bench --ranks 1,2,4 --workers 2', 'processes that train together, started by mpiexec'],
    ['gradpool bench scale --batch 1024 --shards 64', 'what a model says of 1 to 64 ranks'],
    ['gradpool bench compare old.json new.json --fail-if-slower 5%', 'a gate for continuous integration'],
  ],
  run: (args) =>
    args.action === undefined ? measure(args) : args.action === 'scale' ? scale(args) : compare(args),
});

/** Flags that change what the model calculates, or how it is printed. */
const OF_SCALE = [
  'action',
  'old',
  'network',
  'batch',
  'workers',
  'shards',
  'optimizer',
  'momentum',
  'json',
  'markdown',
];

async function scale(args: BenchArgs & { readonly old: string | undefined }): Promise<number> {
  const flag = Object.keys(args).find((name) => !OF_SCALE.includes(name));
  if (flag !== undefined) throw new UsageError(`bench scale measures nothing: leave out --${flag}`);
  const { network, batch, workers: [threads, ...others] = [1] } = args;
  if (others.length > 0 || threads < 1) {
    throw new UsageError(
      `--workers: with scale, the threads of each rank; expected one number from 1, found "${args.workers}"`,
    );
  }
  const { runScale } = await import('../benchranks.js');
  const given = Object.entries({ network, batch, ...(args.workers ? { threads } : {}) });
  const options = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  const format = args.json ? 'json' : args.markdown ? 'markdown' : undefined;
  return runScale({ ...options, training: givenValues(TRAINING_KEYS, args) }, args.old, format);
}

interface CompareArgs extends Pick<BenchArgs, 'fail-if-slower' | 'json'> {
  readonly action: string | undefined;
  readonly old: string | undefined;
  readonly new: string | undefined;
}

async function compare(args: CompareArgs): Promise<number> {
  const { action, old, new: now, 'fail-if-slower': gate = null } = args;
  if (action !== 'compare') {
    throw new UsageError(
      `bench: unknown action '${action}'${didYouMean(action!, ['compare', 'scale']) || '; there are compare and scale, and bench alone measures'}`,
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
  const formats = BENCH_FORMATS.filter((name) => args[name]);
  if (formats.length > 1) {
    throw new UsageError(`--${formats.join(' and --')} exclude each other: take one of them`);
  }
  if (args.ranks !== undefined) {
    const { runRankBench } = await import('../benchranks.js');
    const format = formats[0] as Exclude<(typeof formats)[0], 'csv'> | undefined;
    return runRankBench(rankOptions(args), { quiet: args.quiet === true, format });
  }
  if (args.mpiexec !== undefined) throw new UsageError('--mpiexec belongs to --ranks: give both');
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

/** Flags of bench that a benchmark of ranks does not know. */
const NOT_OF_RANKS = ['only', 'accuracy', 'data', 'csv', 'plot'] as const;

function rankOptions(args: BenchArgs): RankBenchOptions {
  const other = NOT_OF_RANKS.find((name) => args[name] !== undefined && args[name] !== false);
  if (other !== undefined) throw new UsageError(`--ranks measures one curve: leave out --${other}`);
  const { network, batch, workers = [0], seconds, rounds, ranks, mpiexec: launcher } = args;
  if (workers.length > 1) {
    throw new UsageError(
      `--workers: with --ranks all ranks have as many; expected one number, found "${workers}"`,
    );
  }
  const given = { network, batch, workers: workers[0], seconds, rounds, launcher };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    ranks: ranks!,
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

async function printReport(
  report: BenchReport,
  format: (typeof BENCH_FORMATS)[number] | undefined,
): Promise<void> {
  if (format === 'json') return json(report);
  if (format === 'csv') return print((await import('../render/benchcsv.js')).benchCsv(report));
  const { benchText, benchMarkdown } = await import('../render/bench.js');
  print(format === 'markdown' ? benchMarkdown(report) : benchText(report));
}
