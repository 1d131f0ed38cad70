import { createRequire } from 'node:module';
import type { Piscina } from 'piscina';

/**
 * Loads piscina, synchronously, when threads are first wanted: `--workers auto` tries without them first,
 * and a short training never needs them.
 */
const loadPiscina = (): typeof import('piscina') => createRequire(import.meta.url)('piscina');

/**
 * Starts `count` threads that live as long as the pool and run one task at a time.
 * @param filename the compiled worker module
 * @param workerData sent to each thread once, when it starts
 */
export function createThreads(filename: string, count: number, workerData: object = {}): Piscina {
  return new (loadPiscina().Piscina)({
    filename,
    workerData,
    minThreads: count,
    maxThreads: count,
    concurrentTasksPerWorker: 1,
    recordTiming: false,
    // These flags replace process.execArgv, which may hold flags of V8 that Worker refuses. With require()
    // of ES modules switched on, piscina would load the worker module by require(), and Node 20 aborts the
    // whole process when a thread is terminated while it does so.
    execArgv: ['--no-experimental-require-module'],
  });
}
