import type { Command } from '../command.js';
import { json, print } from '../render/output.js';

export const doctor: Command = {
  usage: 'doctor',
  describe: 'what this machine offers: cores, memory, kernels and their speed',
  positionals: {},
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [['gradpool doctor', 'before blaming the network']],
  async run({ set }) {
    const { examine } = await import('../machine.js');
    const { machineText } = await import('../render/machine.js');
    const machine = await examine();
    set.has('json') ? json(machine) : print(machineText(machine));
    return 0;
  },
};
