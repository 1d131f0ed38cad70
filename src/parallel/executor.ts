/** Threads sit behind this interface; `--workers 0`, tests and debugging use the in-process twin. */
export interface Executor<Task, Result> {
  /** threads beside the coordinator; 0 for the twin */
  readonly workers: number;
  /** Runs the tasks at the same time, one a worker; the results are in the tasks' order. */
  run(tasks: readonly Task[]): Promise<Result[]>;
  close(): Promise<void>;
}

/** The twin: tasks run one after another in this thread. */
export function inProcess<Task, Result>(handle: (task: Task) => Result): Executor<Task, Result> {
  return {
    workers: 0,
    run: async (tasks) => tasks.map(handle),
    close: async () => {},
  };
}
