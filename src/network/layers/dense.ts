import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * z_j = Σ_{i=0} w_ij x_i with x_0 = 1: a bias is a weight from a constant input (lecture, section 2).
 * Backward (section 3): ∂Div/∂w_ij = x_i ∂Div/∂z_j, for i = 0 (the bias) as well; ∂Div/∂x_i = Σ_j w_ij ∂Div/∂z_j.
 * `weight` is [inputs, units]; model files hold PyTorch's transpose.
 */
export function dense(inputs: number, units: number, bias = true): Layer {
  const weight = { name: 'weight', shape: [inputs, units], init: { fanIn: inputs, fanOut: units } };
  return {
    kind: 'dense',
    inputs,
    outputs: units,
    parameters: bias ? [weight, { name: 'bias', shape: [units], init: { constant: 0 } }] : [weight],
    saved: [],
    multiplyAdds: inputs * units,

    forward({ kernels, shards }: Pass, { x, y, parameters: [w, b] }: LayerArrays) {
      kernels.affine(y, x, w, b ?? null, shards, inputs, units);
    },

    backward(
      { kernels, shards, subtrees, mode }: Pass,
      { x, dy, dx, parameters: [w], gradients }: LayerArrays,
    ) {
      for (const subtree of subtrees) {
        const [dw, db] = gradients[subtree.slot];
        kernels.affineWeightGradient(dw, x, dy, subtree, inputs, units, mode);
        if (db) kernels.columnSums(db, dy, subtree, units, mode);
      }
      if (dx) kernels.affineInputGradient(dx, dy, w, shards, inputs, units);
    },
  };
}
