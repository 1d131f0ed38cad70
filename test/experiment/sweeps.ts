/** What the tests of sweeps share: small data, and running a sweep to its end. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SweepEndEvent, SweepEvent } from '#src/experiment/events.js';

export async function endOf(events: AsyncGenerator<SweepEvent>): Promise<SweepEndEvent> {
  let last: SweepEvent | undefined;
  for await (const event of events) last = event;
  return last as SweepEndEvent;
}

/** Runs a sweep in a process of its own and kills it with SIGKILL when it has told `events` events. */
export function sweepKilledAfter(
  events: number,
  options: object,
  out: string,
): Promise<NodeJS.Signals | null> {
  const program = `
    import { sweep } from '#src/experiment/sweep.js';
    let told = 0;
    for await (const event of sweep(${JSON.stringify(options)}, { out: ${JSON.stringify(out)}, parallel: 2 })) {
      if (++told === ${events}) process.kill(process.pid, 'SIGKILL');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit' });
  return new Promise((done) => child.once('close', (_, signal) => done(signal)));
}

export const leaderboard = (folder: string): string => readFileSync(join(folder, 'leaderboard.csv'), 'utf8');

/** A sweep of six short trainings, some of which diverge. */
export const SMALL = {
  base: { data: 'moons:200', hidden: [6], epochs: 4, batch: 20, val: 0.2 },
  axes: { lr: [0.1, 0.01, 1e30], optimizer: ['sgd', 'adam'] },
  seeds: 2,
};
