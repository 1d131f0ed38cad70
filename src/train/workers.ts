/** Runs a training's tasks in the coordinator's thread or in a pool of threads; the results are the same. */
import { type Executor, inProcess } from '../parallel/executor.js';
import { ThreadPool } from '../parallel/pool.js';
import { encodeTask, type TrainingTask, type WorkerSetup } from './tasks.js';

interface WorkersOptions {
  readonly setup: WorkerSetup;
  /** Computes a task in this thread. */
  readonly handle: (task: TrainingTask) => void;
  /** The most workers that will be asked for. */
  readonly most: number;
  /** The compiled worker module. */
  readonly workerFile: string;
  /** Whether each thread does its own tasks, and takes none over. */
  readonly together?: boolean;
  readonly onRetry: (message: string) => void;
  /** Milliseconds without progress after which a thread counts as hung. */
  readonly hungAfter: number;
}

export class Workers {
  readonly #options: WorkersOptions;
  readonly #inProcess: Executor<TrainingTask>;
  #pool: Executor<TrainingTask> | null = null;

  constructor(options: WorkersOptions) {
    this.#options = options;
    this.#inProcess = inProcess(options.handle);
  }

  /**
   * Returns the executor for this many workers. All counts above 0 share one pool, whose threads start when
   * it is first asked for.
   */
  executor(workers: number): Executor<TrainingTask> {
    if (workers === 0) return this.#inProcess;
    const { setup, handle, most, workerFile, together = false, onRetry, hungAfter } = this.#options;
    this.#pool ??= new ThreadPool({
      filename: workerFile,
      together,
      workers: most,
      setup,
      encode: encodeTask,
      handle,
      hungAfter,
      onRetry: (error) => onRetry(error.message),
    });
    return this.#pool;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    this.#pool = null;
  }
}
