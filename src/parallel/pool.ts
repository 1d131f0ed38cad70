import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, systemClock } from '../clock.js';
import { endingThreads } from '../gate.js';
import { createThreads, type Threads } from '../threads.js';
import { createChannels, type PoolSetup, TaskChannel } from './channel.js';
import { type Executor, HERE } from './executor.js';
import { doersOf, isDone, isReady, type Parts, type PoolThread, shortestTask } from './poolthread.js';
import { Solo } from './solo.js';

interface ThreadPoolOptions<Task> {
  /** The compiled worker module; its default export is made by `serving` (channel.ts). */
  readonly filename: string;
  /** Tasks that may run at the same time, at least 1. */
  readonly workers: number;
  /** Sent to each thread once, together with the channels. */
  readonly setup: object;
  /** Writes a task as a few numbers. */
  readonly encode: (task: Task, cells: Float64Array) => void;
  /** Computes a task in this thread: the coordinator takes one of them itself. */
  readonly handle: (task: Task) => void;
  /** Whether the tasks have to run at the same time; otherwise a task whose thread is late is taken over. */
  readonly together?: boolean;
  /** Milliseconds without progress after which a thread counts as hung; it is ended and replaced. */
  readonly hungAfter?: number;
  readonly clock?: Clock;
  /** Called when a thread has died, or its task has thrown, and another one takes its place. */
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** A task that fails this often has a bug; it was no accident of its thread. */
const ATTEMPTS = 3;
/** How often progress is looked at in the time after which a thread counts as hung. */
const LOOKS = 4;
/** Milliseconds in which a hung thread must let itself be ended. */
const ENDING_MS = 10_000;

/** Returns how many threads so many workers need: the coordinator is one of several workers. */
export const threadsFor = (workers: number): number => Math.max(1, workers - 1);

/**
 * Threads that each serve a task channel of their own, as long as the pool is open. The
 * coordinator computes one of the tasks itself instead of leaving its core idle, so `workers` tasks need
 * `workers − 1` threads; only a single worker is a thread beside an idle coordinator.
 *
 * A task must be a pure function of shared memory and its own numbers: when its thread dies or throws,
 * another thread computes it again, with the same bits. So it is when the thread hangs; nothing is computed
 * again before that thread has ended, because it could still write.
 */
export class ThreadPool<Task> implements Executor<Task> {
  readonly #options: ThreadPoolOptions<Task>;
  readonly #pool: Threads;
  readonly #threads: readonly PoolThread[];
  /** How runs without places are parted, by their number of tasks: below 0 where no thread gets one. */
  readonly #parts = new Map<number, Parts>();
  readonly #clock: Clock;
  readonly #solo: Solo;
  #closed = false;

  constructor(options: ThreadPoolOptions<Task>) {
    const { filename, workers, setup, together } = options;
    const count = threadsFor(workers);
    const channels = createChannels(count, count + 1, together);
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#solo = new Solo(this.#clock);
    this.#pool = createThreads(filename, count, { channels, setup } satisfies PoolSetup<object>);
    this.#threads = Array.from({ length: count }, (_, index) => {
      const channel = new TaskChannel(channels, index);
      return { index, channel, serving: this.#serve(index), failure: null, started: false, hung: null };
    });
  }

  async run(tasks: readonly Task[], places?: readonly number[]): Promise<readonly number[]> {
    const parts = places ? this.#partedBy(places) : this.#parted(tasks.length);
    const { threads } = parts;
    const isFree = this.#takesOver && !places;
    const failures: unknown[] = [];
    if (!threads.every(isReady)) await this.#allReady(threads);
    const begun = this.#clock();
    this.#post(parts, tasks, places !== undefined);
    this.#computeOwn(parts, tasks, failures);
    const computed = this.#clock();
    if (isFree) this.#takeOver(parts, tasks, failures);
    if (!threads.every(isDone)) await this.#finish(threads, failures);
    if (failures.length > 0) throw failures[0];
    if (isFree && threads.length > 0) {
      const shortest = shortestTask(computed - begun, threads);
      this.#solo.record(this.#clock() - begun, tasks.length, shortest);
    }
    return places ?? doersOf(parts);
  }

