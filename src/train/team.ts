/** Who computes: the in-process twin, or a pool of threads. The result does not depend on it. */
import { crew } from '../parallel/crew.js';
import { type Executor, inProcess } from '../parallel/executor.js';
import { encodeTask, type TrainingTask, type WorkerSetup } from './tasks.js';

export class Team {
  readonly #twin: Executor<TrainingTask>;
  #crew: Executor<TrainingTask> | null = null;

  /**
   * @param handle a task in this thread
   * @param most workers that an executor is asked for; their threads start with the first task for one
   * @param workerFile the compiled worker
   */
  constructor(
    private readonly setup: WorkerSetup,
    private readonly handle: (task: TrainingTask) => void,
    private readonly most: number,
    private readonly workerFile: string,
    private readonly onRetry: (message: string) => void,
  ) {
    this.#twin = inProcess(handle);
  }

  /** The executor for this many workers; all counts above 0 share one crew. */
  executor(workers: number): Executor<TrainingTask> {
    if (workers === 0) return this.#twin;
    this.#crew ??= crew({
      filename: this.workerFile,
      workers: this.most,
      workerData: { setup: this.setup },
      encode: encodeTask,
      handle: this.handle,
      onRetry: (error) => this.onRetry(error.message),
    });
    return this.#crew;
  }

  async close(): Promise<void> {
    await this.#crew?.close();
    this.#crew = null;
  }
}
