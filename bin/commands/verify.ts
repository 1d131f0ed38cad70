import { GateError } from '../../src/errors.js';
import type { VerifiedEvent } from '../../src/run/verify.js';
import { defineCommand } from '../command.js';
import { CONFIG_FLAGS } from '../config/flags.js';
import { interruption, OUTPUT_FLAGS } from '../follow.js';
import { readWhole } from '../readers.js';
import { json, print } from '../render/output.js';
import { trainingView } from '../render/training.js';

const { profile: _, ...SHOWN } = OUTPUT_FLAGS;

export const verifyCommand = defineCommand({
  usage: 'verify <run>',
  describe:
    'train a run again, from its own configuration but with another number of workers, and compare every bit; its folder stays as it is',
  positionals: { run: 'the folder of the run' },
  flags: {
    workers: {
      describe: "number of threads; default: another one than the run's",
      group: 'Run',
      read: readWhole(0),
    },
    steps: { describe: 'compare only so many steps', group: 'Run', read: readWhole(1) },
    'native-library': CONFIG_FLAGS['native-library'],
    ...SHOWN,
  },
  examples: [
    ['gradpool verify runs/mine', 'epochs, checkpoints and final weights; exit code 5 where any bit differs'],
    ['gradpool verify runs/mine --steps 1000', 'the beginning of a long run'],
  ],
  async run(args) {
    const { verify } = await import('../../src/run/verify.js');
    const { verifiedText } = await import('../render/verified.js');
    const view = await trainingView({ quiet: args.quiet === true, progress: !args['no-progress'] });
    const { signal, release } = interruption(() => process.exit(130)); // there is nothing to save
    const { workers, steps } = args;
    const nativeLibrary = args['native-library'] as string | undefined;
    let verified: VerifiedEvent | null = null;
    view.wait(`loading the data of ${args.run} …`);
    try {
      const events = verify(args.run, {
        signal,
        ...(workers === undefined ? {} : { workers }),
        ...(steps === undefined ? {} : { steps }),
        ...(nativeLibrary === undefined ? {} : { nativeLibrary }),
      });
      for await (const event of events) {
        if (event.type === 'verified') verified = event;
        else view.show(event);
      }
    } finally {
      view.close();
      release();
    }
    if (verified === null) return 130;
    const { type, ...report } = verified;
    if (args.json) json(report);
    else print(verifiedText(verified));
    if (verified.equal) return 0;
    throw new GateError(`${args.run}: trained again, it differs: ${verified.difference}`);
  },
});
