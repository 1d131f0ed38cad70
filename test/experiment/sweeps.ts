/** What the tests of sweeps share: small data, and running a sweep to its end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SweepEndEvent, SweepEvent } from '#src/experiment/events.js';

export async function endOf(events: AsyncGenerator<SweepEvent>): Promise<SweepEndEvent> {
  let last: SweepEvent | undefined;
  for await (const event of events) last = event;
  return last as SweepEndEvent;
}

export const leaderboard = (folder: string): string => readFileSync(join(folder, 'leaderboard.csv'), 'utf8');

/** A sweep of six short trainings, some of which diverge. */
export const SMALL = {
  base: { data: 'moons:200', hidden: [6], epochs: 4, batch: 20, val: 0.2 },
  axes: { lr: [0.1, 0.01, 1e30], optimizer: ['sgd', 'adam'] },
  seeds: 2,
};
