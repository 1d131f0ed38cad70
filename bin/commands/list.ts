import type { Command } from '../command.js';
import { json, print } from '../render/output.js';

export const list: Command = {
  usage: 'list [group]',
  describe:
    'every layer, activation, loss, optimizer, schedule, initializer and built-in problem, in one line',
  positionals: { group: 'layers, activations, losses, optimizers, schedules, initializers or problems' },
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [
    ['gradpool list', 'all there is'],
    ['gradpool list activations', 'formula, derivative, parameter and PyTorch name'],
  ],
  async run({ values, set }) {
    const { CATALOGUE, GROUP_NAMES, groupName } = await import('../../src/explain/catalogue.js');
    const names = values.group === undefined ? GROUP_NAMES : [groupName(values.group)];
    const groups = names.map((name) => ({ name, entries: CATALOGUE[name]() }));
    if (set.has('json')) json(Object.fromEntries(groups.map(({ name, entries }) => [name, entries])));
    else print((await import('../render/list.js')).catalogueText(groups));
    return 0;
  },
};
