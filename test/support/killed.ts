import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TrainOptions } from '#src/train/config.js';

const SCRIPT = fileURLToPath(new URL('../fixtures/train-slowly.mjs', import.meta.url));

/**
 * Trains in a process of its own, with a checkpoint every second step, and kills it with SIGKILL once step
 * `step` was told of, or `wait` milliseconds later. The process stands still at step `still`, so the run has
 * not ended however late the signal comes. Returns the signal that ended it.
 */
export function killedAfter(
  step: number,
  options: TrainOptions,
  out: string,
  { still = step + 5, wait = 0 }: { readonly still?: number; readonly wait?: number } = {},
): Promise<NodeJS.Signals | null> {
  return new Promise((done) => {
    const child = fork(SCRIPT, [JSON.stringify({ ...options, checkpointEvery: 2 }), out, `${still}`]);
    child.on('message', (told) => {
      if (told === step) setTimeout(() => child.kill('SIGKILL'), wait);
    });
    child.once('exit', (_, signal) => done(signal));
  });
}
