import type { Kernels } from '../kernels.js';

/** The element-wise steps of SGD, Adam and AdamW as PyTorch defines them. */
export const optim: Pick<Kernels, 'sgd' | 'adam'> = {
  sgd(w, g, v, count, { lr, momentum, nesterov, weightDecay, gradientScale }) {
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + weightDecay * w[i];
      let direction = gradient;
      if (v !== null) {
        v[i] = momentum * v[i] + gradient;
        direction = nesterov ? gradient + momentum * v[i] : v[i];
      }
      w[i] -= lr * direction;
    }
  },

  adam(w, g, m, v, count, step) {
    const { lr, beta1, beta2, eps, weightDecay, decoupled, correction1, correction2, gradientScale } = step;
    for (let i = 0; i < count; i++) {
      const gradient = g[i] * gradientScale + (decoupled ? 0 : weightDecay * w[i]);
      if (decoupled) w[i] *= 1 - lr * weightDecay;
      m[i] = beta1 * m[i] + (1 - beta1) * gradient;
      v[i] = beta2 * v[i] + (1 - beta2) * gradient * gradient;
      w[i] -= ((lr / correction1) * m[i]) / (Math.sqrt(v[i]) / Math.sqrt(correction2) + eps);
    }
  },
};
