import { UsageError } from '../../src/errors.js';
import type { Args, Command } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { optionsOf, readSettings } from '../config/settings.js';
import { json, print } from '../render/output.js';

const { lr: _, epochs: __, schedule: ___, ...SEARCH_FLAGS } = CONFIG_FLAGS;

/** The range test's own flags, by the library's names. */
const RANGE = { from: 'from', to: 'to', steps: 'steps' } as const;

export const findLr: Command = {
  usage: 'find-lr [data]',
  describe: 'search for a learning rate: one step a minibatch at growing rates (range test, Smith 2017)',
  positionals: { data: 'training data, as for gradpool train' },
  flags: {
    ...SEARCH_FLAGS,
    from: { describe: 'the first rate (default 1e-6)', group: 'Range' },
    to: { describe: 'the last rate (default 10)', group: 'Range' },
    steps: { describe: 'minibatches (default 100)', group: 'Range' },
    config: { describe: 'YAML or JSON file of these keys; flags are stronger', alias: 'c', group: 'Run' },
    json: { describe: 'print rates, losses and the suggestion as JSON', boolean: true, group: 'Output' },
  },
  examples: [
    ['gradpool find-lr mnist --hidden 512', 'a plot of the loss over the rate, and the rate to take'],
    ['gradpool find-lr -c my.yaml --from 1e-4 --to 1', 'the network of a configuration, in a narrower range'],
  ],
  run,
};

async function run(args: Args): Promise<number> {
  const options = optionsOf(await readSettings(args, process.env));
  const range = Object.fromEntries(
    Object.keys(RANGE).flatMap((name) => {
      const text = args.values[name];
      if (text === undefined) return [];
      const value = Number(text);
      if (!(value > 0 && Number.isFinite(value)))
        throw new UsageError(`--${name}: expected a number above 0, found "${text}"`);
      return [[name, value]];
    }),
  );
  const { findLearningRate } = await import('../../src/run/findlr.js');
  const search = await findLearningRate(options, range);
  if (args.set.has('json')) json(search);
  else print((await import('../render/ratesearch.js')).rateSearchText(search));
  return 0;
}
