/**
 * Runs tasks, in threads or in the calling thread. Both give the same results, so tests and debugging use the
 * in-process executor, as `--workers 0` does.
 */
export interface Executor<Task> {
  /**
   * Runs the tasks concurrently and resolves when all are done; they leave their results in shared memory.
   */
  run(tasks: readonly Task[]): Promise<void>;
  close(): Promise<void>;
}

/** Creates an executor that handles one task after the other in the calling thread. */
export function inProcess<Task>(handle: (task: Task) => void): Executor<Task> {
  return {
    run: async (tasks) => {
      for (const task of tasks) handle(task);
    },
    close: async () => {},
  };
}
