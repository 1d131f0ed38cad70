import { UsageError } from '../../src/errors.js';
import type { ResumeOptions } from '../../src/run/train.js';
import { defineCommand } from '../command.js';
import { CONFIG_FLAGS, givenValues } from '../config/flags.js';
import { follow, OUTPUT_FLAGS } from '../follow.js';

export const resumeCommand = defineCommand({
  usage: 'resume <run>',
  describe:
    'continue a run that was interrupted or killed; the result is the same as if it had never stopped',
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
    if (args.epochs === 'auto') {
      throw new UsageError(
        '--epochs auto: a run that goes on for longer needs a number, such as --epochs 20',
      );
    }
    const options: ResumeOptions = givenValues(['workers', 'kernels', 'epochs'], args);
    const library = await import('../../src/run/train.js');
    return follow(args, `the data of ${args.run}`, (signal) =>
      library.resume(args.run, { ...options, signal, profile: args.profile === true }),
    );
  },
});
