import { UsageError } from '../../src/errors.js';
import type { Args, Command } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { optionsOf, readSettings } from '../config/settings.js';
import { json, print } from '../render/output.js';
import { configText, sourcedConfig } from '../render/settings.js';
import { follow, OUTPUT_FLAGS } from './follow.js';

export const train: Command = {
  usage: 'train [data]',
  describe: 'train a network on DATA, on every core, to the same bits on any number of them',
  positionals: {
    data: 'a table (csv, tsv, json, jsonl, parquet; .gz, .zst; a quoted pattern), a SQL query, a folder of IDX or NPY files, or a built-in name (mnist, xor, spirals, …)',
  },
  flags: {
    ...CONFIG_FLAGS,
    config: { describe: 'YAML or JSON file of these keys; flags are stronger', alias: 'c', group: 'Run' },
    out: { describe: "the run's folder; default: a new one under runs/", group: 'Run' },
    'dry-run': { describe: 'show network, memory and steps, train nothing', boolean: true, group: 'Output' },
    'print-config': { describe: 'show every value and where it comes from', boolean: true, group: 'Output' },
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['gradpool train mnist', 'handwritten digits, out of the box'],
    ['gradpool train iris.csv --target species --hidden 32', 'a table, and the column to predict'],
    ["gradpool train 'logs/*.parquet' -t price --epochs 50 --patience 5", 'many files, stopped early'],
    ['gradpool train -c runs/mine/config.yaml --seed 2', 'an earlier run again, with another seed'],
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const { set, values } = args;
  const idle = ['dry-run', 'print-config'].find((flag) => set.has(flag));
  if (idle && set.has('profile')) {
    throw new UsageError(`--profile measures a training, and --${idle} trains nothing: drop one of them`);
  }
  const settings = await readSettings(args, process.env);
  const options = optionsOf(settings);
  if (set.has('print-config')) {
    const config = sourcedConfig(options, settings);
    set.has('json') ? json(config) : print(configText(config));
    return 0;
  }
  const library = await import('../../src/run/train.js');
  if (set.has('dry-run')) {
    const plan = await library.plan(options);
    if (set.has('json')) json({ ...plan, type: undefined });
    else print((await import('../render/plan.js')).planText(plan));
    return 0;
  }
  const out = values.out === undefined ? {} : { out: values.out };
  return follow(args, options.data, (signal) =>
    library.train(options, { ...out, signal, profile: set.has('profile'), argv: process.argv.slice(2) }),
  );
}
