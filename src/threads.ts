/**
 * Starts threads, by piscina, lends them, and keeps those that come back for who needs some next: to start
 * one takes a tenth of a second, and koffi never frees the 45 to 50 kB that it takes for each.
 */
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { isMainThread, type Transferable, type Worker } from 'node:worker_threads';
import type { Piscina } from 'piscina';
import { endingThreads, guardThreads } from './gate.js';

/**
 * Loads piscina, synchronously, when threads are first wanted: `--workers auto` tries without them first,
 * and a short training never needs them.
 */
const loadPiscina = (): typeof import('piscina') => createRequire(import.meta.url)('piscina');

/** What a thread is to work with. */
export interface ThreadWork {
  /** The address of a worker module. */
  readonly module: string;
  readonly setup: unknown;
}

/** A task, with the work to prepare before it unless the thread has done that; null lets the thread rest. */
export type ThreadMessage = { readonly work: ThreadWork | null; readonly task: unknown } | null;

/** A thread, in a pool of its own, which starts another in its place when it dies. */
interface Thread {
  readonly pool: Piscina;
  /** The environment variables as they were when it was started: it has a copy of them. */
  readonly environment: string;
  /** The worker module that it has loaded last. */
  module: string;
  /** Called when no thread can be started in the place of one that has died. */
  onBroken: (error: Error) => void;
  /** Ends it when nobody has wanted it for a while. */
  timer?: NodeJS.Timeout;
}

/** Threads that nobody uses at the moment; the one that was used last is the last. */
const resting: Thread[] = [];
/**
 * Milliseconds after which a resting thread is ended. Threads are then started so seldom that what koffi
 * keeps of them is less than 0.1 MB a minute for every two of them.
 */
const REST_MS = 60_000;
/** Milliseconds that tasks may still take when their threads are handed back. */
const LAST_MS = 1000;

/** Threads that are lent to one user, who hands them back by `release` or has them ended by `destroy`. */
export class Threads {
  /** Rejected when a thread cannot even start: then there is no task that could fail instead. */
  readonly broken: Promise<never>;
  readonly #threads: readonly Thread[];
  readonly #work: ThreadWork;
  /** Threads that have done a task: the set-up is sent to each once, with its first task. */
  readonly #prepared = new Set<Thread>();
  readonly #free: Thread[];
  readonly #waiting: ((thread: Thread) => void)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #sound = true;

  constructor(threads: readonly Thread[], work: ThreadWork) {
    this.#threads = threads;
    this.#free = [...threads];
    this.#work = work;
    this.broken = new Promise((_, reject) => {
      const onBroken = (error: Error) => {
        this.#sound = false;
        reject(error);
      };
      for (const thread of threads) thread.onBroken = onBroken;
    });
    this.broken.catch(() => {}); // often nobody waits for it
  }

  /** Has the next free thread do a task. Rejects when the thread dies or the task throws. */
  async run<Result>(task: unknown, transferList: readonly Transferable[] = []): Promise<Result> {
    const thread = this.#free.shift() ?? (await new Promise<Thread>((lent) => this.#waiting.push(lent)));
    const work = this.#prepared.has(thread) ? null : this.#work;
    const running = thread.pool.run({ work, task } satisfies ThreadMessage, { transferList });
    this.#running.add(running);
    try {
      const result = await running;
      this.#prepared.add(thread);
      return result;
    } catch (error) {
      this.#prepared.delete(thread);
      this.#sound = false;
      throw error;
    } finally {
      this.#running.delete(running);
      const next = this.#waiting.shift();
      if (next) next(thread);
      else this.#free.push(thread);
    }
  }

  /** Returns the thread with this number, as Node counts threads. */
  withId(id: number): Worker | undefined {
    return this.#threads.flatMap(({ pool }) => pool.threads).find(({ threadId }) => threadId === id);
  }

