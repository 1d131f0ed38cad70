/** Learning-rate schedules: the factor on the base rate at a step, counted from 0. A schedule is one entry of SCHEDULES. */
import { cos } from '../elementary.js';
import { power } from './rules.js';

export interface ScheduleOptions {
  /** linear warm-up over this many epochs, before any schedule; fractions allowed */
  readonly warmup: number;
  /** step: epochs between two drops */
  readonly stepSize: number;
  /** step, exponential: the factor of a drop */
  readonly gamma: number;
  /** cosine: the rate at the end, as a fraction of the base rate */
  readonly minFactor: number;
}

/** Where training stands. */
export interface Progress {
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
}

interface Schedule {
  readonly formula: string;
  readonly torch: string;
  /** the factor after warm-up */
  factor(progress: Progress, options: ScheduleOptions): number;
}

export const SCHEDULES = {
  constant: { formula: 'η', torch: 'ConstantLR(factor=1)', factor: () => 1 },
  step: {
    formula: 'η·γ^⌊epoch/stepSize⌋',
    torch: 'StepLR',
    factor: (progress, { stepSize, gamma }) => power(gamma, Math.floor(epoch(progress) / stepSize)),
  },
  exponential: {
    formula: 'η·γ^epoch',
    torch: 'ExponentialLR',
    factor: (progress, { gamma }) => power(gamma, epoch(progress)),
  },
  cosine: {
    formula: 'η·(m + (1−m)(1+cos πτ)/2), τ the share of the steps after warm-up that is done, m minFactor',
    torch: 'CosineAnnealingLR',
    factor({ step, totalSteps, stepsPerEpoch }, { warmup, minFactor }) {
      const warm = warmup * stepsPerEpoch;
      const share = Math.min(1, (step - warm) / Math.max(1, totalSteps - warm));
      return minFactor + ((1 - minFactor) * (1 + cos(Math.PI * share))) / 2;
    },
  },
} as const satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;
export const SCHEDULE_NAMES = Object.keys(SCHEDULES) as ScheduleName[];

/** The factor on the base learning rate at `progress.step`: linear warm-up, then the schedule. */
export function scheduleFactor(name: ScheduleName, progress: Progress, options: ScheduleOptions): number {
  const warm = options.warmup * progress.stepsPerEpoch;
  if (progress.step < warm) return (progress.step + 1) / (Math.floor(warm) + 1);
  return SCHEDULES[name].factor(progress, options);
}

function epoch({ step, stepsPerEpoch }: Progress): number {
  return Math.floor(step / stepsPerEpoch);
}
