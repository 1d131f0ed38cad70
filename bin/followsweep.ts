/** Follows a sweep on the terminal, for the commands that run one. */
import type { SweepEndEvent, SweepEvent } from '../src/experiment/events.js';
import type { SweepRunOptions } from '../src/experiment/runoptions.js';
import type { FlagValues } from './command.js';
import { interruption, OUTPUT_FLAGS } from './follow.js';
import { readPositive, readWhole } from './readers.js';
import { json, print } from './render/output.js';

const { json: jsonFlag, quiet, 'no-progress': noProgress } = OUTPUT_FLAGS;

/** The flags that say how a sweep is run, as opposed to what it computes. */
export const SWEEP_RUN_FLAGS = {
  parallel: {
    describe: 'trials at the same time; auto takes as many as there are cores',
    group: 'Run',
    default: 'auto',
    read: (text: string, where: string) => (text === 'auto' ? text : readWhole(1)(text, where)),
  },
  'fail-fast': {
    describe: 'end the sweep when a trial fails, instead of ranking it last',
    group: 'Run',
    boolean: true,
  },
  'time-limit': {
    describe: 'seconds after which the sweep stops; how far it gets by then depends on the machine',
    group: 'Run',
    read: readPositive,
  },
  json: jsonFlag,
  quiet,
  'no-progress': noProgress,
} as const;

type Running = Pick<SweepRunOptions, 'signal' | 'parallel' | 'failFast' | 'timeLimit'>;

/**
 * Runs a sweep to its end, shows its progress and leaderboard, and lets Ctrl-C save all trials. Returns the
 * exit code.
 */
export async function followSweep(
  args: FlagValues<typeof SWEEP_RUN_FLAGS>,
  what: string,
  start: (run: Running) => AsyncGenerator<SweepEvent>,
): Promise<number> {
  const { sweepView } = await import('./render/sweep.js');
  const view = await sweepView({ quiet: args.quiet === true, progress: !args['no-progress'] });
  let begun = false;
  let end: SweepEndEvent | null = null;
  const { signal, release } = interruption((exitCode) => {
    view.note(
      begun
        ? 'saving all trials that are under way; Ctrl-C again quits at once'
        : 'interrupted before the first trial: there is nothing to save',
    );
    if (!begun) process.exit(exitCode);
  });
  view.note(`reading ${what} and checking every configuration …`);
  try {
    const events = start({
      signal,
      failFast: args['fail-fast'] === true,
      ...(args.parallel === undefined ? {} : { parallel: args.parallel as number | 'auto' }),
      ...(args['time-limit'] === undefined ? {} : { timeLimit: args['time-limit'] }),
    });
    for await (const event of events) {
      begun = true;
      view.show(event);
      if (event.type === 'end') end = event;
    }
  } finally {
    view.close();
    release();
  }
  if (end === null) throw new Error('the sweep ended without its last event');
  if (args.json) json({ ...(end as SweepEndEvent), type: undefined });
  else print((await import('./render/leaderboard.js')).leaderboardText(end));
  return (end as SweepEndEvent).status === 'interrupted' ? (signal.reason ?? 130) : 0;
}
