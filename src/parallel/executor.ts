/** Threads sit behind this interface; `--workers 0`, tests and debugging use the in-process twin. */
export interface Executor<Task> {
  /** Runs the tasks at the same time; what they compute, they leave in shared memory. */
  run(tasks: readonly Task[]): Promise<void>;
  close(): Promise<void>;
}

/** The twin: tasks run one after another in this thread. */
export function inProcess<Task>(handle: (task: Task) => void): Executor<Task> {
  return {
    run: async (tasks) => tasks.forEach(handle),
    close: async () => {},
  };
}
