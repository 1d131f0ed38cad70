/**
 * The configuration's keys for update rules, regularisation, averaging and schedules, and checks of how they
 * combine.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { type Choice, hyperShape } from '../hyperparameters.js';
import { AVERAGINGS, type AveragingName } from './averaging.js';
import { notNegative, positive } from './hyper.js';
import {
  type HyperOptions,
  hyperParameters,
  RULE_NAMES,
  RULES,
  type RuleName,
  type UpdateRule,
} from './rules.js';
import { SCHEDULE_NAMES, SCHEDULES } from './schedules.js';

/** Returns the hyper-parameters of each member of a list. */
function hyperOf<M extends Readonly<Record<string, { readonly hyper: unknown }>>>(
  members: M,
): { readonly [Name in keyof M]: M[Name]['hyper'] } {
  const records = Object.entries(members).map(([name, { hyper }]) => [name, hyper]);
  return Object.fromEntries(records) as { readonly [Name in keyof M]: M[Name]['hyper'] };
}

const OPTIMIZER = { key: 'optimizer', default: 'sgd', members: hyperOf(RULES) } as const;
const AVERAGING = { key: 'averaging', default: 'none', members: hyperOf(AVERAGINGS) } as const;
const SCHEDULE = { key: 'schedule', default: 'constant', members: hyperOf(SCHEDULES) } as const;
/** The keys about the update of the weights whose values bring hyper-parameters of their own. */
export const UPDATE_CHOICES: readonly Choice[] = [OPTIMIZER, AVERAGING, SCHEDULE];

/** The rules whose default learning rate depends on the type of problem. */
const REGRESSION_RATES = Object.entries<UpdateRule>(RULES)
  .filter(([, { regressionLr }]) => regressionLr !== undefined)
  .map(([name, { lr, regressionLr }]) => `${name}: ${lr} for classes, ${regressionLr} for numbers`)
  .join('; ');

export const UPDATE_SHAPE = {
  optimizer: z
    .enum(RULE_NAMES)
    .default(OPTIMIZER.default)
    .describe('update rule: how a gradient changes the weights'),
  lr: positive.optional().describe(`learning rate; default: the optimizer's own (${REGRESSION_RATES})`),
  ...hyperShape(OPTIMIZER),
  decayBiases: z
    .boolean()
    .default(true)
    .describe("whether weight decay acts on biases too, and on the norms' scales and shifts"),
  l1: notNegative.default(0).describe('L1 penalty on the weights'),
  maxNorm: positive
    .optional()
    .describe('largest norm of the weights into a unit; longer ones are scaled back after each step'),
  clip: positive
    .optional()
    .describe('largest norm of the gradient over all weights; a longer one is scaled down'),
  clipValue: positive
    .optional()
    .describe('largest magnitude of any component of the gradient; others are cut off'),
  averaging: z
    .enum(Object.keys(AVERAGINGS) as AveragingName[])
    .default(AVERAGING.default)
    .describe('evaluates and saves an average of the weights: ema over steps, swa over epochs'),
  ...hyperShape(AVERAGING),
} as const;

/** The schedules that a number other than the learning rate may follow: functions of the step alone. */
const OTHER_SCHEDULES = SCHEDULE_NAMES.filter((name) => name !== 'plateau');

export const SCHEDULE_SHAPE = {
  schedule: z
    .enum(SCHEDULE_NAMES)
    .default(SCHEDULE.default)
    .describe('how the learning rate changes over time'),
  schedules: z
    .record(z.string(), z.enum(OTHER_SCHEDULES))
    .optional()
    .describe(
      "schedules of other numbers, weightDecay=flatCosine: dropout, the optimizer's own and the loss's own; give it once for each",
    ),
  warmup: notNegative.default(0).describe('epochs in which the learning rate first rises from 0 to lr'),
  ...hyperShape(SCHEDULE),
} as const;

/** The keys that the checks below look at. */
interface Options extends HyperOptions {
  readonly optimizer: RuleName;
  readonly batch: number | string;
  readonly decayBiases: boolean;
  readonly l1: number;
  readonly clip?: number | undefined;
  readonly clipValue?: number | undefined;
  readonly maxNorm?: number | undefined;
  readonly averaging: AveragingName;
  readonly swaStart?: number | undefined;
  readonly epochs: number | 'auto';
}

/** Throws UsageError where values that are each valid contradict one another. */
export function checkUpdate(options: Options): void {
  const { optimizer, batch } = options;
  const rule: UpdateRule = RULES[optimizer];
  rule.check?.(hyperParameters(optimizer, options));
  if (rule.fullBatch && batch !== 'all') {
    throw new UsageError(
      `optimizer ${optimizer} needs the gradient of all rows, found batch ${batch}: add --batch all`,
    );
  }
  if (options.averaging === 'swa' && options.epochs !== 'auto' && (options.swaStart ?? 1) > options.epochs) {
    throw new UsageError(
      `swaStart: epoch ${options.swaStart} is after the last, ${options.epochs}: take a smaller one`,
    );
  }
  if (!rule.lineSearch) return;
  if (!options.decayBiases) {
    throw new UsageError(
      `optimizer ${optimizer} searches along one gradient for all parameters, found decayBiases false: drop it`,
    );
  }
  for (const key of ['clip', 'clipValue', 'maxNorm', 'l1'] as const) {
    if (options[key]) {
      throw new UsageError(
        `optimizer ${optimizer} searches along the true gradient, found ${key} ${options[key]}: drop it, or take weightDecay`,
      );
    }
  }
}
