/**
 * The list of all learning-rate schedules: each gives the factor on the base learning rate at a step, counted
 * from 0. A schedule is one entry of SCHEDULES; the configuration, the command line and the tests read the
 * list.
 */
import { z } from 'zod';
import { cos, exp, ln } from '../elementary.js';
import type { AllValues, HyperRecord, HyperValues } from '../hyperparameters.js';
import { fraction, positive, whole } from './hyper.js';
import { power } from './power.js';

/** Says how far training has come. */
interface Progress {
  readonly step: number;
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  /** For the schedule plateau: the product of all drops so far. */
  readonly plateauFactor?: number;
}

/** A schedule, with a record of its own hyper-parameters; `factor` can read no others. */
export interface Schedule<H extends HyperRecord = HyperRecord> {
  readonly formula: string;
  /** The class of torch.optim.lr_scheduler that computes the same. */
  readonly torch: string;
  readonly hyper: H;
  /** Whether the rate depends on when training ends, so that a finished run cannot be trained for longer. */
  readonly planned?: boolean;
  /** Returns the factor on the base rate after warm-up, whose length in epochs is `warmup`. */
  factor(progress: Progress, options: HyperValues<H> & { readonly warmup: number }): number;
}

/** Returns the schedule as it is; its type makes `factor` see exactly the hyper-parameters declared. */
function schedule<const H extends HyperRecord>(definition: Schedule<H>): Schedule<H> {
  return definition;
}

const gamma = { schema: positive.max(1), default: 0.1, help: 'factor of a drop' } as const;
const minFactor = {
  schema: fraction,
  default: 0,
  help: 'lowest learning rate, as a fraction of lr',
} as const;

