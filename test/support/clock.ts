import type { Clock } from '#src/clock.js';
import { Stream } from '#src/random.js';

/**
 * A clock that the test holds. Each look at it moves it on, by half to one and a half times as many milliseconds, drawn in
 * the same sequence every time: what is timed takes as long as it looks often, on every machine alike.
 */
export function tickingClock(milliseconds: number): Clock {
  const stream = new Stream(1, 98, 0);
  let now = 0;
  return () => {
    now += milliseconds * (0.5 + stream.uniform());
    return now;
  };
}
