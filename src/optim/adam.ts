/**
 * Adam (Kingma & Ba 2015) and the rules derived from it. They differ only in the factors on the two moments,
 * which the kernels' single `adam` step takes as scalars: w ← shrink·w − η(m + share·g)/(√v/root + ε).
 */
import { exp, ln } from '../elementary.js';
import type { HyperValues } from '../hyperparameters.js';
import type { Kernels } from '../kernels/kernels.js';
import type { StepScalars } from '../kernels/steps.js';
import { update } from './elementwise.js';
import { betas, decoupledWeightDecay, eps, notNegative, weightDecay } from './hyper.js';
import { power } from './power.js';
import { rule, type StepScale, type UpdateArrays, type UpdateRule } from './rule.js';

type Scalars = StepScalars<'adam'>;

const momentumDecay = {
  schema: notNegative,
  default: 0.004,
  help: 'how fast the momentum grows to its full value',
} as const;

const ADAM = { betas, eps, weightDecay } as const;
const DECOUPLED = { betas, eps, weightDecay: decoupledWeightDecay } as const;
type Adam = HyperValues<typeof ADAM>;

/** Returns the scalars of Adam itself, with the bias of both moments corrected. */
function adamScalars(hyper: Adam, { step, lr, gradientScale }: StepScale): Scalars {
  const [beta1, beta2] = hyper.betas;
  return {
    lr: lr / (1 - power(beta1, step)),
    gradientShare: 0,
    beta1,
    beta2,
    root: Math.sqrt(1 - power(beta2, step)),
    eps: hyper.eps,
    weightDecay: hyper.weightDecay,
    shrink: 1,
    gradientScale,
  };
}

/** Makes a step of Adam in which `change` replaces some of the scalars. */
function adamStep<Hyper extends Adam>(
  change: (hyper: Hyper, scale: StepScale) => Partial<Scalars>,
): (kernels: Kernels, arrays: UpdateArrays, hyper: Hyper, scale: StepScale) => void {
  return (kernels, { weights, gradient, slots: [m, v, largest] }, hyper, scale) => {
    const scalars = { ...adamScalars(hyper, scale), ...change(hyper, scale) };
    update(kernels, 'adam', weights, gradient, [m, v, largest ?? null], scalars);
  };
}

/**
 * Returns the scalars in which NAdam differs from Adam (Dozat 2016): the momentum μₜ grows towards β₁, and
 * the step takes a share of the gradient itself.
 */
function nadamScalars(
  { betas: [beta1], momentumDecay }: Adam & { readonly momentumDecay: number },
  { step, lr }: StepScale,
): Partial<Scalars> {
  const fade = exp(momentumDecay * ln(0.96));
  let faded = 1; // 0.96^(i·momentumDecay)
  let product = 1; // μ₁·…·μᵢ
  let mu = 0; // μᵢ
  for (let i = 1; i <= step; i++) {
    faded *= fade;
    mu = beta1 * (1 - 0.5 * faded);
    product *= mu;
    if (product < Number.EPSILON / 8) {
      // 1 − product is 1 from here on, so only the last μ is still needed.
      faded = exp(step * momentumDecay * ln(0.96));
      mu = beta1 * (1 - 0.5 * faded);
      break;
    }
  }
  const nextMu = beta1 * (1 - 0.5 * faded * fade);
  const rate = (lr * nextMu) / (1 - product * nextMu);
  return { lr: rate, gradientShare: (lr * (1 - mu)) / (1 - product) / rate };
}

/**
 * Returns the scalars in which RAdam differs from Adam (Liu et al. 2020). Its ρ counts how many squares v is
 * a mean of: up to 5 the variance of 1/√v is unknown, so the step goes along the mean alone.
 */
function radamScalars({ betas: [beta1, beta2] }: Adam, { step, lr }: StepScale): Partial<Scalars> {
  const decay = power(beta2, step);
  const rhoMax = 2 / (1 - beta2) - 1;
  const rho = rhoMax - (2 * step * decay) / (1 - decay);
  const rate = lr / (1 - power(beta1, step));
  if (rho <= 5) return { lr: rate, root: Number.POSITIVE_INFINITY, eps: 1 }; // √v/∞ + 1
  const rectified = Math.sqrt(((rho - 4) * (rho - 2) * rhoMax) / ((rhoMax - 4) * (rhoMax - 2) * rho));
  return { lr: rate * rectified * Math.sqrt(1 - decay), root: 1 };
}

