import { UsageError } from '../../src/errors.js';
import type { TrainOptions } from '../../src/train/config.js';
import { defineCommand, type FlagValues } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { optionsOf, readSettings } from '../config/settings.js';
import { follow, OUTPUT_FLAGS } from '../follow.js';
import { ranksOfThisProcess } from '../ranks.js';
import { readText } from '../readers.js';
import { json, print } from '../render/output.js';
import { configText, sourcedConfig } from '../render/settings.js';
import { SUPERVISE_FLAG } from '../supervised.js';

export const trainCommand = defineCommand({
  usage: 'train [data]',
  describe: 'train a network on DATA, on every core; any number of cores gives the same result, bit for bit',
  positionals: {
    data: 'a table (csv, tsv, json, jsonl, parquet; .gz, .zst; a quoted pattern), a SQL query, a folder of IDX or NPY files, or a built-in name (mnist, xor, spirals, …)',
  },
  flags: {
    ...CONFIG_FLAGS,
    config: {
      describe: 'a YAML or JSON file with these keys; flags override it',
      alias: 'c',
      group: 'Run',
      read: readText,
    },
    out: { describe: "the run's folder; default: a new one under runs/", group: 'Run', read: readText },
    'dry-run': {
      describe: 'show the network, memory and steps without training',
      boolean: true,
      group: 'Output',
    },
    'print-config': { describe: 'print every value and where it comes from', boolean: true, group: 'Output' },
    ...SUPERVISE_FLAG,
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['gradpool train mnist', 'handwritten digits, out of the box'],
    ['gradpool train iris.csv --target species --hidden 32', 'a table, and the column to predict'],
    [
      "gradpool train 'logs/*.parquet' -t price --epochs 50 --patience 5",
      'many files as one table, stopped when it no longer gets better',
    ],
    ['gradpool train -c runs/mine/config.yaml --seed 2', 'an earlier run again, with another seed'],
  ],
  async run(args) {
    const withoutTraining = (['dry-run', 'print-config'] as const).find((flag) => args[flag]);
    const ofTraining = (['profile', 'picture', 'supervise'] as const).find(
      (flag) => args[flag] !== undefined,
    );
    if (withoutTraining && ofTraining) {
      const does = { profile: 'measures', picture: 'draws', supervise: 'restarts' }[ofTraining];
      throw new UsageError(
        `--${ofTraining} ${does} a training, and --${withoutTraining} trains nothing: drop one of them`,
      );
    }
    const settings = await readSettings(args, process.env);
    const options = optionsOf('train', settings);
    if (args['print-config']) {
      const config = sourcedConfig(options, settings);
      args.json ? json(config) : print(configText(config));
      return 0;
    }
    if (args.supervise) return superviseTraining(args, options.data);
    const library = await import('../../src/run/train.js');
    if (args['dry-run']) {
      const plan = await (await import('../../src/run/planreport.js')).plan(options);
      if (args.json) json({ ...plan, type: undefined });
      else print((await import('../render/plan.js')).planText(plan));
      return 0;
    }
    const out = args.out === undefined ? {} : { out: args.out };
    return follow(args, options.data, (followed) =>
      library.trainAmong(ranksOfThisProcess(), options, {
        ...out,
        ...followed,
        profile: args.profile === true,
        picture: args.picture !== undefined,
        argv: process.argv.slice(2),
      }),
    );
  },
});

/** Trains in a process of its own, in a folder that is named here, and goes on there after a death. */
async function superviseTraining(
  args: FlagValues<typeof OUTPUT_FLAGS> & { readonly out: string | undefined },
  data: TrainOptions['data'],
): Promise<number> {
  const { newRunFolder } = await import('../../src/run/folder.js');
  const { supervise } = await import('../supervise.js');
  const { sourceName } = await import('../../src/data/source.js');
  const folder = newRunFolder(args.out, sourceName(data), new Date());
  const [command, ...words] = process.argv.slice(2).filter((word) => word !== '--supervise');
  const first = args.out === undefined ? [command, '--out', folder, ...words] : [command, ...words];
  const shown = Object.keys(OUTPUT_FLAGS) as (keyof typeof OUTPUT_FLAGS)[];
  const flags = shown.flatMap((flag) => {
    const value = args[flag];
    return value === undefined ? [] : [typeof value === 'string' ? `--${flag}=${value}` : `--${flag}`];
  });
  return supervise(folder, first, ['resume', folder, ...flags]);
}