export const SCHEDULES = {
  constant: schedule({ formula: 'η', torch: 'ConstantLR(factor=1)', hyper: {}, factor: () => 1 }),
  step: schedule({
    formula: 'η·γ^⌊epoch/stepSize⌋',
    torch: 'StepLR',
    hyper: {
      stepSize: { schema: positive, default: 10, help: 'epochs between two drops' },
      gamma,
    },
    factor: (progress, { stepSize, gamma }) => power(gamma, Math.floor(epoch(progress) / stepSize)),
  }),
  exponential: schedule({
    formula: 'η·γ^epoch',
    torch: 'ExponentialLR',
    hyper: { gamma },
    factor: (progress, { gamma }) => power(gamma, epoch(progress)),
  }),
  polynomial: schedule({
    formula: 'η·(m + (1−m)(1−τ)^power), τ the share of the steps after warm-up that is done, m minFactor',
    torch: 'PolynomialLR',
    hyper: { minFactor, power: { schema: positive, default: 1, help: 'exponent' } },
    planned: true,
    factor: (progress, options) =>
      options.minFactor + (1 - options.minFactor) * exp(options.power * ln(1 - share(progress, options))),
  }),
  cosine: schedule({
    formula: 'η·(m + (1−m)(1+cos πτ)/2), τ the share of the steps after warm-up that is done, m minFactor',
    torch: 'CosineAnnealingLR',
    hyper: { minFactor },
    planned: true,
    factor: (progress, options) => anneal(1, options.minFactor, share(progress, options)),
  }),
  flatCosine: schedule({
    formula: 'η for the first half of the steps after warm-up, then half a cosine down to η·minFactor',
    torch: 'none (flat_cos of pytabkit)',
    hyper: { minFactor },
    planned: true,
    factor: (progress, options) =>
      anneal(1, options.minFactor, Math.max(0, 2 * share(progress, options) - 1)),
  }),
  cosLog4: schedule({
    formula:
      'η·(1 − cos(2π·log₂(1 + 15τ)))/2: four cycles, each twice as long, τ the share done after warm-up',
    torch: 'none (coslog4 of pytabkit)',
    hyper: {},
    planned: true,
    factor: (progress, options) =>
      (1 - cos((2 * Math.PI * ln(1 + 15 * share(progress, options))) / Math.LN2)) / 2,
  }),
  cosineRestarts: schedule({
    formula: 'cosine over firstCycle epochs, then again from η over cycles each cycleMult times as long',
    torch: 'CosineAnnealingWarmRestarts',
    hyper: {
      minFactor,
      firstCycle: { schema: positive, default: 10, help: 'epochs of the first cycle' },
      cycleMult: {
        schema: z.number().min(1),
        default: 1,
        help: 'how many times as long each cycle is as the one before',
      },
    },
    factor({ step, stepsPerEpoch }, { warmup, minFactor, firstCycle, cycleMult }) {
      let into = step / stepsPerEpoch - warmup;
      let cycle = firstCycle;
      while (into >= cycle) {
        into -= cycle;
        cycle *= cycleMult;
      }
      return anneal(1, minFactor, into / cycle);
    },
  }),
  oneCycle: schedule({
    formula:
      'by half cosines from η/divFactor to η in the share pctStart of the steps, then to η/(divFactor·finalDivFactor)',
    torch: 'OneCycleLR(cycle_momentum=False)',
    hyper: {
      pctStart: {
        schema: positive.lt(1),
        default: 0.3,
        help: 'share of the steps in which the learning rate rises',
      },
      divFactor: {
        schema: z.number().min(1),
        default: 25,
        help: 'lr divided by this is the first learning rate',
      },
      finalDivFactor: {
        schema: z.number().min(1),
        default: 1e4,
        help: 'the first learning rate divided by this is the last',
      },
    },
    planned: true,
    factor({ step, stepsPerEpoch, totalSteps }, options) {
      const warm = options.warmup * stepsPerEpoch;
      const peak = options.pctStart * (totalSteps - warm) - 1;
      const [at, end] = [step - warm, totalSteps - warm - 1];
      const first = 1 / options.divFactor;
      if (at <= peak) return anneal(first, 1, peak > 0 ? at / peak : 1);
      return anneal(1, first / options.finalDivFactor, Math.min(1, (at - peak) / (end - peak)));
    },
  }),
  plateau: schedule({
    formula: 'η·γ after every plateauPatience epochs without a lower loss, never below η·minFactor',
    torch: 'ReduceLROnPlateau',
    hyper: {
      gamma,
      minFactor,
      plateauPatience: {
        schema: whole(0),
        default: 10,
        help: 'epochs without a lower validation loss (without validation: training loss) before a drop',
      },
    },
    factor: ({ plateauFactor = 1 }) => plateauFactor,
  }),
} satisfies Record<string, Schedule>;

export type ScheduleName = keyof typeof SCHEDULES;
export const SCHEDULE_NAMES = Object.keys(SCHEDULES) as ScheduleName[];

/**
 * The hyper-parameters of all schedules, and the epochs of linear warm-up (fractions allowed) before any of
 * them.
 */
export type ScheduleOptions = { readonly warmup: number } & AllValues<{
  readonly [Name in ScheduleName]: (typeof SCHEDULES)[Name]['hyper'];
}>;

/** Returns the factor on the base learning rate at `progress.step`: linear warm-up, then the schedule. */
export function scheduleFactor(name: ScheduleName, progress: Progress, options: ScheduleOptions): number {
  const warm = options.warmup * progress.stepsPerEpoch;
  if (progress.step < warm) return (progress.step + 1) / (Math.floor(warm) + 1);
  return SCHEDULES[name].factor(progress, options);
}

function epoch({ step, stepsPerEpoch }: Progress): number {
  return Math.floor(step / stepsPerEpoch);
}

/** Returns the share of the steps after warm-up that is done, from 0 to 1. */
function share(
  { step, totalSteps, stepsPerEpoch }: Progress,
  { warmup }: { readonly warmup: number },
): number {
  const warm = warmup * stepsPerEpoch;
  return Math.min(1, (step - warm) / Math.max(1, totalSteps - warm));
}

/** Follows half a cosine from `start` (share 0) to `end` (share 1). */
function anneal(start: number, end: number, share: number): number {
  return end + ((start - end) * (1 + cos(Math.PI * share))) / 2;
}