export const ADAM_RULES = {
  adam: rule({
    formula: 'g ← g + λw; m ← β₁m + (1−β₁)g; v ← β₂v + (1−β₂)g²; w ← w − η·m̂/(√v̂ + ε)',
    torch: 'Adam',
    lr: 0.001,
    hyper: ADAM,
    slots: () => ['m', 'v'],
    step: adamStep(() => ({})),
  }),
  adamw: rule({
    formula: 'w ← w − ηλw, then Adam without decay in g',
    torch: 'AdamW',
    lr: 0.001,
    hyper: DECOUPLED,
    slots: () => ['m', 'v'],
    step: adamStep(({ weightDecay }, { lr }) => ({ weightDecay: 0, shrink: 1 - lr * weightDecay })),
  }),
  amsgrad: rule({
    formula: 'Adam with the largest v so far in place of v',
    torch: 'Adam(amsgrad=True)',
    lr: 0.001,
    hyper: ADAM,
    slots: () => ['m', 'v', 'largest'],
    step: adamStep(() => ({})),
  }),
  nadam: rule({
    formula: 'Adam with w ← w − η(μₜ₊₁m̂ + (1−μₜ)ĝ)/(√v̂ + ε), μₜ = β₁(1 − ½·0.96^(t·momentumDecay))',
    torch: 'NAdam (of PyTorch 2: before, one factor μₜ was too many)',
    lr: 0.002,
    hyper: { ...ADAM, momentumDecay },
    slots: () => ['m', 'v'],
    step: adamStep(nadamScalars),
  }),
  radam: rule({
    formula: 'Adam with the step rectified by the variance of 1/√v̂; w ← w − η·m̂ while it is unknown',
    torch: 'RAdam',
    lr: 0.001,
    hyper: ADAM,
    slots: () => ['m', 'v'],
    step: adamStep(radamScalars),
  }),
  adamax: rule({
    formula: 'm as in Adam; u ← max(β₂u, |g| + ε); w ← w − η·m̂/u',
    torch: 'Adamax',
    lr: 0.002,
    hyper: ADAM,
    slots: () => ['m', 'largest'],
    step(kernels, { weights, gradient, slots: [m, largest] }, hyper, { step, lr, gradientScale }) {
      const [beta1, beta2] = hyper.betas;
      const { eps, weightDecay } = hyper;
      const rate = lr / (1 - power(beta1, step));
      const scalars = { lr: rate, beta1, beta2, eps, weightDecay, gradientScale };
      update(kernels, 'adamax', weights, gradient, [m, largest], scalars);
    },
  }),
  lamb: rule({
    formula: 'r = m̂/(√v̂ + ε) + λw; w ← w − η·(‖w‖/‖r‖)·r, the norms over each parameter',
    torch: 'You et al. 2020, with φ(‖w‖) = ‖w‖',
    lr: 0.001,
    hyper: { ...DECOUPLED, eps: { ...eps, default: 1e-6 } },
    wholeBlock: true,
    slots: () => ['m', 'v', 'direction'],
    step(kernels, { weights, gradient, slots: [m, v, direction], views }, hyper, scale) {
      direction.set(weights); // With shrink −λ and η 1, Adam's step turns these into −r.
      const scalars = {
        ...adamScalars(hyper, { ...scale, lr: 1 }),
        weightDecay: 0,
        shrink: -hyper.weightDecay,
      };
      update(kernels, 'adam', direction, gradient, [m, v, null], scalars);
      for (const { offset, length } of views ?? [{ offset: 0, length: weights.length }]) {
        const [w, r] = [weights, direction].map((block) => block.subarray(offset, offset + length));
        const [ww, rr] = [w, r].map((block) => kernels.sumOfSquares(block, length));
        const trust = ww > 0 && rr > 0 ? Math.sqrt(ww / rr) : 1;
        const step = { lr: -scale.lr * trust, momentum: 0, nesterov: 0, weightDecay: 0, gradientScale: 1 };
        update(kernels, 'sgd', w, r, [null], step);
      }
    },
  }),
} satisfies Record<string, UpdateRule>;
