/**
 * Times the phases of a task. A worker writes them to shared memory, where the coordinator finds them when
 * the task is done.
 */
import type { Clock } from '../clock.js';

/** The phases of a task: those of a gradient in their order, and the update of a slice of the parameters. */
export const TASK_PHASES = ['gather', 'forward', 'divergence', 'backward', 'sum', 'update'] as const;
export type TaskPhase = (typeof TASK_PHASES)[number];

/** A clock that all threads share: `performance.now()` alone counts from the start of its own thread. */
export const sharedClock: Clock = () => performance.timeOrigin + performance.now();

/** Laps of one task that are kept one by one, for the trace; sums are kept of all laps. */
const LAPS = 128;
/**
 * The cells hold: laps made, begin, end of the last lap, milliseconds of each phase, then (phase, end) of
 * each lap.
 */
const SUMS = 3;
const FIRST_LAP = SUMS + TASK_PHASES.length;
/** The cells that a timer needs. */
export const TIMER_LENGTH = FIRST_LAP + 2 * LAPS;

/** Writes the times of one task to its cells. */
export class PhaseTimer {
  constructor(
    private readonly cells: Float64Array,
    private readonly clock = sharedClock,
  ) {}

  begin(): void {
    this.cells.fill(0, 0, FIRST_LAP);
    this.cells[1] = this.clock();
    this.cells[2] = this.cells[1];
  }

  /** Counts the time since the last lap as spent on this phase. */
  lap(phase: TaskPhase): void {
    const { cells } = this;
    const end = this.clock();
    const index = TASK_PHASES.indexOf(phase);
    cells[SUMS + index] += end - cells[2];
    cells[2] = end;
    const lap = cells[0]++;
    if (lap >= LAPS) return;
    cells[FIRST_LAP + 2 * lap] = index;
    cells[FIRST_LAP + 2 * lap + 1] = end;
  }
}

/**
 * A lap of a task: what was done, in milliseconds of `sharedClock`; null stands for the laps beyond those
 * kept.
 */
interface Lap {
  readonly phase: TaskPhase | null;
  readonly begin: number;
  readonly end: number;
}

/** Returns the milliseconds that a timer has counted for a phase. */
export function phaseMilliseconds(cells: Float64Array, phase: TaskPhase): number {
  return cells[SUMS + TASK_PHASES.indexOf(phase)];
}

/** Reads the laps of a task from its cells. */
export function readLaps(cells: Float64Array): Lap[] {
  const laps: Lap[] = [];
  let begin = cells[1];
  for (let lap = 0; lap < Math.min(cells[0], LAPS); lap++) {
    const end = cells[FIRST_LAP + 2 * lap + 1];
    laps.push({ phase: TASK_PHASES[cells[FIRST_LAP + 2 * lap]], begin, end });
    begin = end;
  }
  if (cells[0] > LAPS) laps.push({ phase: null, begin, end: cells[2] });
  return laps;
}
