/**
 * Where a step's time goes: what the coordinator does one thing after the other, and what each worker does meanwhile. A
 * worker writes its laps to shared memory; the coordinator collects them when the task is done.
 */

import type { Clock } from '../clock.js';

/** What a task spends its time on: the last is the update of a slice, the others make the gradient. */
export const TASK_PHASES = ['gather', 'forward', 'divergence', 'backward', 'fold', 'update'] as const;
type TaskPhase = (typeof TASK_PHASES)[number];

/** Parts of the coordinator's time that add up to the steps. */
export interface StepSeconds {
  /** rows gathered (mean over the workers), epochs shuffled */
  data: number;
  /** forward pass and divergence, mean over the workers */
  forward: number;
  /** backward pass with the shard tree inside a worker, mean over the workers */
  backward: number;
  /** the rest of the time while workers are at tasks: dispatch, and workers that wait for the slowest */
  wait: number;
  /** the shard tree's additions left to the coordinator */
  sum: number;
  /** the check for finite gradients, the update rule, averages; where workers share it, their sums as well */
  update: number;
}

/** What else a run spends its time on. */
export interface RunSeconds extends StepSeconds {
  /** validation and test metrics */
  evaluation: number;
  /** checkpoints copied and waited for, the final model; what the disk does meanwhile costs nothing */
  saving: number;
  /** what remains of the run's wall time: events, progress, and the trial of worker counts */
  rest: number;
}

/** Where the time of a run went. The seconds add up to its wall time. */
export interface ProfileReport {
  readonly steps: number;
  /** rows of those steps */
  readonly rows: number;
  readonly seconds: RunSeconds;
}

/** An event of Chrome's trace format: a complete one, times in µs. */
interface TraceEvent {
  readonly name: string;
  readonly ph: 'X';
  readonly ts: number;
  readonly dur: number;
  readonly pid: 0;
  readonly tid: number;
  readonly args?: Readonly<Record<string, number>>;
}

/** Laps of one task that the trace shows one by one; the sums go over all. */
const LAPS = 128;
/** [laps, begin, end of the last lap, milliseconds of each phase, (phase, end) of each lap] */
const SUMS = 3;
const LAP = SUMS + TASK_PHASES.length;
export const LANE_LENGTH = LAP + 2 * LAPS;
/** Steps that the trace shows; the sums go over all. */
export const TRACED_STEPS = 500;

/** The clock that all threads share: each thread's `performance.now()` begins with the thread. */
const sharedClock: Clock = () => performance.timeOrigin + performance.now();

/** One task's laps, in shared memory. */
export class Lane {
  constructor(
    private readonly cells: Float64Array,
    private readonly clock = sharedClock,
  ) {}

  begin(): void {
    this.cells.fill(0, 0, LAP);
    this.cells[1] = this.clock();
    this.cells[2] = this.cells[1];
  }

  /** What has passed since the last lap was spent on this. */
  lap(phase: TaskPhase): void {
    const { cells } = this;
    const end = this.clock();
    const index = TASK_PHASES.indexOf(phase);
    cells[SUMS + index] += end - cells[2];
    cells[2] = end;
    const lap = cells[0]++;
    if (lap >= LAPS) return;
    cells[LAP + 2 * lap] = index;
    cells[LAP + 2 * lap + 1] = end;
  }
}

const PART: Readonly<Record<TaskPhase, keyof StepSeconds>> = {
  gather: 'data',
  forward: 'forward',
  divergence: 'forward',
  backward: 'backward',
  fold: 'backward',
  update: 'update',
};

export class Profile {
  steps = 0;
  readonly seconds: StepSeconds = { data: 0, forward: 0, backward: 0, wait: 0, sum: 0, update: 0 };
  readonly #beside = { evaluation: 0, saving: 0 };
  readonly #events: TraceEvent[] = [];
  #last = 0;
  #inside = false;

  constructor(readonly clock = sharedClock) {}

  /** A step begins. */
  begin(): void {
    this.#inside = true;
    this.#last = this.clock();
  }

  /** What has passed since the last lap was spent on this; says nothing outside a step. */
  lap(part: keyof StepSeconds): void {
    if (!this.#inside) return;
    const end = this.clock();
    this.seconds[part] += (end - this.#last) / 1000;
    this.#trace(part, this.#last, end, 0);
    this.#last = end;
  }

  /**
   * Since the last lap, workers were at tasks whose laps stand in these lanes: those of an in-process task are shown with the
   * coordinator's.
   */
  tasks(name: string, lanes: readonly Float64Array[], workers: number): void {
    if (!this.#inside) return;
    const end = this.clock();
    let busy = 0;
    for (const [index, cells] of lanes.entries()) {
      for (const [phase, name] of TASK_PHASES.entries()) {
        const seconds = cells[SUMS + phase] / 1000 / lanes.length;
        this.seconds[PART[name]] += seconds;
        busy += seconds;
      }
      this.#traceLane(cells, workers === 0 ? 0 : index + 1);
    }
    this.seconds.wait += (end - this.#last) / 1000 - busy;
    this.#trace(name, this.#last, end, 0);
    this.#last = end;
  }

  end(): void {
    this.steps++;
    this.#inside = false;
  }

  /** What is no part of a step has run from then until now. */
  beside(part: 'evaluation' | 'saving', begin: number): void {
    const end = this.clock();
    this.#beside[part] += (end - begin) / 1000;
    this.#trace(part, begin, end, 0);
  }

  /** @param rows of all steps */
  report(wallSeconds: number, rows: number): ProfileReport {
    const seconds = { ...this.seconds, ...this.#beside };
    const rest = wallSeconds - Object.values(seconds).reduce((sum, part) => sum + part, 0);
    return { steps: this.steps, rows, seconds: { ...seconds, rest } };
  }

  /** Chrome's trace format (chrome://tracing, Perfetto): a lane for the coordinator and one for each worker. */
  trace(): string {
    const lanes = [...new Set(this.#events.map(({ tid }) => tid))].sort((a, b) => a - b);
    const names = lanes.map((tid) => ({
      name: 'thread_name',
      ph: 'M',
      pid: 0,
      tid,
      args: { name: tid === 0 ? 'coordinator' : `worker ${tid}` },
    }));
    const start = this.#events.reduce((first, { ts }) => Math.min(first, ts), Number.POSITIVE_INFINITY);
    const events = this.#events.map((event) => ({ ...event, ts: event.ts - start }));
    return JSON.stringify({ displayTimeUnit: 'ms', traceEvents: [...names, ...events] });
  }

  #traceLane(cells: Float64Array, tid: number): void {
    const laps = Math.min(cells[0], LAPS);
    let begin = cells[1];
    for (let lap = 0; lap < laps; lap++) {
      const end = cells[LAP + 2 * lap + 1];
      this.#trace(TASK_PHASES[cells[LAP + 2 * lap]], begin, end, tid);
      begin = end;
    }
    if (cells[0] > LAPS) this.#trace('further passes', begin, cells[2], tid);
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

/** Does what is no part of a step, and tells the profile, if there is one, of its time. */
export async function timed<T>(
  profile: Profile | null,
  part: 'evaluation' | 'saving',
  work: () => T | Promise<T>,
): Promise<T> {
  if (!profile) return work();
  const begin = profile.clock();
  const result = await work();
  profile.beside(part, begin);
  return result;
}
