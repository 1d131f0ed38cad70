import type { Piscina } from 'piscina';
import { type ChannelMemory, createChannels, TaskChannel } from './channel.js';
import type { Executor } from './executor.js';
import { createThreads } from './threads.js';

interface ThreadPoolOptions<Task> {
  /** The compiled worker module; its default export takes a channel's index and serves it (channel.ts). */
  readonly filename: string;
  /** Tasks that may run at the same time, at least 1. */
  readonly workers: number;
  /** Sent to each thread once, when it starts, together with the channels. */
  readonly workerData: object;
  /** Writes a task as a few numbers. */
  readonly encode: (task: Task, cells: Float64Array) => void;
  /** Computes a task in this thread: the coordinator takes one of them itself. */
  readonly handle: (task: Task) => void;
  /** Called when a task has failed and is about to run again. */
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** The part of a worker module's `workerData` that the pool adds. */
export interface PoolWorkerData {
  readonly channels: ChannelMemory;
}

interface PoolThread {
  readonly index: number;
  readonly channel: TaskChannel;
  /** Rejected when the thread dies or its task throws. */
  serving: Promise<void>;
}

/** A task that fails this often has a bug; it was no accident of its thread. */
const ATTEMPTS = 3;

/**
 * A pool of piscina threads that live as long as the pool, each serving a task channel of its own. The
 * coordinator computes one of the tasks itself instead of leaving its core idle, so `workers` tasks need
 * `workers − 1` threads; only a single worker is a thread beside an idle coordinator.
 *
 * A task must be a pure function of shared memory and its own numbers: when its thread dies or throws,
 * another thread computes it again, with the same bits.
 */
export class ThreadPool<Task> implements Executor<Task> {
  readonly #options: ThreadPoolOptions<Task>;
  readonly #pool: Piscina;
  readonly #threads: readonly PoolThread[];
  /** Rejected when a thread cannot even start: then there is no task that could fail instead. */
  readonly #broken: Promise<never>;

  constructor(options: ThreadPoolOptions<Task>) {
    const { filename, workers, workerData } = options;
    const count = Math.max(1, workers - 1);
    const channels = createChannels(count, count + 1);
    this.#options = options;
    const data = { ...workerData, channels } satisfies PoolWorkerData;
    this.#pool = createThreads(filename, count, data);
    this.#broken = new Promise((_, reject) => this.#pool.on('error', reject));
    silence(this.#broken);
    this.#threads = Array.from({ length: count }, (_, index) => {
      return { index, channel: new TaskChannel(channels, index), serving: this.#serve(index) };
    });
  }

  async run(tasks: readonly Task[]): Promise<void> {
    const { encode, handle } = this.#options;
    const posted = this.#threads.slice(0, tasks.length);
    for (const [i, { channel }] of posted.entries()) {
      encode(tasks[i], channel.cells);
      channel.post();
    }
    const failures: unknown[] = [];
    try {
      for (const task of tasks.slice(posted.length)) handle(task);
    } catch (error) {
      failures.push(error);
    }
    // All threads are waited for even when one has failed: none may still write to shared memory when this
    // returns.
    for (const thread of posted) {
      if (thread.channel.spinUntilDone()) continue;
      await this.#finish(thread).catch((error) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }

  async close(): Promise<void> {
    for (const { channel } of this.#threads) channel.stop();
    await this.#pool.destroy();
  }

  /** Starts a thread on a channel. */
  #serve(index: number): Promise<void> {
    const serving = this.#pool.run(index);
    silence(serving);
    return serving;
  }

  /**
   * Waits for the task of a thread; when the thread dies or throws, another one takes its channel and the
   * task.
   */
  async #finish(thread: PoolThread): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await Promise.race([thread.channel.done(), thread.serving, this.#broken]);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        this.#options.onRetry?.(error as Error, attempt);
        thread.serving = this.#serve(thread.index);
      }
      if (thread.channel.spinUntilDone()) return;
    }
  }
}

/** Keeps Node from ending the process over a rejection that nobody happens to be waiting for. */
function silence(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
