/** Rules that look at signs alone: every weight of a step moves by the same amount, or by one of its own. */
import { update } from './elementwise.js';
import type { UpdateRule } from './rule.js';

export const SIGN_RULES = {
  lion: {
    formula: 'w ← w − η(sign(β₁m + (1−β₁)g) + λw); m ← β₂m + (1−β₂)g',
    torch: 'Chen et al. 2023',
    lr: 1e-4,
    defaults: { betas: [0.9, 0.99] },
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
  },
  rprop: {
    formula: 's grows by η₊ while g keeps its sign and shrinks by η₋ when it turns; w ← w − sign(g)·s',
    torch: 'Rprop',
    lr: 0.01,
    fullBatch: true,
    slots: () => ['before', 'stepSize'],
    step(kernels, { weights, gradient, slots: [before, size] }, hyper, { step, lr, gradientScale }) {
      if (step === 1) size.fill(lr);
      const [etaMinus, etaPlus] = hyper.etas;
      const [smallest, largest] = hyper.stepSizes;
      const { weightDecay } = hyper;
      const scalars = { etaMinus, etaPlus, smallest, largest, weightDecay, gradientScale };
      update(kernels, 'rprop', weights, gradient, [before, size], scalars);
    },
  },
} as const satisfies Record<string, UpdateRule>;
