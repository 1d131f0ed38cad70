/** The place of the calling thread, in an executor; those of other threads count from 0. */
export const HERE = -1;

/**
 * Runs tasks, in threads or in the calling thread. Both give the same results, so tests and debugging use the
 * in-process executor, as `--workers 0` does.
 */
export interface Executor<Task> {
  /**
   * Runs the tasks concurrently and resolves when all are done; they leave their results in shared memory.
   * Returns the place that computed each of them.
   * @param places where each task is computed, each place named once; by default wherever it is soonest
   */
  run(tasks: readonly Task[], places?: readonly number[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** Creates an executor that handles one task after the other in the calling thread. */
export function inProcess<Task>(handle: (task: Task) => void): Executor<Task> {
  return {
    run: async (tasks) => {
      for (const task of tasks) handle(task);
      return tasks.map(() => HERE);
    },
    close: async () => {},
  };
}
