/**
 * Where a step's time goes: what the coordinator does one thing after the other, and what each worker does meanwhile. A
 * worker writes its laps to shared memory; the coordinator collects them when the task is done.
 */

/** What a gradient task spends its time on. */
export const TASK_PHASES = ['gather', 'forward', 'divergence', 'backward', 'fold'] as const;
type TaskPhase = (typeof TASK_PHASES)[number];

/** Parts of the coordinator's time that add up to the steps. */
export interface StepSeconds {
  /** rows gathered (mean over the workers), epochs shuffled */
  data: number;
  /** forward pass and divergence, mean over the workers */
  forward: number;
  /** backward pass with the shard tree inside a worker, mean over the workers */
  backward: number;
  /** the rest of the time until all workers are done: dispatch, and workers that wait for the slowest */
  wait: number;
  /** the shard tree's additions left to the coordinator */
  sum: number;
  /** the check for finite gradients, the update rule, averages */
  update: number;
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

/** Laps of one task that are kept; a task of more passes lumps what is left into the last. */
const LAPS = 128;
/** [laps, begin, (phase, end) of each lap] */
export const LANE_LENGTH = 2 + 2 * LAPS;
/** Steps that the trace shows; the sums go over all. */
const TRACED_STEPS = 500;

/** Milliseconds on a clock that all threads share. */
const now = () => performance.timeOrigin + performance.now();

/** One task's laps, in shared memory. */
export class Lane {
  constructor(private readonly cells: Float64Array) {}

  begin(): void {
    this.cells[0] = 0;
    this.cells[1] = now();
  }

  /** What has passed since the last lap was spent on this. */
  lap(phase: TaskPhase): void {
    const at = 2 * Math.min(this.cells[0], LAPS - 1);
    this.cells[at + 2] = TASK_PHASES.indexOf(phase);
    this.cells[at + 3] = now();
    this.cells[0]++;
  }
}

const PART: Readonly<Record<TaskPhase, 'data' | 'forward' | 'backward'>> = {
  gather: 'data',
  forward: 'forward',
  divergence: 'forward',
  backward: 'backward',
  fold: 'backward',
};

export class Profile {
  steps = 0;
  readonly seconds: StepSeconds = { data: 0, forward: 0, backward: 0, wait: 0, sum: 0, update: 0 };
  readonly #events: TraceEvent[] = [];
  #last = 0;

  /** A step begins. */
  begin(): void {
    this.#last = now();
  }

  /** What has passed since the last lap was spent on this. */
  lap(part: keyof StepSeconds): void {
    const end = now();
    this.seconds[part] += (end - this.#last) / 1000;
    this.#trace(part, this.#last, end, 0);
    this.#last = end;
  }

  /** Since the last lap, tasks have run whose laps stand in these lanes. */
  gradient(lanes: readonly Float64Array[]): void {
    const end = now();
    let busy = 0;
    for (const [index, cells] of lanes.entries()) {
      const laps = Math.min(cells[0], LAPS);
      let begin = cells[1];
      for (let lap = 0; lap < laps; lap++) {
        const phase = TASK_PHASES[cells[2 + 2 * lap]];
        const until = cells[3 + 2 * lap];
        const seconds = (until - begin) / 1000 / lanes.length;
        this.seconds[PART[phase]] += seconds;
        busy += seconds;
        this.#trace(phase, begin, until, index + 1);
        begin = until;
      }
    }
    this.seconds.wait += (end - this.#last) / 1000 - busy;
    this.#trace('gradient', this.#last, end, 0);
    this.#last = end;
  }

  end(): void {
    this.steps++;
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
