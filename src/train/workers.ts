/** Runs a training's tasks in the coordinator's thread or in a pool of threads; the results are the same. */
import { type Executor, inProcess } from '../parallel/executor.js';
import { ThreadPool } from '../parallel/pool.js';
import type { TrainingMemory } from './memory.js';
import type { Profile } from './profile.js';
import { encodeTask, type RunTasks, type TrainingTask, type WorkerSetup } from './tasks.js';

interface WorkersOptions {
  readonly setup: WorkerSetup;
  readonly memory: TrainingMemory;
  /** Takes the times of the tasks. */
  readonly profile?: Profile | null;
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

  /** Runs tasks by the executor for so many workers. */
  readonly run: RunTasks = (tasks, workers, places) => {
    if (tasks.length === 0) return NO_PLACES;
    const running = this.executor(workers).run(tasks, places);
    return this.#options.profile ? this.#timed(running, tasks, workers, places !== undefined) : running;
  };

  async #timed(
    running: Promise<readonly number[]>,
    tasks: readonly TrainingTask[],
    workers: number,
    isAudit: boolean,
  ): Promise<readonly number[]> {
    const places = await running;
    const { memory, profile } = this.#options;
    const times = tasks.map(({ workspace }) => memory.workspaces[workspace].times);
    profile!.tasks(isAudit ? 'audit' : tasks[0].kind, times, workers);
    return places;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    this.#pool = null;
  }
}

const NO_PLACES: Promise<readonly number[]> = Promise.resolve([]);
