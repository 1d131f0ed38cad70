/**
 * The rules that use only the signs of gradients: all weights move by the same amount, or each by an amount
 * of its own.
 */
import { z } from 'zod';
import { UsageError } from '../errors.js';
import { update } from './elementwise.js';
import { betas, decoupledWeightDecay, positive, weightDecay } from './hyper.js';
import { rule, type UpdateRule } from './rule.js';

export const SIGN_RULES = {
  lion: rule({
    formula: 'w ← w − η(sign(β₁m + (1−β₁)g) + λw); m ← β₂m + (1−β₂)g',
    torch: 'Chen et al. 2023',
    lr: 1e-4,
    hyper: { betas: { ...betas, default: [0.9, 0.99] }, weightDecay: decoupledWeightDecay },
    slots: () => ['m'],
    step(kernels, { weights, gradient, slots: [m] }, { betas, weightDecay }, { lr, gradientScale }) {
      const scalars = {
        lr,
        beta1: betas[0],
        beta2: betas[1],
        shrink: 1 - lr * weightDecay,
        gradientScale,
      };
      update(kernels, 'lion', weights, gradient, [m], scalars);
    },
  }),
  rprop: rule({
    formula: 's grows by η₊ while g keeps its sign and shrinks by η₋ when it turns; w ← w − sign(g)·s',
    torch: 'Rprop',
    lr: 0.01,
    hyper: {
      etas: {
        schema: z.tuple([positive.lt(1), z.number().gt(1)]),
        default: [0.5, 1.2],
        help: 'factors on a step size when the sign of its gradient turns, and when it stays',
      },
      stepSizes: {
        schema: z.tuple([positive, positive]),
        default: [1e-6, 50],
        help: 'smallest and largest step size',
      },
      weightDecay,
    },
    fullBatch: true,
    check({ stepSizes: [smallest, largest] }) {
      if (smallest <= largest) return;
      throw new UsageError(
        `stepSizes: the least, ${smallest}, is above the largest, ${largest}: exchange them`,
      );
    },
    slots: () => ['before', 'stepSize'],
    step(kernels, { weights, gradient, slots: [before, size] }, hyper, { step, lr, gradientScale }) {
      if (step === 1) size.fill(lr);
      const [etaMinus, etaPlus] = hyper.etas;
      const [smallest, largest] = hyper.stepSizes;
      const { weightDecay } = hyper;
      const scalars = { etaMinus, etaPlus, smallest, largest, weightDecay, gradientScale };
      update(kernels, 'rprop', weights, gradient, [before, size], scalars);
    },
  }),
} satisfies Record<string, UpdateRule>;
