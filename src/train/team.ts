/**
 * Who computes: the in-process twin, or a pool of threads. The result does not depend on it, so `auto` may try both
 * during the first steps and keep the faster.
 */
import { availableParallelism } from 'node:os';
import { crew } from '../parallel/crew.js';
import { type Executor, inProcess } from '../parallel/executor.js';
import { encodeTask, type TrainingTask, type WorkerSetup } from './tasks.js';

/** The numbers of workers to choose from: the one asked for, or 0, 2, 4, … and every core. */
export function workerCandidates(workers: number | 'auto', mostTasks: number): number[] {
  if (workers !== 'auto') return [workers];
  const cores = Math.min(availableParallelism(), mostTasks);
  const candidates = [0];
  for (let count = 2; count < cores; count *= 2) candidates.push(count);
  return cores >= 2 ? [...candidates, cores] : candidates;
}

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

/** Steps that a candidate runs before it counts: threads start, code gets compiled. */
const WARM_UP = 3;
const MEASURED = 5;
/** Seconds that threads take to start: a training that ends sooner has no use for them. */
const POOL_START = 0.3;

export interface Decision {
  readonly workers: number;
  readonly why: string;
}

/**
 * Tries the candidates and decides by the median time of a step: in-process first, then, where what is left to do is worth
 * threads, the others in turn, step by step.
 */
export class WorkerSearch {
  readonly #seconds = new Map<number, number[]>();
  #turn = 0;

  /** @param steps of the whole training */
  constructor(
    private readonly candidates: readonly number[],
    private readonly steps: number,
  ) {
    for (const workers of candidates) this.#seconds.set(workers, []);
  }

  /** The number of workers for the next step. */
  get current(): number {
    const [twin, ...others] = this.candidates;
    const turn = this.#turn - (WARM_UP + MEASURED);
    return turn < 0 ? twin : others[turn % others.length];
  }

  /** Takes the time of the step just made; returns the decision once there is one. */
  record(seconds: number): Decision | null {
    this.#seconds.get(this.current)?.push(seconds);
    this.#turn++;
    if (this.#turn === WARM_UP + MEASURED) {
      const step = median(this.#seconds.get(this.candidates[0])!);
      if (step * (this.steps - this.#turn) < POOL_START) {
        return { workers: this.candidates[0], why: 'done before threads would have started' };
      }
    }
    if (this.#turn < this.candidates.length * (WARM_UP + MEASURED)) return null;
    const medians = this.candidates.map((workers) => ({
      workers,
      median: median(this.#seconds.get(workers)!),
    }));
    const best = medians.reduce((a, b) => (b.median < a.median ? b : a));
    return { workers: best.workers, why: medians.map(describe).join(', ') };
  }
}

function describe({ workers, median: seconds }: { workers: number; median: number }): string {
  const who = workers === 0 ? 'in-process' : `${workers} workers`;
  return `${who} ${(seconds * 1000).toFixed(seconds < 0.01 ? 2 : 0)} ms a step`;
}

function median(times: readonly number[]): number {
  const sorted = times.slice(WARM_UP).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
