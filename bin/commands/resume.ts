import { UsageError } from '../../src/errors.js';
import type { ResumeOptions } from '../../src/run/train.js';
import { type Args, defineCommand, type FlagValues } from '../command.js';
import { CONFIG_FLAGS, givenValues } from '../config/flags.js';
import { follow, OUTPUT_FLAGS } from '../follow.js';
import { followSweep, SWEEP_RUN_FLAGS } from '../followsweep.js';
import { ranksOfThisProcess } from '../ranks.js';
import { SUPERVISE_FLAG } from '../supervised.js';

export const resumeCommand = defineCommand({
  usage: 'resume <run>',
  describe:
    'continue a run or a sweep that was interrupted or killed; the result is the same as if it had never stopped',
  positionals: { run: 'the folder of the run or sweep' },
  flags: {
    workers: CONFIG_FLAGS.workers,
    kernels: CONFIG_FLAGS.kernels,
    'native-library': CONFIG_FLAGS['native-library'],
    epochs: CONFIG_FLAGS.epochs,
    audit: CONFIG_FLAGS.audit,
    tensorboard: CONFIG_FLAGS.tensorboard,
    force: {
      describe:
        'go on although configuration, data or checkpoints were changed: the bits may then differ, and run.json says so',
      boolean: true,
      group: 'Run',
    },
    ...SUPERVISE_FLAG,
    ...SWEEP_RUN_FLAGS,
    ...OUTPUT_FLAGS,
  },
  examples: [
    ['gradpool resume runs/mine', 'from its last checkpoint'],
    ['gradpool resume runs/mine --epochs 20', 'and for longer than was planned'],
    ['gradpool resume sweeps/mine', 'a sweep, with the trials that were under way'],
  ],
  async run(args) {
    const { isSweep } = await import('../../src/experiment/folder.js');
    if (isSweep(args.run)) return resumeSweepOf(args);
    refuseFlags(args, SWEEP_ONLY, 'is for a sweep', 'a run');
    if (args.epochs === 'auto') {
      throw new UsageError(
        '--epochs auto: a run that goes on for longer needs a number, such as --epochs 20',
      );
    }
    if (args.supervise) {
      const words = process.argv.slice(2).filter((word) => word !== '--supervise');
      const { supervise } = await import('../supervise.js');
      return supervise(args.run, words, words);
    }
    const options: ResumeOptions = givenValues(
      ['workers', 'kernels', 'nativeLibrary', 'epochs', 'audit', 'tensorboard'],
      args,
    );
    const library = await import('../../src/run/train.js');
    return follow(args, `the data of ${args.run}`, (followed) =>
      library.resumeAmong(ranksOfThisProcess(), args.run, {
        ...options,
        ...followed,
        profile: args.profile === true,
        picture: args.picture !== undefined,
        force: args.force === true,
      }),
    );
  },
});

/** Flags that say something of sweeps only, and of runs only. */
const SWEEP_ONLY = ['parallel', 'fail-fast', 'time-limit'];
const RUN_ONLY = ['kernels', 'epochs', 'audit', 'profile', 'picture', 'force', 'supervise'];

function refuseFlags(args: Args, flags: readonly string[], why: string, what: string): void {
  const given = flags.find((flag) => args[flag] !== undefined);
  if (given) throw new UsageError(`--${given} ${why}, and ${args.run} is ${what}: leave it out`);
}

/** Goes on with a sweep. */
async function resumeSweepOf(
  args: FlagValues<typeof SWEEP_RUN_FLAGS> & { readonly run: string },
): Promise<number> {
  if (ranksOfThisProcess()) {
    throw new UsageError(
      `${args.run} is a sweep, and several ranks train one network together: start this command without mpiexec`,
    );
  }
  refuseFlags(args, RUN_ONLY, 'is for a run', 'a sweep');
  const { resumeSweep } = await import('../../src/experiment/sweep.js');
  const given = givenValues(['workers', 'nativeLibrary', 'tensorboard'], args);
  return followSweep(args, `the data of ${args.run}`, (run) => resumeSweep(args.run, { ...given, ...run }));
}
