import { defineCommand } from '../command.js';
import { json, print } from '../render/output.js';

export const listCommand = defineCommand({
  usage: 'list [group]',
  describe:
    'list every layer, activation, loss, optimizer, schedule, initializer, metric and built-in problem',
  positionals: {
    group: 'layers, activations, losses, optimizers, schedules, initializers, metrics or problems',
  },
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [
    ['gradpool list', 'everything there is'],
    ['gradpool list activations', 'their formulas, derivatives, parameters and PyTorch names'],
  ],
  async run(args) {
    const { CATALOGUE, GROUP_NAMES, groupName } = await import('../../src/explain/catalogue.js');
    const names = args.group === undefined ? GROUP_NAMES : [groupName(args.group)];
    const groups = names.map((name) => ({ name, entries: CATALOGUE[name]() }));
    if (args.json) json(Object.fromEntries(groups.map(({ name, entries }) => [name, entries])));
    else print((await import('../render/list.js')).catalogueText(groups));
    return 0;
  },
});
