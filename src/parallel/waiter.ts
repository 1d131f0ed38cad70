/**
 * Waits for another thread to change a counter in shared memory. Waking a sleeping thread takes longer than
 * most gaps between tasks, so a waiter spins before it sleeps. But where another program has the core of the
 * thread that is waited for, the wait takes a time slice, and a waiter that spins keeps its own core from
 * that thread. So a waiter that has waited for long spins only briefly the next few times.
 */
import { type Clock, systemClock } from '../clock.js';

/** Milliseconds to spin. */
const LONG_SPIN = 1;
const SHORT_SPIN = 0.05;
/** Short spins after a wait that took longer than a long one. */
const SHORT_SPINS = 2;
/** Loads of a counter between two readings of the clock, which costs far more than a load. */
const LOADS_PER_CLOCK = 100;

export class Waiter {
  #shortSpins = 0;

  /** @param spins whether it spins: it must not where there are more threads than cores */
  constructor(
    private readonly spins: boolean,
    private readonly clock: Clock = systemClock,
  ) {}

  /**
   * Waits until a counter no longer holds `value`, or has held it for `sleepMs` after the spin; returns
   * whether it has changed.
   */
  wait(counters: Int32Array, counter: number, value: number, sleepMs = Number.POSITIVE_INFINITY): boolean {
    const begin = this.clock();
    const short = this.#shortSpins > 0;
    if (short) this.#shortSpins--;
    if (this.spins && this.#spin(counters, counter, value, begin + (short ? SHORT_SPIN : LONG_SPIN)))
      return true;
    Atomics.wait(counters, counter, value, sleepMs);
    if (this.clock() - begin > LONG_SPIN) this.#shortSpins = SHORT_SPINS;
    return Atomics.load(counters, counter) !== value;
  }

  #spin(counters: Int32Array, counter: number, value: number, end: number): boolean {
    do {
      if (changes(counters, counter, value)) return true;
    } while (this.clock() < end);
    return false;
  }
}

/**
 * Loads a counter again and again, and returns whether it no longer holds `value`. The engine compiles such a
 * loop as soon as it runs: it is a function of its own, so that nothing else is compiled with it.
 */
function changes(counters: Int32Array, counter: number, value: number): boolean {
  for (let i = 0; i < LOADS_PER_CLOCK; i++) {
    if (Atomics.load(counters, counter) !== value) return true;
  }
  return false;
}
