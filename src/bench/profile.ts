/** Where a step's time goes: parts of the coordinator's wall time that add up to the whole step. */
import type { Profile } from '../train/profile.js';

export const STEP_PARTS = ['data', 'forward', 'backward', 'wait', 'sum', 'update'] as const;
export type StepPart = (typeof STEP_PARTS)[number];
/** Seconds of each part of a step. */
export type Breakdown = Readonly<Record<StepPart, number>>;

/** Adds up what a profile gains between `begin` and `end`, so that steps outside do not count. */
export class Stopwatch {
  readonly #sums = Object.fromEntries(STEP_PARTS.map((part) => [part, 0])) as Record<StepPart, number>;
  #before: { steps: number; seconds: Breakdown } | null = null;
  #steps = 0;

  constructor(private readonly profile: Profile) {}

  begin(): void {
    const { steps, seconds } = this.profile;
    this.#before = { steps, seconds: { ...seconds } };
  }

  end(): void {
    if (this.#before === null) return;
    for (const part of STEP_PARTS)
      this.#sums[part] += this.profile.seconds[part] - this.#before.seconds[part];
    this.#steps += this.profile.steps - this.#before.steps;
  }

  /** Means over the steps; null where nothing was profiled. */
  get breakdown(): Breakdown | null {
    if (this.#steps === 0) return null;
    const means = STEP_PARTS.map((part) => [part, this.#sums[part] / this.#steps]);
    return Object.fromEntries(means) as Breakdown;
  }
}
