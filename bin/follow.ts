/** Follows a training on the terminal, for the commands that train. */
import type { StartEvent, TrainEvent, TrainResult } from '../src/train/events.js';
import type { FlagValues } from './command.js';
import { ENDING_SIGNALS, exitCodeOf } from './render/exit.js';
import { json, print } from './render/output.js';
import { resultText } from './render/result.js';
import { trainingView } from './render/training.js';

export const OUTPUT_FLAGS = {
  json: { describe: 'print the result as one JSON document', boolean: true, group: 'Output' },
  quiet: { describe: 'print only the result and errors', boolean: true, group: 'Output' },
  profile: {
    describe: "show where the time went, and write the steps to the run's trace.json",
    boolean: true,
    group: 'Output',
  },
  'no-progress': { describe: 'print lines instead of a bar', boolean: true, group: 'Output' },
} as const;

/**
 * Runs a training to its end, shows its progress and result, and lets Ctrl-C end it well. Returns the exit
 * code.
 */
export async function follow(
  args: FlagValues<typeof OUTPUT_FLAGS>,
  what: string,
  training: (signal: AbortSignal) => AsyncGenerator<TrainEvent>,
): Promise<number> {
  const view = await trainingView({ quiet: args.quiet === true, progress: !args['no-progress'] });
  let start: StartEvent | null = null;
  let result: TrainResult | null = null;
  const { signal, release } = interruption((exitCode) => {
    view.note(
      start
        ? 'finishing the step and saving; Ctrl-C again quits at once'
        : 'interrupted before the first step: there is nothing to save',
    );
    if (start === null) process.exit(exitCode);
  });
  view.wait(`loading ${what} …`);
  try {
    for await (const event of training(signal)) {
      view.show(event);
      if (event.type === 'start') start = event;
      if (event.type === 'end') {
        const { type, ...rest } = event;
        result = rest;
      }
    }
  } finally {
    view.close();
    release();
  }
  if (result === null) throw new Error('the training ended without its last event');
  if (args.json) json(result);
  else if (start === null) print(completeText(result));
  else {
    print(resultText(result, start));
    const { profile, workers } = result as TrainResult;
    if (profile) print(`\n${(await import('./render/profile.js')).profileText(profile, workers)}`);
  }
  return (result as TrainResult).status === 'interrupted' ? signal.reason : 0;
}

/** Says that a run which was to go on has ended before. */
function completeText({ run, status, reason, epochs }: TrainResult): string {
  const longer = status === 'completed' ? `; --epochs ${2 * epochs} trains for longer` : '';
  return `${run}: the run is complete (${status}: ${reason}), and nothing is left to train${longer}`;
}

/**
 * Turns the first SIGINT, SIGTERM or SIGHUP into an abort signal, whose reason is the exit code; the second
 * quits at once.
 */
export function interruption(onFirst: (exitCode: number) => void): {
  signal: AbortSignal;
  release: () => void;
} {
  const abort = new AbortController();
  const interrupt = (name: NodeJS.Signals) => {
    const exitCode = exitCodeOf(name);
    if (abort.signal.aborted) process.exit(exitCode);
    abort.abort(exitCode);
    onFirst(exitCode);
  };
  for (const name of ENDING_SIGNALS) process.on(name, interrupt);
  return {
    signal: abort.signal,
    release: () => {
      for (const name of ENDING_SIGNALS) process.off(name, interrupt);
    },
  };
}
