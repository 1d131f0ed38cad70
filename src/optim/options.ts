/** The configuration's keys for update rules, regularisation and schedules; what each means is its `describe`. */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { AVERAGINGS } from './averaging.js';
import { RULE_NAMES, RULES, type RuleName, type UpdateRule } from './rules.js';
import { SCHEDULE_NAMES } from './schedules.js';

const whole = (minimum: number) => z.number().int().min(minimum);
const positive = z.number().positive();
const notNegative = z.number().min(0);
const fraction = z.number().min(0).lt(1);

export const UPDATE_SHAPE = {
  optimizer: z.enum(RULE_NAMES).default('sgd').describe('the update rule'),
  lr: positive
    .optional()
    .describe("the learning rate; default: the optimizer's own (sgd: 0.1 for classes, 0.01 for numbers)"),
  momentum: fraction.optional().describe('sgd, rmsprop: momentum (default: sgd 0.9, rmsprop 0)'),
  nesterov: z.boolean().default(false).describe("sgd: Nesterov's momentum"),
  betas: z
    .tuple([fraction, fraction])
    .optional()
    .describe('adam and its kin, lion: decay of the two moments (default 0.9,0.999; lion 0.9,0.99)'),
  eps: positive
    .optional()
    .describe('added to the denominator (default 1e-8; adagrad 1e-10, adadelta and lamb 1e-6)'),
  rho: fraction.default(0.9).describe('adadelta: decay of both mean squares'),
  alpha: fraction.default(0.99).describe('rmsprop: decay of the mean square'),
  centered: z.boolean().default(false).describe('rmsprop: divide by the deviation, not the root mean square'),
  lrDecay: notNegative.default(0).describe('adagrad: the rate is divided by 1 + lrDecay·(steps before)'),
  momentumDecay: notNegative.default(0.004).describe('nadam: how fast the momentum grows to its full value'),
  etas: z
    .tuple([positive.lt(1), z.number().gt(1)])
    .default([0.5, 1.2])
    .describe('rprop: factors of a step size when the sign turns, and when it stays'),
  stepSizes: z.tuple([positive, positive]).default([1e-6, 50]).describe('rprop: least and largest step size'),
  historySize: whole(1).max(100).default(10).describe('lbfgs: changes that are remembered'),
  weightDecay: notNegative
    .default(0)
    .describe('L2 penalty on the weights; decoupled from the gradient for adamw, lamb and lion'),
  l1: notNegative.default(0).describe('L1 penalty on the weights'),
  maxNorm: positive.optional().describe('largest norm of the weights into a unit'),
  clip: positive.optional().describe('largest global norm of the gradient'),
  clipValue: positive.optional().describe('largest magnitude of a component of the gradient'),
  averaging: z
    .enum(AVERAGINGS)
    .default('none')
    .describe('evaluate and save averaged weights: ema over steps, swa over epochs'),
  emaDecay: fraction.default(0.999).describe('averaging ema: share of the average that a step keeps'),
  swaStart: whole(1).optional().describe('averaging swa: first epoch (default: after 75 % of the epochs)'),
} as const;

export const SCHEDULE_SHAPE = {
  schedule: z.enum(SCHEDULE_NAMES).default('constant').describe('the learning rate over time'),
  warmup: notNegative.default(0).describe('epochs of linear warm-up'),
  stepSize: positive.default(10).describe('schedule step: epochs between two drops'),
  gamma: positive
    .max(1)
    .default(0.1)
    .describe('schedules step, exponential and plateau: the factor of a drop'),
  minFactor: fraction
    .default(0)
    .describe('schedules polynomial, cosine, cosineRestarts, plateau: the least rate, as a fraction of lr'),
  power: positive.default(1).describe('schedule polynomial: its exponent'),
  firstCycle: positive.default(10).describe('schedule cosineRestarts: epochs of the first cycle'),
  cycleMult: z.number().min(1).default(1).describe('schedule cosineRestarts: growth from cycle to cycle'),
  pctStart: positive.lt(1).default(0.3).describe('schedule oneCycle: share of the steps in which lr rises'),
  divFactor: z.number().min(1).default(25).describe('schedule oneCycle: lr over the first rate'),
  finalDivFactor: z.number().min(1).default(1e4).describe('schedule oneCycle: the first rate over the last'),
  plateauPatience: whole(0)
    .default(10)
    .describe('schedule plateau: epochs without a lower validation (else training) loss before a drop'),
} as const;

/** What the checks below look at. */
interface Options {
  readonly optimizer: RuleName;
  readonly batch: number | string;
  readonly momentum?: number | undefined;
  readonly nesterov: boolean;
  readonly stepSizes: readonly [number, number];
  readonly l1: number;
  readonly clip?: number | undefined;
  readonly clipValue?: number | undefined;
  readonly maxNorm?: number | undefined;
  readonly averaging: string;
  readonly swaStart?: number | undefined;
  readonly epochs: number;
}

/** Throws UsageError where keys that are each possible cannot be meant together. */
export function checkUpdate(options: Options): void {
  const { optimizer, batch, momentum, nesterov, stepSizes } = options;
  const { fullBatch }: UpdateRule = RULES[optimizer];
  if (nesterov && momentum === 0) {
    throw new UsageError(
      'nesterov needs momentum above 0, found momentum 0: set momentum 0.9 or drop nesterov',
    );
  }
  if (stepSizes[0] > stepSizes[1]) {
    throw new UsageError(
      `stepSizes: the least, ${stepSizes[0]}, is above the largest, ${stepSizes[1]}: exchange them`,
    );
  }
  if (fullBatch && batch !== 'all') {
    throw new UsageError(
      `optimizer ${optimizer} needs the gradient of all rows, found batch ${batch}: add --batch all`,
    );
  }
  if (options.averaging === 'swa' && (options.swaStart ?? 1) > options.epochs) {
    throw new UsageError(
      `swaStart: epoch ${options.swaStart} is after the last, ${options.epochs}: take a smaller one`,
    );
  }
  if (optimizer !== 'lbfgs') return;
  for (const key of ['clip', 'clipValue', 'maxNorm', 'l1'] as const) {
    if (options[key]) {
      throw new UsageError(
        `optimizer lbfgs searches along the true gradient, found ${key} ${options[key]}: drop it, or take weightDecay`,
      );
    }
  }
}
