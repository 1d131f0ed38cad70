/**
 * The list of all update rules. A rule is one entry of RULES; the configuration, the command line and the
 * tests read the list, so a new rule needs nothing else. A rule never subtracts from the weights itself: a
 * kernel's step does, or the end of a line search.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { type AllValues, type HyperValues, hyperValues } from '../hyperparameters.js';
import { ADAM_RULES } from './adam.js';
import { ADAPTIVE_RULES } from './adaptive.js';
import { update } from './elementwise.js';
import { momentum, weightDecay } from './hyper.js';
import { lbfgs } from './lbfgs.js';
import { rule, type UpdateRule } from './rule.js';
import { SIGN_RULES } from './sign.js';

export { power } from './power.js';
export type * from './rule.js';

export const RULES = {
  sgd: rule({
    formula: 'v ← μv + g + λw; w ← w − η·v (Nesterov: w − η(g + λw + μv))',
    torch: 'SGD',
    lr: 0.1,
    regressionLr: 0.01,
    hyper: {
      momentum,
      nesterov: { schema: z.boolean(), default: false, help: "uses Nesterov's momentum" },
      weightDecay,
    },
    check({ nesterov, momentum }) {
      if (!nesterov || momentum > 0) return;
      throw new UsageError(
        'nesterov needs momentum above 0, found momentum 0: set momentum 0.9 or drop nesterov',
      );
    },
    slots: ({ momentum }) => (momentum > 0 ? ['momentum'] : []),
    step(kernels, { weights, gradient, slots: [v] }, hyper, { lr, gradientScale }) {
      const { momentum, weightDecay } = hyper;
      const nesterov = Number(hyper.nesterov);
      const scalars = { lr, momentum, nesterov, weightDecay, gradientScale };
      update(kernels, 'sgd', weights, gradient, [momentum > 0 ? v : null], scalars);
    },
  }),
  ...ADAM_RULES,
  ...ADAPTIVE_RULES,
  ...SIGN_RULES,
  lbfgs,
} satisfies Record<string, UpdateRule>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as RuleName[];

type HyperOf<Name extends RuleName> = (typeof RULES)[Name]['hyper'];
/** The hyper-parameters of all rules, any of which may be given. */
export type HyperOptions = {
  readonly [Key in keyof RuleValues]?: RuleValues[Key] | undefined;
};
type RuleValues = AllValues<{ readonly [Name in RuleName]: HyperOf<Name> }>;

/** Returns the rule's hyper-parameters: those that are given, and its own defaults for the others. */
export function hyperParameters<Name extends RuleName>(
  name: Name,
  given: HyperOptions,
): HyperValues<HyperOf<Name>> {
  return hyperValues(RULES[name].hyper as HyperOf<Name>, given as object);
}
