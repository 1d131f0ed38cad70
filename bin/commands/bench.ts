import {
  type BenchOptions,
  DEFAULT_PARTS,
  DEFAULTS,
  PARTS,
  type Part,
  RATE,
} from '../../src/bench/options.js';
import type { BenchReport } from '../../src/bench/report.js';
import { closest } from '../../src/closest.js';
import { destinationOf } from '../../src/destination.js';
import { GateError, UsageError } from '../../src/errors.js';
import type { Args, Command, Flags } from '../command.js';
import { CONFIG_FLAGS, checked, type Key, kebab } from '../config/flags.js';
import { json, print, streamTo } from '../render/output.js';
import { benchCompare } from './benchcompare.js';

/** The configuration's keys that a benchmark takes too. */
const TRAINING = [
  'kernels',
  'nativeLibrary',
  'precision',
  'optimizer',
  'momentum',
  'lr',
  'shards',
  'seed',
  'memoryLimit',
] as const satisfies Key[];

const trainingFlags: Flags = Object.fromEntries(
  TRAINING.map((key) => [kebab(key), { ...CONFIG_FLAGS[kebab(key)], group: 'Network' }]),
);
/** On random data a small rate, so that all values stay in the range of ordinary numbers. */
const lr = {
  describe: `the learning rate; default: ${RATE}, and the optimizer's own for the target`,
  group: 'Network',
};
const FORMATS = ['json', 'csv', 'markdown'] as const;

export const bench: Command = {
  usage: 'bench [action] [old] [new]',
  describe: 'the multi-core benchmark: speed-up, efficiency, batch sizes, time to accuracy; or compare two',
  positionals: {
    action: 'compare: two reports of bench --json; left out: measure',
    old: 'compare: the report to compare with',
    new: 'compare: the report that must not be slower',
  },
  flags: {
    network: {
      describe: 'N-N-N: widths from the inputs to the classes, with ReLU',
      group: 'Network',
      default: DEFAULTS.network.join('-'),
    },
    batch: { describe: 'rows of a minibatch', group: 'Network', default: `${DEFAULTS.batch}` },
    ...trainingFlags,
    lr,
    workers: {
      describe: 'worker counts, measured in turn; the in-process loop (0) is always among them',
      group: 'Measurement',
      default: '0,1,2,4,… and every core',
    },
    only: {
      describe: `parts: ${PARTS.join(', ')}`,
      group: 'Measurement',
      default: DEFAULT_PARTS.join(','),
    },
    seconds: { describe: 'what a part takes', group: 'Measurement', default: `${DEFAULTS.seconds}` },
    rounds: { describe: 'turns of each worker count; default: what the seconds hold', group: 'Measurement' },
    accuracy: {
      describe: 'target: the share of test rows to be recognised',
      group: 'Measurement',
      default: `${DEFAULTS.accuracy}`,
    },
    data: {
      describe: 'target: what is learned; default: mnist where it fits, else made-up classes',
      group: 'Measurement',
    },
    json: { describe: 'print the report with every raw time as JSON', boolean: true, group: 'Output' },
    csv: { describe: 'print a line for each measured point', boolean: true, group: 'Output' },
    markdown: { describe: 'print Markdown', boolean: true, group: 'Output' },
    plot: { describe: 'write the charts to an SVG file', group: 'Output' },
    quiet: { describe: 'only the result and errors', boolean: true, group: 'Output' },
    'no-progress': { describe: 'lines instead of a bar', boolean: true, group: 'Output' },
    'fail-if-slower': {
      describe: 'compare: exit with 5 where a point is slower by more than this, such as 5%',
      group: 'Compare',
    },
  },
  examples: [
    ['gradpool bench', 'the whole suite on the default network, in under two minutes'],
    [
      'gradpool bench --network 784-512-512-10 --batch 256 --plot scaling.svg',
      'your network, and its charts',
    ],
    ['gradpool bench --only strong --workers 1,2,4 --json > new.json', 'one part, for machines to read'],
    ['gradpool bench --only growth --plot growth.svg', 'how costs grow with rows and parameters'],
    ['gradpool bench compare old.json new.json --fail-if-slower 5%', 'a gate for continuous integration'],
  ],
  run: (args) => (args.values.action === undefined ? measure(args) : compare(args)),
};

