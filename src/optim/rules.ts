/**
 * Update rules: hyper-parameters, the slots they keep, and one step over flat arrays. Subtraction from the weights
 * happens in the kernels' step and nowhere else. A rule is one entry of RULES; one list drives the tests.
 */
import type { FloatArray, Kernels } from '../kernels/kernels.js';

/** The block being updated, or the same slice of each of its arrays. */
export interface UpdateArrays {
  readonly weights: FloatArray;
  /** the sum over the batch's rows; `gradientScale` makes it the mean */
  readonly gradient: FloatArray;
  readonly slots: readonly FloatArray[];
}

/** What changes from step to step. */
export interface StepScale {
  /** t = 1, 2, … */
  readonly step: number;
  readonly lr: number;
  /** 1/T, times the clipping coefficient */
  readonly gradientScale: number;
}

export interface Hyper {
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
}

export interface UpdateRule {
  readonly formula: string;
  readonly torch: string;
  readonly lr: number;
  /** the arrays it keeps beside the weights, all zero at first */
  slots(hyper: Hyper): readonly string[];
  step(kernels: Kernels, arrays: UpdateArrays, hyper: Hyper, scale: StepScale): void;
}

export const RULES = {
  sgd: {
    formula: 'v ← μv + g + λw; w ← w − η·v (Nesterov: w − η(g + λw + μv))',
    torch: 'SGD',
    lr: 0.1,
    slots: ({ momentum }) => (momentum > 0 ? ['momentum'] : []),
    step(
      kernels,
      { weights, gradient, slots: [v] },
      { momentum, nesterov, weightDecay },
      { lr, gradientScale },
    ) {
      kernels.sgd(weights, gradient, v ?? null, weights.length, {
        lr,
        momentum,
        nesterov,
        weightDecay,
        gradientScale,
      });
    },
  },
  adam: {
    formula: 'g ← g + λw; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − η·m̂/(√v̂ + ε)',
    torch: 'Adam',
    lr: 0.001,
    slots: () => ['m', 'v'],
    step: adamStep(false),
  },
  adamw: {
    formula: 'w ← w − ηλw, then Adam without decay in g',
    torch: 'AdamW',
    lr: 0.001,
    slots: () => ['m', 'v'],
    step: adamStep(true),
  },
} as const satisfies Record<string, UpdateRule>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as RuleName[];

/** Adam (Kingma & Ba 2015) with both moments' bias corrected; decoupled: AdamW (Loshchilov & Hutter 2019). */
function adamStep(decoupled: boolean): UpdateRule['step'] {
  return (kernels, { weights, gradient, slots: [m, v] }, hyper, { step, lr, gradientScale }) => {
    const [beta1, beta2] = hyper.betas;
    kernels.adam(weights, gradient, m, v, weights.length, {
      lr,
      beta1,
      beta2,
      eps: hyper.eps,
      weightDecay: hyper.weightDecay,
      decoupled,
      correction1: 1 - power(beta1, step),
      correction2: 1 - power(beta2, step),
      gradientScale,
    });
  };
}

/** base^n for a whole n ≥ 0 by squaring: multiplications only, so the same bits on every machine. */
export function power(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
