/**
 * Runs independent jobs in threads, several at a time. A job takes seconds or hours and reports what happens
 * on a port of its own; a task of `ThreadPool` takes microseconds and leaves its result in shared memory.
 *   coordinator  sends job and port to a thread
 *   thread       posts reports, then `done` or what it threw as the last message
 *   coordinator  may post on the same port, which asks the job to stop
 */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { revivedError, type ThrownError, thrownError } from '../errors.js';
import { createThreads } from '../threads.js';

/** The task of a worker module, which hands it to `serveJob`. */
export interface PostedJob<Job> {
  readonly job: Job;
  readonly port: MessagePort;
}

type Message<Report> = { readonly report: Report } | Ending;
type Ending = { readonly done: true } | { readonly thrown: ThrownError };

interface JobOptions<Job, Report> {
  /** The compiled worker module. */
  readonly filename: string;
  /** Jobs that run at the same time; 0 runs one after the other in this thread. */
  readonly threads: number;
  /** Does a job in this thread. */
  readonly here: (job: Job, signal: AbortSignal) => AsyncIterable<Report>;
  /** Asks all jobs to stop; those that have not begun never begin. */
  readonly signal: AbortSignal;
  /** Makes the report that a thread has died and its job begins again. */
  readonly retried: (error: Error) => Report;
}

/** A job whose thread dies this often has a bug; it was no accident. */
const ATTEMPTS = 3;

/** The reports of jobs, each with the index of its job. */
type Reports<Report> = AsyncGenerator<{ readonly index: number; readonly report: Report }>;

/**
 * Runs jobs and yields their reports as they arrive. When a job throws, the others are asked to stop, and
 * what it threw is thrown once they have. A job whose thread dies is begun again from its start.
 */
export async function* runJobs<Job, Report>(
  jobs: readonly Job[],
  options: JobOptions<Job, Report>,
): Reports<Report> {
  if (jobs.length === 0) return;
  if (options.threads > 0) {
    yield* runInThreads(jobs, options);
    return;
  }
  const { signal, here } = options;
  for (const [index, job] of jobs.entries()) {
    if (signal.aborted) return;
    for await (const report of here(job, signal)) yield { index, report };
  }
}

async function* runInThreads<Job, Report>(
  jobs: readonly Job[],
  { filename, threads, signal, retried }: JobOptions<Job, Report>,
): Reports<Report> {
  const pool = createThreads(filename, threads);
  const ports = new Set<MessagePort>();
  const arrived: { index: number; report: Report }[] = [];
  const failures: unknown[] = [];
  let stopped = signal.aborted;
  let closed = false;
  let running = jobs.length;
  let wake = () => {};

  const stop = () => {
    stopped = true;
    for (const port of ports) port.postMessage('stop');
  };
  /** Runs a job in a thread once. Rejects when the thread dies. */
  const attempt = async (index: number): Promise<Ending> => {
    const { port1, port2 } = new MessageChannel();
    ports.add(port1);
    if (stopped) port1.postMessage('stop');
    const ending = new Promise<Ending>((resolve) => {
      port1.on('message', (message: Message<Report>) => {
        if (!('report' in message)) return resolve(message);
        arrived.push({ index, report: message.report });
        wake();
      });
    });
    const served = pool.run({ job: jobs[index], port: port2 } satisfies PostedJob<Job>, [port2]);
    try {
      // The last message may arrive after the thread has ended the task, since it comes by another port.
      return await Promise.race([ending, served.then(() => ending), pool.broken]);
    } finally {
      ports.delete(port1);
      port1.close();
    }
  };
  const run = async (index: number): Promise<void> => {
    for (let number = 1; ; number++) {
      const ending = await attempt(index).catch((error: Error) => {
        if (closed || number === ATTEMPTS) throw error;
        arrived.push({ index, report: retried(error) });
        return null;
      });
      if (ending === null) continue;
      if ('thrown' in ending) throw revivedError(ending.thrown);
      return;
    }
  };

  signal.addEventListener('abort', stop);
  for (const index of jobs.keys()) {
    const ended = () => {
      running--;
      wake();
    };
    run(index).then(ended, (error) => {
      failures.push(error);
      stop();
      ended();
    });
  }
  try {
    while (running > 0 || arrived.length > 0) {
      yield* arrived.splice(0);
      if (running === 0 || arrived.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    closed = true;
    signal.removeEventListener('abort', stop);
    await (running === 0 ? pool.release() : pool.destroy());
  }
  if (failures.length > 0) throw failures[0];
}

/** Does a job in a thread: posts what `work` yields, and at last how it ended. */
export async function serveJob<Job, Report>(
  { job, port }: PostedJob<Job>,
  work: (job: Job, signal: AbortSignal) => AsyncIterable<Report>,
): Promise<void> {
  const post = (message: Message<Report>) => port.postMessage(message);
  const abort = new AbortController();
  try {
    if (receiveMessageOnPort(port) !== undefined) return post({ done: true });
    port.on('message', () => abort.abort());
    for await (const report of work(job, abort.signal)) post({ report });
    post({ done: true });
  } catch (error) {
    post({ thrown: thrownError(error) });
  } finally {
    port.close();
  }
}
