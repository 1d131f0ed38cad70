import { defineCommand } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { optionsOf, readSettings } from '../config/settings.js';
import { readPositive, readText } from '../readers.js';
import { json, print } from '../render/output.js';

/** The flags of a training without those that the search itself decides. */
const { lr: _, schedule: __, ...SEARCH_FLAGS } = CONFIG_FLAGS;

export const findLrCommand = defineCommand({
  usage: 'find-lr [data]',
  describe:
    'suggest a learning rate: train at ever higher rates until the loss explodes (range test, Smith 2017), then try rates below in short trainings',
  positionals: { data: 'data as for gradpool train' },
  flags: {
    ...SEARCH_FLAGS,
    from: { describe: 'the first rate', group: 'Range', default: '1e-6', read: readPositive },
    to: { describe: 'the last rate', group: 'Range', default: '10', read: readPositive },
    steps: {
      describe: 'minibatches of the range test',
      group: 'Range',
      default: '100',
      read: readPositive,
    },
    'trial-steps': {
      describe: 'the most minibatches of each trial; no trial is longer than --epochs',
      group: 'Range',
      default: '500',
      read: readPositive,
    },
    config: {
      describe: 'a YAML or JSON file with these keys; flags override it',
      alias: 'c',
      group: 'Run',
      read: readText,
    },
    json: {
      describe: 'print rates, losses, trials and the suggestion as JSON',
      boolean: true,
      group: 'Output',
    },
  },
  examples: [
    ['gradpool find-lr mnist --hidden 512', 'the loss over the rate, the trials, and the rate to take'],
    ['gradpool find-lr -c my.yaml --from 1e-4 --to 1', 'the network of a configuration, in a narrower range'],
  ],
  async run(args) {
    const options = optionsOf('find-lr', await readSettings(args, process.env));
    const { from, to, steps, 'trial-steps': trialSteps } = args;
    const { findLearningRate } = await import('../../src/run/findlr.js');
    const search = await findLearningRate(options, {
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
      ...(steps === undefined ? {} : { steps }),
      ...(trialSteps === undefined ? {} : { trialSteps }),
    });
    if (args.json) json(search);
    else print((await import('../render/ratesearch.js')).rateSearchText(search));
    return 0;
  },
});
