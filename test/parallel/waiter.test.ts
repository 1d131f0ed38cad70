/** How long a waiter spins before it sleeps, told by a clock that counts its readings. */
import { expect, it } from 'vitest';
import { Waiter } from '#src/parallel/waiter.js';

/** Milliseconds between two readings of the clock: a power of two, so that sums are exact. */
const TICK = 1 / 128;

function waiting({ spins }: { readonly spins: boolean }) {
  const counters = new Int32Array(new SharedArrayBuffer(4));
  let now = 0;
  let readings = 0;
  const clock = () => {
    readings++;
    now += TICK;
    return now;
  };
  const waiter = new Waiter(spins, clock);
  return {
    counters,
    /** Waits in vain; returns how often the clock was read. */
    inVain() {
      readings = 0;
      expect(waiter.wait(counters, 0, 0, 0)).toBe(false);
      return readings;
    },
    waiter,
  };
}

it('spins for long, and only briefly a few times after a wait that was longer', () => {
  const { inVain } = waiting({ spins: true });
  const [long, ...next] = Array.from({ length: 6 }, inVain);
  expect(long).toBeGreaterThan(1 / TICK);
  const short = Math.max(...next.slice(0, 2));
  expect(short).toBeLessThan(0.08 / TICK);
  expect(next).toEqual([short, short, long, short, short]);
});

it('does not spin where it is told not to', () => {
  const { inVain } = waiting({ spins: false });
  expect(Array.from({ length: 3 }, inVain)).toEqual([2, 2, 2]);
});

it.each([true, false])('sees at once that a counter has changed (spins: %s)', (spins) => {
  const { counters, waiter } = waiting({ spins });
  counters[0] = 1;
  expect(waiter.wait(counters, 0, 0)).toBe(true);
});
