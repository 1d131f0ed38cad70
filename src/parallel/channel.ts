/**
 * A task channel carries tasks from the coordinator to one thread: a few numbers, a counter and a state in
 * shared memory.
 *   coordinator  writes the numbers, stores the state OPEN, then counts `posted` up and notifies
 *   thread       sees `posted` change, sets the state from OPEN to its own number, handles the numbers, then
 *                stores the state DONE and notifies
 *   coordinator  sees DONE, and may read the results and post again
 * Every write before an atomic store is visible to the thread that reads the stored value, so neither the
 * numbers nor the results need locks.
 *
 * A thread may be late: it sleeps, or another program has its core. Whoever has nothing left to do, another
 * thread or the coordinator, then takes the task over. The state is set from OPEN by one atomic
 * compare-and-exchange, so a task is begun by exactly one of them. The numbers are read after that and are
 * not written again before the task is done, so it does not matter how long ago the thread was woken. A task
 * that is kept for its own thread is in state KEPT in place of OPEN, and nobody else begins it.
 */
import { availableParallelism } from 'node:os';
import { threadId } from 'node:worker_threads';
import { systemClock } from '../clock.js';
import { Waiter } from './waiter.js';

/** The memory of several channels. */
export interface ChannelMemory {
  readonly counters: SharedArrayBuffer;
  readonly cells: SharedArrayBuffer;
  /** Channels, one for each thread. */
  readonly count: number;
  /** Whether tasks have to run at the same time; then each thread waits for its own and takes none over. */
  readonly together: boolean;
  /** Whether a waiter spins before it sleeps. */
  readonly spins: boolean;
}

/** What a worker module of a `ThreadPool` is given: the channels, and what the pool's owner adds. */
export interface PoolSetup<Setup> {
  readonly channels: ChannelMemory;
  readonly setup: Setup;
}

/** Computes the task whose numbers stand in `cells`; it may call `progress` on the way. */
export type ComputeCells = (cells: Float64Array, progress: () => void) => void;

/** The most numbers that a task may have. */
const CELLS = 32;
/**
 * Indices of a channel's counter and state, 64 bytes apart: a cache line each, since a thread that spins on
 * its counter shall not notice how its last task was taken. A thread sets `STARTED`, to 1, and its number as
 * `THREAD` when it begins to serve; it counts `PROGRESS` up in a line that nobody spins on. Who begins a task
 * leaves the state of doing so as `DOER`, and a thread the microseconds that it took as `TOOK`.
 */
const POSTED = 0;
const STATE = 16;
const STARTED = 17;
const PROGRESS = 32;
const THREAD = 33;
const DOER = 34;
const TOOK = 35;
const COUNTER_WORDS = 48;
/** The states of a task; thread i has begun it in state `BEGUN + i`. */
const KEPT = -1;
const DONE = 0;
const OPEN = 1;
const BEGUN_HERE = 2;
const BEGUN = 3;
/** Posted in place of a task's number, it ends the thread's loop. */
const STOP = -1;
/** Task numbers wrap around before they leave int32's range. */
const LARGEST_NUMBER = 0x3fffffff;
/**
 * Milliseconds that the coordinator sleeps for a task before it turns to its event loop, in which it notices
 * the death of a thread. It wakes from the event loop later than from such a sleep.
 */
const SLEEP_MS = 2;

/**
 * Allocates the memory of `count` channels.
 * @param busy threads that compute at the same time: when there are more of them than cores, nobody spins,
 * because a spinning thread would keep a working one from its core
 */
export function createChannels(count: number, busy: number, together = false): ChannelMemory {
  return {
    counters: new SharedArrayBuffer(4 * COUNTER_WORDS * count),
    cells: new SharedArrayBuffer(8 * CELLS * count),
    count,
    together,
    spins: busy <= availableParallelism(),
  };
}

/**
 * Returns what a worker module of a `ThreadPool` exports by default.
 * @param prepare returns what computes the tasks of a channel, and of others whose threads are late
 */
export const serving =
  <Setup>(prepare: (setup: Setup, channel: number) => ComputeCells) =>
  ({ channels, setup }: PoolSetup<Setup>) =>
  (index: number): void =>
    serveTasks(channels, index, prepare(setup, index));

/**
 * Handles the tasks of channel `index` in this thread, and those of other channels whose threads are late,
 * until the coordinator stops it.
 * @param handle calls `progress` on the way, to tell a long task from one that hangs
 */
function serveTasks(memory: ChannelMemory, index: number, handle: ComputeCells): void {
  const { counters: own } = viewsOf(memory, index);
  const channels = Array.from({ length: memory.together ? 1 : memory.count }, (_, i) =>
    viewsOf(memory, (index + i) % memory.count),
  );
  const waiter = new Waiter(memory.spins);
  const progress = () => void Atomics.add(own, PROGRESS, 1);
  Atomics.store(own, THREAD, threadId);
  Atomics.store(own, STARTED, 1);
  Atomics.notify(own, STARTED);
  for (;;) {
    // The counter is read before the states: a task that is posted after them changes it, and so cannot be
    // overlooked.
    const posted = Atomics.load(own, POSTED);
    if (posted === STOP) return;
    for (let i = 0; i < channels.length; i++) {
      if (begin(channels[i].counters, BEGUN + index, i === 0)) serveTask(channels[i], handle, progress);
    }
    // A late notification of a task that was already handled may wake the thread: it finds nothing to do.
    waiter.wait(own, POSTED, posted);
  }
}

