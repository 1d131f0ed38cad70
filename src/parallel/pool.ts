import { createRequire } from 'node:module';
import type { Piscina } from 'piscina';
import type { Executor } from './executor.js';

export interface PoolOptions {
  /** the compiled worker module: its default export handles one task */
  readonly filename: string;
  readonly workers: number;
  /** sent to each worker once, when its thread starts */
  readonly workerData: unknown;
  /** told when a task failed and is about to run again elsewhere */
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** Loaded when threads are first wanted, and at once: `--workers auto` tries without them before it tries with them. */
const piscina = (): typeof import('piscina') => createRequire(import.meta.url)('piscina');

/** A task that fails this often is a bug in the task, not an accident of its worker. */
const ATTEMPTS = 3;

/**
 * Worker threads on piscina. A task must be a pure function of shared memory and its message: when its worker dies or
 * throws, it is computed again by another, with the same bits.
 */
export function threadPool<Task, Result>(options: PoolOptions): Executor<Task, Result> {
  const { filename, workers, workerData, onRetry } = options;
  const pool: Piscina = new (piscina().Piscina)({
    filename,
    workerData,
    minThreads: workers,
    maxThreads: workers, // all threads live as long as the pool: none is reaped and started again between steps
    concurrentTasksPerWorker: 1,
    atomics: 'sync', // a worker between tasks waits in Atomics.wait: 63 µs a step for two, instead of an event loop turn each
    recordTiming: false,
    // piscina would require() the module; Node 20 aborts the process when a thread is terminated while it does
    execArgv: [...process.execArgv, '--no-experimental-require-module'],
  });

  /** A thread that cannot even start takes no task that could fail: the pool itself says so. */
  const broken = new Promise<never>((_, reject) => pool.on('error', reject));
  broken.catch(() => {}); // heard by whoever runs tasks; silent when nobody does any more
  async function runWithRetries(task: Task): Promise<Result> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await pool.run(task);
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        onRetry?.(error as Error, attempt);
      }
    }
  }

  return {
    workers,
    async run(tasks) {
      const all = Promise.allSettled(tasks.map(runWithRetries)); // none may still write when we return
      const settled = await Promise.race([all, broken]);
      return settled.map((outcome) => {
        if (outcome.status === 'rejected') throw outcome.reason;
        return outcome.value;
      });
    },
    close: () => pool.destroy(),
  };
}
