/** Starts and ends threads, by piscina. */
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Piscina } from 'piscina';
import { endingThreads, guardThreads } from './gate.js';

/**
 * Loads piscina, synchronously, when threads are first wanted: `--workers auto` tries without them first,
 * and a short training never needs them.
 */
const loadPiscina = (): typeof import('piscina') => createRequire(import.meta.url)('piscina');

/** Threads that live as long as the pool of them. */
export type Threads = Piscina;

const NO_STRINGS = '--disallow-code-generation-from-strings';

/** Whether this process was started so that no text becomes code. */
const refusesStrings = (): boolean =>
  [...process.execArgv, process.env.NODE_OPTIONS ?? ''].some((text) => text.includes(NO_STRINGS));

/**
 * Starts `count` threads that live as long as the pool and run one task at a time.
 * @param filename the compiled worker module
 * @param workerData sent to each thread once, when it starts
 */
export function createThreads(filename: string, count: number, workerData: object = {}): Threads {
  guardThreads();
  const entry = refusesStrings() ? fileURLToPath(new URL('./workerentry.cjs', import.meta.url)) : filename;
  return new (loadPiscina().Piscina)({
    filename: entry,
    workerData: entry === filename ? workerData : { ...workerData, module: moduleUrl(filename) },
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

/** Ends all threads of a pool. */
export const destroyThreads = (threads: Threads): Promise<void> => endingThreads(() => threads.destroy());

const moduleUrl = (filename: string): string =>
  filename.startsWith('file:') ? filename : pathToFileURL(filename).href;

/** Marks the result of a task so that these buffers of it are handed over rather than copied. */
export function handedOver<Result extends object>(result: Result, buffers: ArrayBuffer[]): Result {
  const { move, transferableSymbol, valueSymbol } = loadPiscina();
  return move({ [transferableSymbol]: buffers, [valueSymbol]: result } as never) as Result;
}