/** Handles a task that this thread has begun. */
function serveTask({ counters, cells }: ChannelViews, handle: ComputeCells, progress: () => void): void {
  progress();
  const begun = systemClock();
  handle(cells, progress);
  Atomics.store(counters, TOOK, Math.round(1000 * (systemClock() - begun)));
  end(counters);
}

/**
 * Begins a task in the name of `who`, if it is open. A thread that replaces one that died finds a task that
 * was begun in its own name, and begins it again.
 * @param own whether it is a task of the thread's own channel
 */
function begin(counters: Int32Array, who: number, own = false): boolean {
  const state = Atomics.load(counters, STATE);
  if (state === who) return true;
  if (state !== OPEN && !(own && state === KEPT)) return false;
  if (Atomics.compareExchange(counters, STATE, state, who) !== state) return false;
  Atomics.store(counters, DOER, who);
  return true;
}

function end(counters: Int32Array): void {
  Atomics.store(counters, STATE, DONE);
  Atomics.notify(counters, STATE);
}

/** The coordinator's end of a channel. */
export class TaskChannel {
  /** The numbers of the next task: write them, then call `post`. */
  readonly cells: Float64Array;
  readonly #counters: Int32Array;
  readonly #index: number;
  readonly #waiter: Waiter;
  #posted = 0;

  constructor(memory: ChannelMemory, index: number) {
    const { counters, cells } = viewsOf(memory, index);
    this.cells = cells;
    this.#counters = counters;
    this.#index = index;
    this.#waiter = new Waiter(memory.spins);
  }

  /**
   * Posts the task whose numbers stand in `cells`; the task before must be done.
   * @param kept whether only the channel's own thread may begin it
   */
  post(kept = false): void {
    Atomics.store(this.#counters, STATE, kept ? KEPT : OPEN);
    this.#posted = (this.#posted % LARGEST_NUMBER) + 1;
    this.#wake(this.#posted);
  }

  /** Ends the thread's `serveTasks`. */
  stop(): void {
    this.#wake(STOP);
  }

  /** Handles the task in this thread by `handle`, if no thread has begun it. */
  takeOver(handle: () => void): void {
    if (!begin(this.#counters, BEGUN_HERE)) return;
    try {
      handle();
    } finally {
      end(this.#counters);
    }
  }

  /** Gives the task up, so that the thread that replaces a failed one does not begin it again. */
  giveUp(): void {
    Atomics.store(this.#counters, STATE, DONE);
  }

  /** The number of the thread that has begun the task or, while nobody has, of the channel's own. */
  get holder(): number {
    const state = Atomics.load(this.#counters, STATE);
    return state >= BEGUN ? state - BEGUN : this.#index;
  }

  /** The number of the thread that has begun the last task; null where this thread has. */
  get doer(): number | null {
    const doer = Atomics.load(this.#counters, DOER);
    return doer >= BEGUN ? doer - BEGUN : null;
  }

  /** Milliseconds that the thread which has done the last task took for it. */
  get took(): number {
    return Atomics.load(this.#counters, TOOK) / 1000;
  }

  /** Spins and then sleeps for a moment; returns whether the task is done. */
  waitBriefly(): boolean {
    const state = Atomics.load(this.#counters, STATE);
    return state === DONE || (this.#waiter.wait(this.#counters, STATE, state, SLEEP_MS) && this.#isDone);
  }

  /** Resolves when the task is done, and never when its thread has died. */
  async done(): Promise<void> {
    for (let state = DONE; ; ) {
      state = Atomics.load(this.#counters, STATE);
      if (state === DONE) return;
      await Atomics.waitAsync(this.#counters, STATE, state).value;
    }
  }

  /** Resolves when the thread has started, and never when it cannot. */
  async started(): Promise<void> {
    while (Atomics.load(this.#counters, STARTED) === 0) {
      await Atomics.waitAsync(this.#counters, STARTED, 0).value;
    }
  }

  /** The number of the thread that serves the channel, as Node counts threads; 0 before it has started. */
  get thread(): number {
    return Atomics.load(this.#counters, THREAD);
  }

  /** Says that another thread is going to serve the channel. */
  forgetThread(): void {
    Atomics.store(this.#counters, THREAD, 0);
  }

  /** Counts up while the thread that serves the channel gets on with its tasks. */
  get progress(): number {
    return Atomics.load(this.#counters, PROGRESS);
  }

  get #isDone(): boolean {
    return Atomics.load(this.#counters, STATE) === DONE;
  }

  #wake(posted: number): void {
    Atomics.store(this.#counters, POSTED, posted);
    Atomics.notify(this.#counters, POSTED);
  }
}

/** A channel's part of the memory of all channels. */
interface ChannelViews {
  readonly counters: Int32Array;
  readonly cells: Float64Array;
}

function viewsOf({ counters, cells }: ChannelMemory, index: number): ChannelViews {
  return {
    counters: new Int32Array(counters, 4 * COUNTER_WORDS * index, COUNTER_WORDS),
    cells: new Float64Array(cells, 8 * CELLS * index, CELLS),
  };
}
