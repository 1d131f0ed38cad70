/** Where a step's time goes: parts of the coordinator's wall time that add up to the whole step. */

export const STEP_PARTS = ['data', 'forward', 'backward', 'wait', 'sum', 'update'] as const;
export type StepPart = (typeof STEP_PARTS)[number];
/** Seconds of each part of a step. */
export type Breakdown = Readonly<Record<StepPart, number>>;

/** What a trainer fills in as it goes. */
export interface StepProfile {
  readonly steps: number;
  readonly seconds: Breakdown;
}

export function newProfile(): StepProfile | null {
  return null;
}

/** Adds up what a profile gains between `begin` and `end`, so that steps outside do not count. */
export class Stopwatch {
  readonly #sums = Object.fromEntries(STEP_PARTS.map((part) => [part, 0])) as Record<StepPart, number>;
  #before: StepProfile | null = null;
  #steps = 0;

  constructor(private readonly profile: StepProfile | null) {}

  begin(): void {
    this.#before = this.profile && { steps: this.profile.steps, seconds: { ...this.profile.seconds } };
  }

  end(): void {
    if (this.profile === null || this.#before === null) return;
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
