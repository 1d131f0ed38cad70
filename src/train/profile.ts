/** Collects where a run's time goes, in the coordinator and meanwhile in the workers. */
import { phaseMilliseconds, readLaps, sharedClock, TASK_PHASES, type TaskPhase } from '../forward/timer.js';

/** The parts of the coordinator's time that add up to the steps. */
export interface StepSeconds {
  /** Gathering rows, as a mean over the workers, and shuffling epochs. */
  data: number;
  /** Waiting for rows that are streamed from disk; only where they are. */
  reading?: number;
  /** The forward pass and the divergence, as a mean over the workers. */
  forward: number;
  /** The backward pass and a worker's own additions of shards, as a mean over the workers. */
  backward: number;
  /** The rest of the time while workers are at their tasks: messages, and waiting for the slowest worker. */
  wait: number;
  /** The additions of shards that are left to the coordinator. */
  sum: number;
  /**
   * The check for finite gradients, the update rule and averages; where workers share the update, all their
   * sums too.
   */
  update: number;
}

/** All that a run spends its time on. */
export interface RunSeconds extends StepSeconds {
  /** Validation and test metrics. */
  evaluation: number;
  /** Copying checkpoints, waiting for one that is still being written, and writing the final model. */
  saving: number;
  /** The training on all rows at the end, which is not timed step by step. */
  refit: number;
  /** The rest of the run's wall time: events, progress, and trying numbers of workers. */
  rest: number;
}

/** The times of a run. The seconds add up to its wall time. */
export interface ProfileReport {
  readonly steps: number;
  /** Rows of those steps. */
  readonly rows: number;
  readonly seconds: RunSeconds;
}

/** A complete event of Chrome's trace format, with times in µs. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X';
  readonly ts: number;
  readonly dur: number;
  readonly pid: 0;
  readonly tid: number;
  readonly args?: Readonly<Record<string, number>>;
}

/** Steps that the trace shows; the sums are over all steps. */
export const TRACED_STEPS = 500;
/** The trace's row of the coordinator; workers come after it. */
const COORDINATOR = 0;

/** The part of the report to which each phase of a task belongs. */
const PART: Readonly<Record<TaskPhase, Exclude<keyof StepSeconds, 'reading'>>> = {
  gather: 'data',
  forward: 'forward',
  divergence: 'forward',
  backward: 'backward',
  sum: 'backward',
  update: 'update',
};

/** Collects the times of a run. */
export class Profile {
  steps = 0;
  readonly seconds: StepSeconds = { data: 0, forward: 0, backward: 0, wait: 0, sum: 0, update: 0 };
  readonly #outside = { evaluation: 0, saving: 0 };
  readonly #events: TraceEvent[] = [];
  #lastLap = 0;
  #insideStep = false;

  constructor(readonly clock = sharedClock) {}

  /** Begins a step. */
  begin(): void {
    this.#insideStep = true;
    this.#lastLap = this.clock();
  }

  /** Counts the time since the last lap as spent on this part; outside a step it counts nothing. */
  lap(part: keyof StepSeconds): void {
    if (!this.#insideStep) return;
    const end = this.clock();
    this.seconds[part] = (this.seconds[part] ?? 0) + (end - this.#lastLap) / 1000;
    this.#trace(part, this.#lastLap, end, COORDINATOR);
    this.#lastLap = end;
  }

  /**
   * Counts the time since the last lap as spent on tasks, from the times that each of them left. The trace
   * shows the phases of an in-process task in the coordinator's row.
   */
  tasks(name: string, times: readonly Float64Array[], workers: number): void {
    if (!this.#insideStep) return;
    const end = this.clock();
    let busy = 0;
    for (const [index, cells] of times.entries()) {
      for (const phase of TASK_PHASES) {
        const seconds = phaseMilliseconds(cells, phase) / 1000 / times.length;
        this.seconds[PART[phase]] += seconds;
        busy += seconds;
      }
      for (const { phase, begin, end } of readLaps(cells)) {
        this.#trace(phase ?? 'further passes', begin, end, workers === 0 ? COORDINATOR : index + 1);
      }
    }
    this.seconds.wait += (end - this.#lastLap) / 1000 - busy;
    this.#trace(name, this.#lastLap, end, COORDINATOR);
    this.#lastLap = end;
  }

  /** Ends a step. */
  end(): void {
    this.steps++;
    this.#insideStep = false;
  }

  /** Counts the time from `begin` until now as spent on something outside the steps. */
  outside(part: 'evaluation' | 'saving', begin: number): void {
    const end = this.clock();
    this.#outside[part] += (end - begin) / 1000;
    this.#trace(part, begin, end, COORDINATOR);
  }

  /** @param rows of all steps */
  report(wallSeconds: number, rows: number): ProfileReport {
    const seconds = { ...this.seconds, ...this.#outside };
    const rest = wallSeconds - Object.values(seconds).reduce((sum, part) => sum + part, 0);
    return { steps: this.steps, rows, seconds: { ...seconds, refit: 0, rest } };
  }

  /** Returns the steps in Chrome's trace format (chrome://tracing, Perfetto), a row for each thread. */
  trace(): string {
    const threads = [...new Set(this.#events.map(({ tid }) => tid))].sort((a, b) => a - b);
    const names = threads.map((tid) => ({
      name: 'thread_name',
      ph: 'M',
      pid: 0,
      tid,
      args: { name: tid === COORDINATOR ? 'coordinator' : `worker ${tid}` },
    }));
    const start = this.#events.reduce((first, { ts }) => Math.min(first, ts), Number.POSITIVE_INFINITY);
    const events = this.#events.map((event) => ({ ...event, ts: event.ts - start }));
    return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...names, ...events] });
  }

  #trace(name: string, begin: number, end: number, tid: number): void {
    if (this.steps >= TRACED_STEPS) return;
    this.#events.push({
      name,
      ph: 'X',
      ts: 1000 * begin,
      dur: 1000 * (end - begin),
      pid: 0,
      tid,
      args: { step: this.steps + 1 },
    });
  }
}

/** Does work outside the steps and, where there is a profile, counts its time. */
export async function timed<T>(
  profile: Profile | null,
  part: 'evaluation' | 'saving',
  work: () => T | Promise<T>,
): Promise<T> {
  if (!profile) return work();
  const begin = profile.clock();
  const result = await work();
  profile.outside(part, begin);
  return result;
}
