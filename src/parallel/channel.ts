/**
 * A task channel carries tasks from the coordinator to one thread: a few numbers and two counters in shared
 * memory.
 *   coordinator  writes the numbers, then stores `posted` and notifies
 *   thread       sees `posted` change, handles the numbers, then stores `done` and notifies
 *   coordinator  sees `done` change, and may read the results and post again
 * Every write before an atomic store is visible to the thread that reads the stored value, so neither the
 * numbers nor the results need locks. Each side writes one counter and reads the other, and the next task is
 * posted only when the last one is done, so a task can neither be lost nor handled twice.
 * Waking a sleeping thread costs over 0.1 ms, longer than most gaps between tasks, so a waiter spins for up
 * to 1 ms before it sleeps.
 */
import { availableParallelism } from 'node:os';

/** The memory of several channels; it is sent to every thread once. */
export interface ChannelMemory {
  readonly counters: SharedArrayBuffer;
  readonly cells: SharedArrayBuffer;
  /** Milliseconds to spin before sleeping. */
  readonly spinMs: number;
}

/** The most numbers that a task may have. */
const CELLS = 32;
/**
 * Indices of the two counters, 64 bytes apart: a cache line each, since each is written by another thread.
 */
const POSTED = 0;
const DONE = 16;
const COUNTER_WORDS = 32;
/** Posted in place of a task's number, it ends the thread's loop. */
const STOP = -1;
/** Task numbers wrap around before they leave int32's range. */
const LARGEST_NUMBER = 0x3fffffff;
const SPIN_MS = 1;
/** Loads of a counter between two readings of the clock, which costs far more than a load. */
const LOADS_PER_CLOCK = 100;

/**
 * Allocates the memory of `count` channels.
 * @param busy threads that compute at the same time: when there are more of them than cores, nobody spins,
 * because a spinning thread would keep a working one from its core
 */
export function createChannels(count: number, busy: number): ChannelMemory {
  return {
    counters: new SharedArrayBuffer(4 * COUNTER_WORDS * count),
    cells: new SharedArrayBuffer(8 * CELLS * count),
    spinMs: busy <= availableParallelism() ? SPIN_MS : 0,
  };
}

/**
 * Handles the tasks of channel `index` in this thread, one after the other, until the coordinator stops it.
 */
export function serveTasks(
  memory: ChannelMemory,
  index: number,
  handle: (cells: Float64Array) => void,
): void {
  const { counters, cells } = viewsOf(memory, index);
  // A thread that replaces one that died reads which task was last done; a task posted since then comes
  // first.
  let done = Atomics.load(counters, DONE);
  for (;;) {
    let posted = Atomics.load(counters, POSTED);
    while (posted === done) {
      // A late notification of a task that was already handled may wake the thread, so it looks at the
      // counter again.
      if (!spinUntilChanged(counters, POSTED, done, memory.spinMs)) Atomics.wait(counters, POSTED, done);
      posted = Atomics.load(counters, POSTED);
    }
    if (posted === STOP) return;
    handle(cells);
    done = posted;
    Atomics.store(counters, DONE, done);
    Atomics.notify(counters, DONE);
  }
}

/** The coordinator's end of a channel. */
export class TaskChannel {
  /** The numbers of the next task: write them, then call `post`. */
  readonly cells: Float64Array;
  readonly #counters: Int32Array;
  readonly #spinMs: number;
  #posted = 0;
  #previous = 0;

  constructor(memory: ChannelMemory, index: number) {
    const { counters, cells } = viewsOf(memory, index);
    this.cells = cells;
    this.#counters = counters;
    this.#spinMs = memory.spinMs;
  }

  /** Posts the task whose numbers stand in `cells`; the task before must be done. */
  post(): void {
    this.#previous = this.#posted;
    this.#posted = (this.#posted % LARGEST_NUMBER) + 1;
    this.#store(this.#posted);
  }

  /** Ends the thread's `serveTasks`. */
  stop(): void {
    this.#store(STOP);
  }

  /** Spins for a moment; returns whether the task is done. */
  spinUntilDone(): boolean {
    return spinUntilChanged(this.#counters, DONE, this.#previous, this.#spinMs);
  }

  /** Resolves when the task is done, and never when its thread has died. */
  async done(): Promise<void> {
    while (Atomics.load(this.#counters, DONE) === this.#previous) {
      await Atomics.waitAsync(this.#counters, DONE, this.#previous).value;
    }
  }

  #store(posted: number): void {
    Atomics.store(this.#counters, POSTED, posted);
    Atomics.notify(this.#counters, POSTED);
  }
}

function viewsOf({ counters, cells }: ChannelMemory, index: number) {
  return {
    counters: new Int32Array(counters, 4 * COUNTER_WORDS * index, COUNTER_WORDS),
    cells: new Float64Array(cells, 8 * CELLS * index, CELLS),
  };
}

/** Spins while a counter holds `value`, for at most `spinMs`; returns whether it has changed. */
function spinUntilChanged(counters: Int32Array, counter: number, value: number, spinMs: number): boolean {
  const end = performance.now() + spinMs;
  do {
    for (let i = 0; i < LOADS_PER_CLOCK; i++) if (Atomics.load(counters, counter) !== value) return true;
  } while (performance.now() < end);
  return false;
}
