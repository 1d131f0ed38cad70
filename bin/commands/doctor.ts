import { defineCommand } from '../command.js';
import { json, print } from '../render/output.js';

export const doctorCommand = defineCommand({
  usage: 'doctor',
  describe: 'show what this machine offers: cores, memory, kernels and their speed',
  positionals: {},
  flags: { json: { describe: 'print one JSON document', boolean: true } },
  examples: [['gradpool doctor', 'what to check first when training is slow']],
  async run(args) {
    const { examine } = await import('../machine.js');
    const { machineText } = await import('../render/machine.js');
    const machine = await examine();
    args.json ? json(machine) : print(machineText(machine));
    return 0;
  },
});
