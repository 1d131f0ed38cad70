/**
 * Threads that do one task after the other while data is read. They are plain threads of Node, since they
 * live only as long as one source is read.
 */
import { parentPort, Worker } from 'node:worker_threads';
import { revivedError, type ThrownError, thrownError } from '../errors.js';

/** What a thread answers. */
type Answer<Result> = { readonly result: Result } | { readonly error: ThrownError };

interface Waiting<Task, Result> {
  readonly task: Task;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

export class TaskThreads<Task, Result> {
  readonly #workers: Worker[];
  readonly #idle: Worker[];
  readonly #queue: Waiting<Task, Result>[] = [];
  readonly #busy = new Map<Worker, Waiting<Task, Result>>();

  /** @param file the compiled worker module, which calls `answerTasks` */
  constructor(file: string, count: number, workerData: unknown = null) {
    // Flags of V8 in process.execArgv are not for threads.
    this.#workers = Array.from({ length: count }, () => new Worker(file, { workerData, execArgv: [] }));
    this.#idle = [...this.#workers];
    for (const worker of this.#workers) {
      worker.on('message', (answer: Answer<Result>) => {
        const done = this.#busy.get(worker);
        this.#busy.delete(worker);
        if ('error' in answer) done?.reject(revivedError(answer.error));
        else done?.resolve(answer.result);
        this.#idle.push(worker);
        this.#next();
      });
      worker.on('error', (error: Error) => this.#busy.get(worker)?.reject(error));
    }
  }

  /** Does a task in the next free thread. @throws what the task has thrown */
  run(task: Task): Promise<Result> {
    const done = new Promise<Result>((resolve, reject) => this.#queue.push({ task, resolve, reject }));
    done.catch(() => {}); // whoever has asked may have gone when it fails
    this.#next();
    return done;
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      const worker = this.#idle.pop()!;
      const waiting = this.#queue.shift()!;
      this.#busy.set(worker, waiting);
      worker.postMessage(waiting.task);
    }
  }
}

/**
 * Does tasks in the thread that calls it, for as long as it lives.
 * @param buffersOf names the buffers of a result that are handed over rather than copied
 */
export function answerTasks<Task, Result>(
  work: (task: Task) => Result,
  buffersOf: (result: Result) => ArrayBuffer[] = () => [],
): void {
  const answer = (task: Task): [Answer<Result>, ArrayBuffer[]] => {
    try {
      const result = work(task);
      return [{ result }, buffersOf(result)];
    } catch (error) {
      return [{ error: thrownError(error) }, []];
    }
  };
  parentPort!.on('message', (task: Task) => parentPort!.postMessage(...answer(task)));
}
