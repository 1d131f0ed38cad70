import type { ResumeOptions } from '../../src/run/train.js';
import type { Command } from '../command.js';
import { CONFIG_FLAGS, checked, parseText } from '../config/flags.js';
import { follow, OUTPUT_FLAGS } from './follow.js';

export const resume: Command = {
  usage: 'resume <run>',
  describe: 'go on with a run that was interrupted or killed, to the same bits as if it never had been',
  positionals: { run: "the run's folder" },
  flags: {
    workers: CONFIG_FLAGS.workers,
    kernels: CONFIG_FLAGS.kernels,
    epochs: CONFIG_FLAGS.epochs,
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['gradpool resume runs/mine', 'from its last checkpoint'],
    ['gradpool resume runs/mine --epochs 20', 'and for longer than was planned'],
  ],
  async run(args) {
    const options: Record<string, unknown> = {};
    for (const key of ['workers', 'kernels', 'epochs'] as const) {
      const text = args.values[key];
      if (text !== undefined) options[key] = checked(key, await parseText(key, text), `--${key}`);
    }
    const library = await import('../../src/run/train.js');
    return follow(args, `the data of ${args.values.run}`, (signal) =>
      library.resume(args.values.run!, {
        ...(options as ResumeOptions),
        signal,
        profile: args.set.has('profile'),
      }),
    );
  },
};
