import { createRequire } from 'node:module';
import type { Piscina } from 'piscina';
import type { Executor } from './executor.js';
import { createLanes, Lane } from './lane.js';

export interface CrewOptions<Task> {
  /** the compiled worker module: its default export takes the number of a lane and serves it (lane.ts) */
  readonly filename: string;
  /** tasks that may run at the same time, at least 1 */
  readonly workers: number;
  /** sent to each thread once, with the lanes, when it starts */
  readonly workerData: object;
  /** writes a task as a few numbers */
  readonly encode: (task: Task, cells: Float64Array) => void;
  /** what a thread does with a task, for the one that the coordinator takes */
  readonly handle: (task: Task) => void;
  /** told when a task failed and is about to run again */
  readonly onRetry?: (error: Error, attempt: number) => void;
}

/** Loaded when threads are first wanted, and at once: `--workers auto` tries without them before it tries with them. */
const piscina = (): typeof import('piscina') => createRequire(import.meta.url)('piscina');

/** A task that fails this often is a bug in the task, not an accident of its worker. */
const ATTEMPTS = 3;

/**
 * Worker threads of piscina that stay at work, each on a lane of its own. The coordinator is one of the workers: rather than
 * sleep on a core, it computes a task itself; only a single worker is a thread alone. A task must be a pure function of shared
 * memory and its numbers: when its thread dies or throws, it is computed again, with the same bits.
 */
export function crew<Task>(options: CrewOptions<Task>): Executor<Task> {
  const { filename, workers, workerData, encode, handle, onRetry } = options;
  const threads = Math.max(1, workers - 1);
  const lanes = createLanes(threads, threads + 1);
  const pool: Piscina = new (piscina().Piscina)({
    filename,
    workerData: { ...workerData, lanes },
    minThreads: threads,
    maxThreads: threads, // all threads live as long as the crew
    concurrentTasksPerWorker: 1,
    recordTiming: false,
    // not process.execArgv, in which Worker takes no flags of V8. piscina would require() the module; Node 20 aborts the
    // process when a thread is terminated while it does
    execArgv: ['--no-experimental-require-module'],
  });
  /** A thread that cannot even start takes no task that could fail: the pool itself says so. */
  const broken = new Promise<never>((_, reject) => pool.on('error', reject));
  broken.catch(() => {}); // heard by whoever runs tasks; silent when nobody does any more

  const staffed = Array.from({ length: threads }, (_, index) => {
    const serving = pool.run(index);
    serving.catch(() => {}); // heard by whoever waits for the lane
    return { index, lane: new Lane(lanes, index), serving };
  });

  /** Waits for the lane's task; a thread that died or threw on the way is followed by another. */
  async function done(member: (typeof staffed)[number]): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        await Promise.race([member.lane.done(), member.serving, broken]);
        return;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        onRetry?.(error as Error, attempt);
        member.serving = pool.run(member.index);
        member.serving.catch(() => {});
      }
      if (member.lane.look()) return;
    }
  }

  return {
    async run(tasks) {
      const posted = Math.min(threads, tasks.length);
      for (let i = 0; i < posted; i++) {
        const { lane } = staffed[i];
        encode(tasks[i], lane.cells);
        lane.post();
      }
      const failures: unknown[] = [];
      try {
        for (let own = threads; own < tasks.length; own++) handle(tasks[own]);
      } catch (error) {
        failures.push(error);
      }
      // one after the other to the end, whatever fails: no thread may still write when we return
      for (let i = 0; i < posted; i++) {
        if (!staffed[i].lane.look()) await done(staffed[i]).catch((error) => failures.push(error));
      }
      if (failures.length > 0) throw failures[0];
    },
    async close() {
      for (const { lane } of staffed) lane.leave();
      await pool.destroy();
    },
  };
}