  /**
   * Hands the threads back: they are kept if all tasks end well, within a moment; those that wait never
   * begin. Only the main thread keeps some: another one sleeps between its own tasks and would not end them.
   */
  async release(): Promise<void> {
    this.#waiting.length = 0;
    const ended = Promise.allSettled(this.#running).then(() => this.#sound);
    const canRest =
      isMainThread && this.#sound && (await Promise.race([ended, sleep(LAST_MS, false, { ref: false })]));
    if (canRest) this.#threads.forEach(rest);
    else await this.destroy();
  }

  /** Ends the threads, whatever they do. */
  async destroy(): Promise<void> {
    this.#waiting.length = 0;
    await endingThreads(() => Promise.all(this.#threads.map(({ pool }) => pool.destroy())));
  }
}

/**
 * Returns `count` threads that run one task at a time.
 * @param filename the compiled worker module; its default export takes the set-up and returns the function
 * that does a task
 * @param setup sent to each thread once
 */
export function createThreads(filename: string, count: number, setup: unknown = null): Threads {
  const module = addressOf(filename);
  const environment = environmentNow();
  const rested = restingIn(environment)
    .sort((one, other) => Number(one.module === module) - Number(other.module === module))
    .slice(-count);
  for (const thread of rested) {
    wake(thread);
    thread.module = module;
  }
  const started = Array.from({ length: count - rested.length }, () => start(module, environment));
  return new Threads([...rested, ...started], { module, setup });
}

/**
 * Starts threads ahead of need, so that they are ready when `createThreads` takes them: while data are read,
 * for example, which keeps this thread busy and leaves other cores idle.
 */
export function startThreads(filename: string, count: number): void {
  if (!isMainThread) return;
  const environment = environmentNow();
  const missing = count - restingIn(environment).length;
  for (let i = 0; i < missing; i++) keep(start(addressOf(filename), environment));
}

const restingIn = (environment: string): Thread[] =>
  resting.filter((thread) => thread.environment === environment);

const addressOf = (filename: string): string =>
  filename.startsWith('file:') ? filename : pathToFileURL(filename).href;

const environmentNow = (): string => JSON.stringify(process.env);

/** Starts a thread, which loads a module at once. */
function start(module: string, environment: string): Thread {
  guardThreads();
  // Each thread that is started from now on has the function `gc`, by which it rests.
  setFlagsFromString('--expose-gc');
  const pool = new (loadPiscina().Piscina)({
    filename: fileURLToPath(new URL('./workerentry.cjs', import.meta.url)),
    minThreads: 1,
    maxThreads: 1,
    recordTiming: false,
    workerData: module,
    // These flags replace process.execArgv, which may hold flags of V8 that Worker refuses.
    execArgv: [],
  });
  const thread: Thread = { pool, environment, module, onBroken: () => {} };
  pool.on('error', (error) => thread.onBroken(error));
  return thread;
}

/** Keeps a thread, which lets go of what it has worked with. */
function rest(thread: Thread): void {
  keep(thread);
  thread.pool.run(null satisfies ThreadMessage).catch(thread.onBroken);
}

/** Keeps a thread for a while, until somebody wants it. */
function keep(thread: Thread): void {
  resting.push(thread);
  const end = () => {
    if (wake(thread)) void endingThreads(() => thread.pool.destroy());
  };
  thread.onBroken = end;
  thread.timer = setTimeout(end, REST_MS).unref();
}

/** Takes a thread from those that rest; returns whether it was one of them. */
function wake(thread: Thread): boolean {
  const at = resting.indexOf(thread);
  if (at === -1) return false;
  resting.splice(at, 1);
  clearTimeout(thread.timer);
  return true;
}

/** Marks the result of a task so that these buffers of it are handed over rather than copied. */
export function handedOver<Result extends object>(result: Result, buffers: ArrayBuffer[]): Result {
  const { move, transferableSymbol, valueSymbol } = loadPiscina();
  return move({ [transferableSymbol]: buffers, [valueSymbol]: result } as never) as Result;
}
