import { didYouMean } from '../../src/didyoumean.js';
import { UsageError } from '../../src/errors.js';
import type { SweepOptions } from '../../src/experiment/definition.js';
import { SEARCHES, SWEEP_SHAPE } from '../../src/experiment/definition.js';
import { SCORE_NAMES, type ScoreName } from '../../src/experiment/scores.js';
import type { TrainOptions } from '../../src/train/config.js';
import { type Args, defineCommand } from '../command.js';
import { type Conditions, readConditions, readGrids, readRanges, withConditions } from '../config/axes.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { optionsOf, readSettings } from '../config/settings.js';
import { followSweep, SWEEP_RUN_FLAGS } from '../followsweep.js';
import { oneOf, readText, readWhole } from '../readers.js';

const describeKey = (key: keyof typeof SWEEP_SHAPE): string => SWEEP_SHAPE[key].description ?? '';
const described = (key: keyof typeof SWEEP_SHAPE) => ({ describe: describeKey(key), group: 'Sweep' });

/** The flags that say what is searched, and how. */
const SEARCH_FLAGS = {
  grid: {
    describe: 'values of a key: lr=0.1,0.03 or hidden=128,256+128; give it once for each key',
    group: 'Sweep',
    repeats: true,
    read: readGrids,
  },
  range: {
    describe: 'a range of a key: lr=0.001..0.1,log; also ,integer and ,points=5; give it once for each key',
    group: 'Sweep',
    repeats: true,
    read: readRanges,
  },
  when: {
    describe:
      'the condition of an axis: momentum:optimizer=sgd varies momentum only beside sgd; values are joined by commas',
    group: 'Sweep',
    repeats: true,
    read: readConditions,
  },
  search: {
    ...described('search'),
    describe: `how configurations are chosen: ${Object.entries(SEARCHES)
      .map(([name, does]) => `${name} (${does})`)
      .join('; ')}`,
    default: 'grid',
    ...oneOf(...(Object.keys(SEARCHES) as (keyof typeof SEARCHES)[])),
  },
  seeds: { ...described('seeds'), default: '1', read: readSeeds },
  score: { ...described('score'), read: readScore },
  trials: { ...described('trials'), read: readWhole(1) },
  'search-seed': { ...described('searchSeed'), default: '1', read: readWhole(0) },
  eta: { ...described('eta'), default: '3', read: readWhole(2) },
  'min-epochs': { ...described('minEpochs'), read: readWhole(1) },
  startup: { ...described('startup'), default: '10', read: readWhole(2) },
  together: { ...described('together'), default: '4', read: readWhole(1) },
} as const;

/** Reads a score; there are too many of them for the help to list. */
function readScore(text: string, where: string): ScoreName {
  const found = SCORE_NAMES.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(
    `${where}: expected val_ or test_ and loss or a metric of gradpool list metrics, found "${text}"${didYouMean(text, SCORE_NAMES)}`,
  );
}

/** Reads a number of seeds, or a list of them. */
function readSeeds(text: string, where: string): number | number[] {
  const seeds = text.split(',').map((part) => readWhole(text.includes(',') ? 0 : 1)(part.trim(), where));
  return seeds.length === 1 ? seeds[0] : seeds;
}

export const sweepCommand = defineCommand({
  usage: 'sweep [data]',
  describe:
    'train many configurations with several seeds and rank them; killed or not, the ranking is the same',
  positionals: {
    data: 'a sweep file (.yaml) with base, axes and search, or the data, with the axes as --grid and --range',
  },
  flags: {
    ...SEARCH_FLAGS,
    ...CONFIG_FLAGS,
    config: {
      describe: 'a YAML or JSON file with the keys that all trials share; flags override it',
      alias: 'c',
      group: 'Run',
      read: readText,
    },
    out: { describe: "the sweep's folder; default: a new one under sweeps/", group: 'Run', read: readText },
    ...SWEEP_RUN_FLAGS,
  },
  examples: [
    [
      'gradpool sweep mnist --grid lr=0.1,0.03 --grid hidden=128,256+128 --seeds 5',
      'a grid of four, five seeds each',
    ],
    ['gradpool sweep examples/mnist-sweep.yaml', 'the same from a file'],
    ['gradpool sweep houses.csv --range lr=1e-4..1e-1,log --search tpe --trials 40', 'a search by model'],
  ],
  async run(args) {
    const options = await sweepOptions(args);
    const { sweep } = await import('../../src/experiment/sweep.js');
    const out = args.out === undefined ? {} : { out: args.out };
    return followSweep(args, String(options.base.data), (run) =>
      sweep(options, { ...out, ...run, argv: process.argv.slice(2) }),
    );
  },
});

/** The keys of a sweep's definition by their flags. */
const KEYS = {
  search: 'search',
  seeds: 'seeds',
  score: 'score',
  trials: 'trials',
  'search-seed': 'searchSeed',
  eta: 'eta',
  'min-epochs': 'minEpochs',
  startup: 'startup',
  together: 'together',
} as const;

/** Returns the sweep of a file, of flags, or of a file with flags that override it. */
async function sweepOptions(
  args: Args & { readonly data: string | undefined; readonly config: string | undefined },
) {
  const { data } = args;
  const isFile = data !== undefined && /\.ya?ml$/i.test(data);
  const file = isFile ? await readSweepFile(data) : null;
  const settings = await readSettings(isFile ? { ...args, data: undefined } : args, process.env);
  const set = Object.fromEntries(Array.from(settings, ([key, { value }]) => [key, value]));
  const base = file ? { ...file.base, ...set } : optionsOf('sweep', settings);
  const named = Object.entries(KEYS).filter(([flag]) => args[flag] !== undefined);
  const given = { ...file?.axes, ...(args.grid as object), ...(args.range as object) };
  const axes = withConditions(given, (args.when ?? {}) as Conditions);
  if (file && base.data === undefined) {
    throw new UsageError(`${data}: the base names no data; add base: { data: mnist } or the like`);
  }
  return {
    ...file,
    ...Object.fromEntries(named.map(([flag, key]) => [key, args[flag]])),
    base: base as TrainOptions,
    axes,
  } as SweepOptions;
}

/** Reads a sweep file. Throws DataError where it cannot be read, UsageError where it holds no sweep. */
async function readSweepFile(file: string): Promise<SweepOptions> {
  const { existsSync, readFileSync } = await import('node:fs');
  const { DataError } = await import('../../src/errors.js');
  const { parseSweep } = await import('../../src/experiment/sweepfile.js');
  if (!existsSync(file)) throw new DataError(`${file}: there is no such file; check the path`);
  return parseSweep(readFileSync(file, 'utf8'), file);
}
