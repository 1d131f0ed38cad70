/** The rules that divide the gradient by the root of its past squares. */
import { z } from 'zod';
import { update } from './elementwise.js';
import { eps, fraction, meanSquareDecay, momentum, notNegative, weightDecay } from './hyper.js';
import { rule, type UpdateRule } from './rule.js';

export const ADAPTIVE_RULES = {
  adagrad: rule({
    formula: 'g ← g + λw; s ← s + g²; w ← w − η/(1 + (t−1)·lrDecay)·g/(√s + ε)',
    torch: 'Adagrad',
    lr: 0.01,
    hyper: {
      lrDecay: {
        schema: notNegative,
        default: 0,
        help: 'divides the learning rate by 1 + lrDecay·(steps so far)',
      },
      eps: { ...eps, default: 1e-10 },
      weightDecay,
    },
    slots: () => ['sum'],
    step(
      kernels,
      { weights, gradient, slots: [sum] },
      { eps, weightDecay, lrDecay },
      { step, lr, gradientScale },
    ) {
      const rate = lr / (1 + (step - 1) * lrDecay);
      const scalars = { lr: rate, eps, weightDecay, gradientScale };
      update(kernels, 'adagrad', weights, gradient, [sum], scalars);
    },
  }),
  adadelta: rule({
    formula: 'g ← g + λw; s ← ρs + (1−ρ)g²; Δ = √(d+ε)/√(s+ε)·g; d ← ρd + (1−ρ)Δ²; w ← w − ηΔ',
    torch: 'Adadelta',
    lr: 1,
    hyper: {
      rho: { schema: fraction, default: 0.9, help: meanSquareDecay },
      eps: { ...eps, default: 1e-6 },
      weightDecay,
    },
    slots: () => ['square', 'change'],
    step(
      kernels,
      { weights, gradient, slots: [square, change] },
      { rho, eps, weightDecay },
      { lr, gradientScale },
    ) {
      const scalars = { lr, rho, eps, weightDecay, gradientScale };
      update(kernels, 'adadelta', weights, gradient, [square, change], scalars);
    },
  }),
  rmsprop: rule({
    formula: 'g ← g + λw; s ← αs + (1−α)g²; v ← μv + g/(√s + ε) (centered: √(s − ḡ²)); w ← w − ηv',
    torch: 'RMSprop',
    lr: 0.01,
    hyper: {
      alpha: { schema: fraction, default: 0.99, help: meanSquareDecay },
      eps,
      momentum: { ...momentum, default: 0 },
      centered: {
        schema: z.boolean(),
        default: false,
        help: 'divides by the standard deviation of the gradient, not by its root mean square',
      },
      weightDecay,
    },
    slots: ({ centered, momentum }) => [
      'square',
      ...(centered ? ['mean'] : []),
      ...(momentum > 0 ? ['momentum'] : []),
    ],
    step(kernels, { weights, gradient, slots: [square, ...more] }, hyper, { lr, gradientScale }) {
      const { alpha, eps, momentum, centered, weightDecay } = hyper;
      const mean = centered ? more[0] : null;
      const velocity = momentum > 0 ? more[centered ? 1 : 0] : null;
      const scalars = { lr, alpha, eps, momentum, weightDecay, gradientScale };
      update(kernels, 'rmsprop', weights, gradient, [square, mean, velocity], scalars);
    },
  }),
} satisfies Record<string, UpdateRule>;
