/** The element-wise steps of the update rules, as plain loops. */
import type { FloatArray, Kernels } from '../kernels.js';
import { STEPS, type StepName, type StepScalars } from '../steps.js';

type Step<Name extends StepName> = (
  w: FloatArray,
  g: FloatArray,
  slots: readonly (FloatArray | null)[],
  count: number,
  scalars: StepScalars<Name>,
) => void;

export const stepKernels: Pick<Kernels, 'update'> = {
  update(name, w, g, slots, count, scalars, addend) {
    if (addend) for (let i = 0; i < count; i++) g[i] += addend[i];
    const named = Object.fromEntries(STEPS[name].map((key, index) => [key, scalars[index]]));
    (steps[name] as Step<typeof name>)(w, g, slots, count, named as never);
  },
};

/**
 * Returns what a slot keeps of an average or a velocity: 0 where it is subnormal. Without new gradients it
 * decays, as that of a pixel which is black in nearly all images does, and would end at a few units of the
 * smallest float, from which rounding keeps it: 0.9 · 4 units are 4 units. It would change no weight, but
 * Intel's processors take a hundred times as long to multiply such numbers.
 */
const settled = (x: number): number => (Math.abs(x) < SMALLEST_NORMAL ? 0 : x);
const SMALLEST_NORMAL = 2 ** -126;

/** The steps, defined as in PyTorch where PyTorch has them, but for what `settled` does. */
const steps: { readonly [Name in StepName]: Step<Name> } = {
  /** v ← μv + g + λw; w ← w − η·v, with Nesterov's momentum w − η(g + λw + μv) */
  sgd(w, g, [v], count, { lr, momentum, nesterov, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      let direction = gradient;
      if (v) {
        v[i] = settled(momentum * v[i] + gradient);
        direction = nesterov ? gradient + momentum * v[i] : v[i];
      }
      w[i] -= lr * direction;
    }
  },

  /**
   * w ← shrink·w − η(m + share·g)/(√v/root + ε): Adam and its relatives; η, share and root hold their bias
   * corrections.
   */
  adam(w, g, [m, v, largest], count, scalars) {
    const { lr, gradientShare, beta1, beta2, root, eps, weightDecay, shrink, gradientScale } = scalars;
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      m![i] = settled(beta1 * m![i] + (1 - beta1) * gradient);
      v![i] = settled(beta2 * v![i] + (1 - beta2) * gradient * gradient);
      if (largest) largest[i] = Math.max(largest[i], v![i]);
      const denominator = Math.sqrt((largest ?? v!)[i]) / root + eps;
      w[i] = shrink * w[i] - (lr * (m![i] + gradientShare * gradient)) / denominator;
    }
  },

  adagrad(w, g, [sum], count, { lr, eps, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      sum![i] += gradient * gradient;
      w[i] -= (lr * gradient) / (Math.sqrt(sum![i]) + eps);
    }
  },

  adadelta(w, g, [square, change], count, { lr, rho, eps, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      square![i] = settled(rho * square![i] + (1 - rho) * gradient * gradient);
      const delta = (Math.sqrt(change![i] + eps) / Math.sqrt(square![i] + eps)) * gradient;
      change![i] = settled(rho * change![i] + (1 - rho) * delta * delta);
      w[i] -= lr * delta;
    }
  },

  /**
   * w ← w − η·v, where v ← μv + g/(√s + ε) and s is the mean square of g or, with a mean (centered), its
   * variance. Rounding could take the variance below 0, so it is cut off there.
   */
  rmsprop(w, g, [square, mean, v], count, { lr, alpha, eps, momentum, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      square![i] = settled(alpha * square![i] + (1 - alpha) * gradient * gradient);
      if (mean) mean[i] = settled(alpha * mean[i] + (1 - alpha) * gradient);
      const variance = mean ? Math.max(0, square![i] - mean[i] * mean[i]) : square![i];
      let direction = gradient / (Math.sqrt(variance) + eps);
      if (v) {
        v[i] = settled(momentum * v[i] + direction);
        direction = v[i];
      }
      w[i] -= lr * direction;
    }
  },

  adamax(w, g, [m, largest], count, { lr, beta1, beta2, eps, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      m![i] = settled(beta1 * m![i] + (1 - beta1) * gradient);
      largest![i] = Math.max(beta2 * largest![i], Math.abs(gradient) + eps);
      w[i] -= (lr * m![i]) / largest![i];
    }
  },

  lion(w, g, [m], count, { lr, beta1, beta2, shrink, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale;
      const direction = Math.sign(beta1 * m![i] + (1 - beta1) * gradient);
      m![i] = settled(beta2 * m![i] + (1 - beta2) * gradient);
      w[i] = shrink * w[i] - lr * direction;
    }
  },

  /**
   * w ← w − sign(g)·size. Where g has changed its sign, the last step went too far: it is not taken back, but
   * the weight stays this time, and g is forgotten, so that the next step is compared with nothing.
   */
  rprop(w, g, [before, size], count, { etaMinus, etaPlus, smallest, largest, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      let gradient = g[i] * gradientScale + weightDecay * w[i];
      const agreement = Math.sign(gradient) * Math.sign(before![i]);
      const factor = agreement > 0 ? etaPlus : agreement < 0 ? etaMinus : 1;
      size![i] = Math.min(largest, Math.max(smallest, size![i] * factor));
      if (agreement < 0) gradient = 0;
      before![i] = gradient;
      w[i] -= Math.sign(gradient) * size![i];
    }
  },

  /** g ← clamp(g, ±clipValue) + l1·sign w */
  regularize(w, g, _, count, { clipValue, l1, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const clipped = Math.min(clipValue, Math.max(-clipValue, g[i] * gradientScale));
      g[i] = clipped + l1 * Math.sign(w[i]);
    }
  },
};
