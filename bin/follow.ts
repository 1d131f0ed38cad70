/** Follows a training on the terminal, for the commands that train. */
import { destinationOf } from '../src/destination.js';
import type { RunOptions } from '../src/run/train.js';
import type { StartEvent, TrainEvent, TrainResult } from '../src/train/events.js';
import type { FlagValues } from './command.js';
import { ENDING_SIGNALS, exitCodeOf } from './render/exit.js';
import { json, print, streamTo } from './render/output.js';
import { resultText } from './render/result.js';
import { trainingView } from './render/training.js';

async function readPictureFile(text: string): Promise<string> {
  (await import('../src/report/picture/picture.js')).pictureKind(text);
  destinationOf(text); // a folder that is missing is better said before the training
  return text;
}

export const OUTPUT_FLAGS = {
  json: { describe: 'print the result as one JSON document', boolean: true, group: 'Output' },
  quiet: { describe: 'print only the result and errors', boolean: true, group: 'Output' },
  profile: {
    describe: "show where the time went, and write the steps to the run's trace.json",
    boolean: true,
    group: 'Output',
  },
  picture: {
    describe:
      'two inputs: draw the decision regions, or the predicted number, over the epochs to FILE.svg or FILE.html',
    group: 'Output',
    read: readPictureFile,
  },
  'no-progress': { describe: 'print lines instead of a bar', boolean: true, group: 'Output' },
} as const;

/** Milliseconds between two steps that are shown. */
const STEP_INTERVAL = 50;

/** How a training that is followed runs. */
type FollowedRun = Required<Pick<RunOptions, 'signal' | 'stepInterval'>>;

/**
 * Runs a training to its end, shows its progress and result, and lets Ctrl-C end it well. Returns the exit
 * code.
 */
export async function follow(
  args: FlagValues<typeof OUTPUT_FLAGS>,
  what: string,
  training: (run: FollowedRun) => AsyncGenerator<TrainEvent>,
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
    for await (const event of training({ signal, stepInterval: STEP_INTERVAL })) {
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
  const { run } = result as TrainResult;
  if (args.json) json(result);
  else if (start === null) print(completeText(result));
  else {
    print(resultText(result, start));
    if (run !== null && process.stdout.isTTY && !args.quiet) {
      const { smallPicture } = await import('./render/picture.js');
      const drawn = smallPicture(run);
      if (drawn !== null) print(`\n${drawn}`);
    }
    const { profile, workers } = result as TrainResult;
    if (profile) print(`\n${(await import('./render/profile.js')).profileText(profile, workers)}`);
  }
  if (args.picture !== undefined && run !== null) await writePicture(run, args.picture);
  return (result as TrainResult).status === 'interrupted' ? signal.reason : 0;
}

async function writePicture(run: string, file: string): Promise<void> {
  const { drawPicture, pictureKind } = await import('../src/report/picture/picture.js');
  const drawn = drawPicture(run, pictureKind(file));
  await streamTo(file, (put) => put(drawn));
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
