/**
 * Update rules. Subtraction from the weights happens in the kernels' step, or where a line search ends, and nowhere
 * else. A rule is one entry of RULES; one list drives the tests.
 */

import { ADAM_RULES } from './adam.js';
import { ADAPTIVE_RULES } from './adaptive.js';
import { update } from './elementwise.js';
import { lbfgs } from './lbfgs.js';
import type { Hyper, UpdateRule } from './rule.js';
import { SIGN_RULES } from './sign.js';

export { power } from './power.js';
export type * from './rule.js';

export const RULES = {
  sgd: {
    formula: 'v ← μv + g + λw; w ← w − η·v (Nesterov: w − η(g + λw + μv))',
    torch: 'SGD',
    lr: 0.1,
    defaults: { momentum: 0.9 },
    slots: ({ momentum }) => (momentum > 0 ? ['momentum'] : []),
    step(kernels, { weights, gradient, slots: [v] }, hyper, { lr, gradientScale }) {
      const { momentum, weightDecay } = hyper;
      const nesterov = Number(hyper.nesterov);
      const scalars = { lr, momentum, nesterov, weightDecay, gradientScale };
      update(kernels, 'sgd', weights, gradient, [momentum > 0 ? v : null], scalars);
    },
  },
  ...ADAM_RULES,
  ...ADAPTIVE_RULES,
  ...SIGN_RULES,
  lbfgs,
} as const satisfies Record<string, UpdateRule>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as RuleName[];

const DEFAULTS: Hyper = {
  momentum: 0,
  nesterov: false,
  betas: [0.9, 0.999],
  eps: 1e-8,
  weightDecay: 0,
  lrDecay: 0,
  rho: 0.9,
  alpha: 0.99,
  centered: false,
  momentumDecay: 0.004,
  etas: [0.5, 1.2],
  stepSizes: [1e-6, 50],
  historySize: 10,
};

/** A rule's hyper-parameters: those given, else the rule's own defaults, else everyone's. */
export function hyperParameters(
  name: RuleName,
  given: { readonly [Key in keyof Hyper]?: Hyper[Key] | undefined },
): Hyper {
  const { defaults }: UpdateRule = RULES[name];
  const own: Hyper = { ...DEFAULTS, ...defaults };
  const keys = Object.keys(own) as (keyof Hyper)[];
  return Object.fromEntries(keys.map((key) => [key, given[key] ?? own[key]])) as unknown as Hyper;
}