async function compare(args: Args): Promise<number> {
  const { action, old, new: now } = args.values;
  if (action !== 'compare') {
    throw new UsageError(
      `bench: unknown action '${action}'${closest(action!, ['compare']) || '; the only one is compare, and bench alone measures'}`,
    );
  }
  const allowed = ['action', 'old', 'new', 'fail-if-slower', 'json'];
  const flag = [...Object.keys(args.values), ...args.set].find((name) => !allowed.includes(name));
  if (flag !== undefined) throw new UsageError(`bench compare measures nothing: leave out --${flag}`);
  if (old === undefined || now === undefined) {
    throw new UsageError('bench compare needs two reports: gradpool bench compare OLD.json NEW.json');
  }
  return benchCompare({ old, now, gate: args.values['fail-if-slower'], json: args.set.has('json') });
}

async function measure({ values, set }: Args): Promise<number> {
  if (values['fail-if-slower'] !== undefined) {
    throw new UsageError('--fail-if-slower belongs to gradpool bench compare OLD.json NEW.json');
  }
  const formats = FORMATS.filter((name) => set.has(name));
  if (formats.length > 1) {
    throw new UsageError(`--${formats.join(' and --')} exclude each other: take one of them`);
  }
  const { plot } = values;
  if (plot !== undefined) checkPlot(plot);
  const report = await measured(benchOptions(values), {
    quiet: set.has('quiet'),
    progress: !set.has('no-progress'),
  });
  if (plot !== undefined) {
    const { benchSvg } = await import('../../src/bench/plot/index.js');
    const svg = await benchSvg(report);
    await streamTo(plot, (put) => put(svg));
  }
  await show(report, formats[0]);
  if (!report.proof.identical) {
    throw new GateError(`the weights differ between worker counts: ${report.proof.failures.join('; ')}`);
  }
  return 0;
}

async function measured(
  options: BenchOptions,
  look: { quiet: boolean; progress: boolean },
): Promise<BenchReport> {
  const library = await import('../../src/bench/bench.js');
  const { benchView } = await import('../render/benchprogress.js');
  const view = benchView(look);
  const interrupted = () => {
    view.close(); // gives the cursor back
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

async function show(report: BenchReport, format: (typeof FORMATS)[number] | undefined): Promise<void> {
  if (format === 'json') return json(report);
  if (format === 'csv') return print((await import('../render/benchcsv.js')).benchCsv(report));
  const { benchText, benchMarkdown } = await import('../render/bench.js');
  print(format === 'markdown' ? benchMarkdown(report) : benchText(report));
}

/** Before two minutes of measuring. */
function checkPlot(file: string): void {
  if (destinationOf(file).kind === 'file' && !file.endsWith('.svg')) {
    throw new UsageError(`--plot: expected a file name that ends in .svg, found "${file}"`);
  }
}

function benchOptions(values: Args['values']): BenchOptions {
  const { network, workers, only, data } = values;
  const training = TRAINING.flatMap((key) => {
    const text = values[kebab(key)];
    return text === undefined ? [] : [[key, trainingValue(key, text)] as const];
  });
  const numbers = (['batch', 'seconds', 'rounds', 'accuracy'] as const).flatMap((name) => {
    const text = values[name];
    return text === undefined ? [] : [[name, number(name, text)] as const];
  });
  return {
    ...Object.fromEntries(numbers),
    ...(network === undefined ? {} : { network: widths(network) }),
    ...(workers === undefined ? {} : { workers: workers.split(',').map((text) => number('workers', text)) }),
    ...(only === undefined ? {} : { parts: only.split(',').map(part) }),
    ...(data === undefined ? {} : { data }),
    training: Object.fromEntries(training),
  };
}

function trainingValue(key: (typeof TRAINING)[number], text: string): unknown {
  return checked(key, Number.isFinite(Number(text)) ? Number(text) : text, `--${kebab(key)}`);
}

function number(name: string, text: string): number {
  if (text.trim() === '' || !Number.isFinite(Number(text))) {
    throw new UsageError(`--${name}: expected a number, found "${text}"`);
  }
  return Number(text);
}

function widths(text: string): number[] {
  if (!/^\d+(-\d+)+$/.test(text)) {
    throw new UsageError(
      `--network: expected the widths from the inputs to the classes, such as 784-256-128-10, found "${text}"`,
    );
  }
  return text.split('-').map(Number);
}

function part(name: string): Part {
  const found = PARTS.find((known) => known === name.trim());
  if (found === undefined) {
    throw new UsageError(
      `--only: expected some of ${PARTS.join(', ')}, found "${name}"${closest(name, PARTS)}`,
    );
  }
  return found;
}