  /**
   * The coordinator is one of several workers: it begins the last task itself, or all where threads would
   * delay it.
   */
  #parted(tasks: number): Parts {
    const solo = this.#takesOver && this.#solo.isOn();
    const key = solo ? -tasks : tasks;
    let parts = this.#parts.get(key);
    if (!parts) {
      const count = solo ? 0 : this.#options.workers === 1 ? 1 : tasks - 1;
      const indices = Array.from({ length: tasks }, (_, i) => i);
      const threads = this.#threads.slice(0, count);
      parts = { threads, posted: indices.slice(0, count), own: indices.slice(count) };
      this.#parts.set(key, parts);
    }
    return parts;
  }

  #partedBy(places: readonly number[]): Parts {
    const posted = [...places.keys()].filter((i) => places[i] !== HERE);
    const own = [...places.keys()].filter((i) => places[i] === HERE);
    return { threads: posted.map((i) => this.#threads[places[i]]), posted, own };
  }

  /** @param kept whether only these threads may begin the tasks */
  #post({ threads, posted }: Parts, tasks: readonly Task[], kept: boolean): void {
    for (let i = 0; i < threads.length; i++) {
      const { channel } = threads[i];
      this.#options.encode(tasks[posted[i]], channel.cells);
      channel.post(kept);
    }
  }

  #computeOwn({ own }: Parts, tasks: readonly Task[], failures: unknown[]): void {
    for (let i = 0; i < own.length; i++) this.#compute(tasks[own[i]], failures);
  }

  /** Computes a task in this thread. */
  #compute(task: Task, failures: unknown[]): void {
    try {
      this.#options.handle(task);
    } catch (error) {
      failures.push(error);
    }
  }

  /** Computes the tasks of threads in this thread, where the threads have not begun them. */
  #takeOver({ threads, posted }: Parts, tasks: readonly Task[], failures: unknown[]): void {
    for (let i = 0; i < threads.length; i++) {
      threads[i].channel.takeOver(() => this.#compute(tasks[posted[i]], failures));
    }
  }

  /** Whether the coordinator computes tasks whose threads are late. */
  get #takesOver(): boolean {
    return this.#options.workers > 1 && !this.#options.together;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const { channel } of this.#threads) channel.stop();
    // Those that are starting would be waited for.
    const haveStarted = this.#threads.every(({ channel }) => channel.thread !== 0);
    await (haveStarted ? this.#pool.release() : this.#pool.destroy());
  }

  /** Starts a thread on a channel. */
  #serve(index: number): Promise<void> {
    const serving = this.#pool.run<void>(index);
    serving.catch((error) => {
      const thread = this.#threads[index];
      if (!this.#closed && thread.serving === serving) thread.failure = error;
    });
    return serving;
  }

  /** Puts another thread in the place of one that has died or whose task has thrown. */
  #replace(thread: PoolThread, error: Error, attempt: number): void {
    this.#options.onRetry?.(error, attempt);
    thread.failure = null;
    thread.hung = null;
    thread.channel.forgetThread();
    thread.serving = this.#serve(thread.index);
  }

  async #allReady(threads: readonly PoolThread[]): Promise<void> {
    for (const thread of threads) if (!isReady(thread)) await this.#ready(thread);
  }

  /**
   * Waits until a thread has started. Without that, the coordinator would take all tasks over until its event
   * loop turns, in which threads start. A thread that has died since the last task is replaced, which nobody
   * waits for.
   */
  async #ready(thread: PoolThread): Promise<void> {
    if (thread.failure) this.#replace(thread, thread.failure, 1);
    await this.#outcome(
      () => thread.channel.started(),
      () => thread,
    );
    thread.started = true;
  }

  /**
   * Waits for the tasks that threads have begun, even when one has failed: none may still write to shared
   * memory afterwards. A task that fails for good is given up.
   */
  async #finish(threads: readonly PoolThread[], failures: unknown[]): Promise<void> {
    for (const { channel } of threads) {
      if (channel.waitBriefly()) continue;
      try {
        await this.#outcome(
          () => channel.done(),
          () => this.#threads[channel.holder],
        );
      } catch (error) {
        failures.push(error);
        channel.giveUp();
      }
    }
  }

  /**
   * Waits for what a thread is to do. When the thread dies or throws, another one takes its place and begins
   * again.
   */
  async #outcome(done: () => Promise<void>, doer: () => PoolThread): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const thread = doer();
      const watch = new AbortController();
      try {
        return await Promise.race([
          done(),
          thread.serving,
          this.#pool.broken,
          this.#hung(thread, watch.signal),
        ]);
      } catch (error) {
        // While a thread may still write, nothing can be computed again.
        if (error instanceof StuckError) throw error;
        const cause = thread.hung ?? (error as Error);
        if (attempt === ATTEMPTS) throw cause;
        this.#replace(thread, cause, attempt);
      } finally {
        watch.abort();
      }
    }
  }

  /** Rejects when a thread that has started makes no progress for too long and has been ended. */
  async #hung(thread: PoolThread, signal: AbortSignal): Promise<never> {
    const { channel } = thread;
    const { hungAfter } = this.#options;
    if (hungAfter === undefined) return never();
    let seen = Number.NaN;
    for (let looks = 0; looks < LOOKS; looks++) {
      await sleep(hungAfter / LOOKS, undefined, { ref: false, signal }).catch(() => {});
      if (signal.aborted) return never();
      if (channel.progress !== seen || channel.thread === 0) looks = -1;
      seen = channel.progress;
    }
    thread.hung = new Error(`a worker made no progress for ${hungAfter / 1000} s and was ended`);
    const worker = this.#pool.withId(channel.thread);
    const ended = worker ? endingThreads(() => worker.terminate()).then(() => true) : true;
    if (!(await Promise.race([ended, sleep(ENDING_MS, false, { ref: false })]))) {
      throw new StuckError('a worker hangs and cannot be ended: stop gradpool, and resume the run');
    }
    throw thread.hung;
  }
}

/** Thrown when a thread that hangs does not let itself be ended. */
class StuckError extends Error {}

const never = (): Promise<never> => new Promise(() => {});
