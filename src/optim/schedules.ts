/** Learning-rate schedules: the factor on the base rate at a step, counted from 0. A schedule is one entry of SCHEDULES. */
import { cos, exp, ln } from '../elementary.js';
import { power } from './power.js';

export interface ScheduleOptions {
  /** linear warm-up over this many epochs, before any schedule; fractions allowed */
  readonly warmup: number;
  /** step: epochs between two drops */
  readonly stepSize: number;
  /** step, exponential, plateau: the factor of a drop */
  readonly gamma: number;
  /** the rate at the end, as a fraction of the base rate */
  readonly minFactor: number;
  /** polynomial: its exponent */
  readonly power: number;
  /** oneCycle: the share of the steps in which the rate rises, from 1/divFactor of the base rate … */
  readonly pctStart: number;
  readonly divFactor: number;
  /** … and what the first rate is divided by at the end */
  readonly finalDivFactor: number;
  /** cosineRestarts: epochs of the first cycle, and by how much each is longer than the one before */
  readonly firstCycle: number;
  readonly cycleMult: number;
}

/** Where training stands. */
export interface Progress {
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** plateau: the product of the drops so far */
  readonly plateauFactor?: number;
}

export interface Schedule {
  readonly formula: string;
  readonly torch: string;
  /** the rate depends on where training ends, so a run cannot go on for longer */
  readonly planned?: boolean;
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
  polynomial: {
    formula: 'η·(m + (1−m)(1−τ)^power), τ the share of the steps after warm-up that is done, m minFactor',
    torch: 'PolynomialLR',
    planned: true,
    factor: (progress, options) =>
      options.minFactor + (1 - options.minFactor) * exp(options.power * ln(1 - share(progress, options))),
  },
  cosine: {
    formula: 'η·(m + (1−m)(1+cos πτ)/2), τ the share of the steps after warm-up that is done, m minFactor',
    torch: 'CosineAnnealingLR',
    planned: true,
    factor: (progress, options) => anneal(1, options.minFactor, share(progress, options)),
  },
  cosineRestarts: {
    formula: 'cosine over firstCycle epochs, then again from η over cycles each cycleMult times as long',
    torch: 'CosineAnnealingWarmRestarts',
    factor({ step, stepsPerEpoch }, { warmup, minFactor, firstCycle, cycleMult }) {
      let into = step / stepsPerEpoch - warmup;
      let cycle = firstCycle;
      while (into >= cycle) {
        into -= cycle;
        cycle *= cycleMult;
      }
      return anneal(1, minFactor, into / cycle);
    },
  },
  oneCycle: {
    formula:
      'by half cosines from η/divFactor to η in the share pctStart of the steps, then to η/(divFactor·finalDivFactor)',
    torch: 'OneCycleLR(cycle_momentum=False)',
    planned: true,
    factor({ step, stepsPerEpoch, totalSteps }, options) {
      const warm = options.warmup * stepsPerEpoch;
      const peak = options.pctStart * (totalSteps - warm) - 1;
      const [at, end] = [step - warm, totalSteps - warm - 1];
      const first = 1 / options.divFactor;
      if (at <= peak) return anneal(first, 1, peak > 0 ? at / peak : 1);
      return anneal(1, first / options.finalDivFactor, Math.min(1, (at - peak) / (end - peak)));
    },
  },
  plateau: {
    formula: 'η·γ after every plateauPatience epochs without a lower loss, never below η·minFactor',
    torch: 'ReduceLROnPlateau',
    factor: ({ plateauFactor = 1 }) => plateauFactor,
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

/** How much of the way after warm-up is done, from 0 to 1. */
function share({ step, totalSteps, stepsPerEpoch }: Progress, { warmup }: ScheduleOptions): number {
  const warm = warmup * stepsPerEpoch;
  return Math.min(1, (step - warm) / Math.max(1, totalSteps - warm));
}

/** Half a cosine from `start` (share 0) to `end` (share 1). */
function anneal(start: number, end: number, share: number): number {
  return end + ((start - end) * (1 + cos(Math.PI * share))) / 2;
}
