/** Where a step's time goes: parts of the coordinator's wall time that add up to the whole step. */
import type { Profile } from '../train/profile.js';

export const STEP_PARTS = ['data', 'forward', 'backward', 'wait', 'sum', 'update'] as const;
export type StepPart = (typeof STEP_PARTS)[number];
/** Seconds of each part of a step. */
export type Breakdown = Readonly<Record<StepPart, number>>;

/** Takes what a profile gains between `begin` and `end` as one round. */
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

  /** A step's parts, means over these rounds. */
  breakdown(rounds: readonly number[]): Breakdown {
    return breakdownOf((part) => {
      const sum = rounds.reduce((total, round) => total + this.#rounds[round][part], 0);
      return sum / rounds.length;
    });
  }
}

const breakdownOf = (value: (part: StepPart) => number): Breakdown =>
  Object.fromEntries(STEP_PARTS.map((part) => [part, value(part)])) as Breakdown;
