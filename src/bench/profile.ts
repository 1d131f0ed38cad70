/** Divides a step's time into parts: the coordinator's wall time in each, which add up to the whole step. */
import { mean } from '../statistics.js';
import type { Profile } from '../train/profile.js';

export const STEP_PARTS = ['data', 'forward', 'backward', 'wait', 'sum', 'update'] as const;
/** A part of a training step whose time is measured; the parts add up to the step. */
export type StepPart = (typeof STEP_PARTS)[number];
/** Holds the seconds of each part of a step. */
export type Breakdown = Readonly<Record<StepPart, number>>;

/** Records a breakdown of each round: what the profile gains between `begin` and `end`, for each step. */
export class Stopwatch {
  readonly #rounds: Breakdown[] = [];
  #before: { steps: number; seconds: Breakdown } | null = null;

  constructor(private readonly profile: Profile) {}

  begin(): void {
    const { steps, seconds } = this.profile;
    this.#before = { steps, seconds: { ...seconds } };
  }

  end(): void {
    const before = this.#before;
    if (before === null) throw new Error('the stopwatch ends before it begins');
    const { steps, seconds } = this.profile;
    this.#rounds.push(breakdownOf((part) => (seconds[part] - before.seconds[part]) / (steps - before.steps)));
  }

  /** Returns the parts of a step, as means over the given rounds. */
  breakdown(rounds: readonly number[]): Breakdown {
    return breakdownOf((part) => mean(rounds.map((round) => this.#rounds[round][part])));
  }
}

const breakdownOf = (value: (part: StepPart) => number): Breakdown =>
  Object.fromEntries(STEP_PARTS.map((part) => [part, value(part)])) as Breakdown;
