import type { Clock } from '#src/clock.js';
import { Stream } from '#src/random.js';

/**
 * Returns a clock that only moves when it is read: each reading adds between half and one and a half times
 * `milliseconds`, drawn from the same sequence every time. So the time that something takes depends on how
 * often it reads the clock, and is the same on every machine.
 */
export function tickingClock(milliseconds: number): Clock {
  const stream = new Stream(1, 98, 0);
  let now = 0;
  return () => {
    now += milliseconds * (0.5 + stream.uniform());
    return now;
  };
}
