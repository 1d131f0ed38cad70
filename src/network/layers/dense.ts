import { rowSums, weightGradient } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Computes z_j = Σ_{i=0} w_ij x_i with x_0 = 1: a bias is a weight from a constant input (lecture, section
 * 2). Backward (lecture, section 3): ∂Div/∂w_ij = x_i ∂Div/∂z_j, for i = 0 (the bias) as well, and ∂Div/∂x_i
 * = Σ_j w_ij ∂Div/∂z_j. `weight` is [inputs, units]; model files hold PyTorch's transpose.
 */
export function dense(inputs: number, units: number, bias = true): Layer {
  const weight = { name: 'weight', shape: [inputs, units], init: { fanIn: inputs, fanOut: units } };
  const shift = { name: 'bias', shape: [units], init: { constant: 0 }, decay: false } as const;
  return defineLayer({
    kind: 'dense',
    inputs,
    outputs: units,
    parameters: bias ? [weight, shift] : [weight],
    multiplyAdds: inputs * units,
    affine: true,

    forward({ kernels, shards }, { x, y, parameters: [w, b] }) {
      kernels.affine(y, x, w, b ?? null, shards, inputs, units);
    },

    backward(pass, { x, dy, dx, parameters: [w], gradients: [dw, db] }) {
      weightGradient(pass, dw, x, dy, inputs, units);
      if (bias) rowSums(pass, db, dy, units);
      if (dx) pass.kernels.affineInputGradient(dx, dy, w, pass.shards, inputs, units);
    },
  });
}
