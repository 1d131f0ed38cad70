import { rowSums, weightGradient } from '../gradients.js';
import { defineLayer, type Layer, type ParameterSpec, type RectifiedPasses } from '../layer.js';

/** How a dense layer differs from the plain one. */
interface DenseOptions {
  /** Whether there is a bias (default: true). */
  readonly bias?: boolean;
  /**
   * The neural tangent parametrisation (Jacot et al. 2018): z = xW/√inputs + b, where W and b begin as N(0,
   * 1).
   */
  readonly ntk?: boolean;
  /** How many times the learning rate of the others the bias has (default 1). */
  readonly biasRate?: number;
  /** Whether weights and biases begin at 0, as the last layer of RealMLP-TD-S does. */
  readonly zero?: boolean;
}

/**
 * Computes z_j = Σ_{i=0} w_ij x_i with x_0 = 1: a bias is a weight from a constant input (lecture, section
 * 2). Backward (lecture, section 3): ∂Div/∂w_ij = x_i ∂Div/∂z_j, for i = 0 (the bias) as well, and ∂Div/∂x_i
 * = Σ_j w_ij ∂Div/∂z_j. `weight` is [inputs, units]; model files hold PyTorch's transpose.
 */
export function dense(inputs: number, units: number, options: DenseOptions = {}): Layer {
  const { bias = true, ntk = false, biasRate = 1, zero = false } = options;
  const start = zero ? { constant: 0 } : ntk ? { normal: 1 } : null;
  const weight: ParameterSpec = {
    name: 'weight',
    shape: [inputs, units],
    init: start ?? { fanIn: inputs, fanOut: units },
  };
  const shift: ParameterSpec = {
    name: 'bias',
    shape: [units],
    init: start ?? { constant: 0 },
    rateFactor: biasRate,
    decay: false,
  };
  const factor = 1 / Math.sqrt(inputs);
  return defineLayer({
    kind: 'dense',
    inputs,
    outputs: units,
    parameters: bias ? [weight, shift] : [weight],
    saved: ntk ? [inputs] : [], // x/√inputs
    multiplyAdds: inputs * units,
    affine: true,
    ...(ntk ? {} : { rectified: rectified(inputs, units, bias), repeatable: true }),

    forward({ kernels, rows, shards }, { x, y, parameters: [w, b], saved: [scaled] }) {
      if (ntk) kernels.scale(scaled, x, rows * inputs, factor);
      kernels.affine(y, ntk ? scaled : x, w, b ?? null, shards, inputs, units);
    },

    backward(pass, { x, dy, dx, parameters: [w], gradients: [dw, db], saved: [scaled] }) {
      const { kernels, rows, shards } = pass;
      weightGradient(pass, dw, ntk ? scaled : x, dy, inputs, units);
      if (bias) rowSums(pass, db, dy, units);
      if (!dx) return;
      kernels.affineInputGradient(dx, dy, w, shards, inputs, units);
      if (ntk) kernels.scale(dx, dx, rows * inputs, factor);
    },
  });
}

/** Returns the passes of a plain dense layer together with those of ReLU after it, and before it. */
function rectified(inputs: number, units: number, bias: boolean): RectifiedPasses {
  return {
    forward({ kernels, shards }, { x, y, parameters: [w, b] }) {
      kernels.rectifiedAffine(y, x, w, b ?? null, shards, inputs, units);
    },

    backward(pass, { x, dy, dx, parameters: [w], gradients: [dw, db] }) {
      weightGradient(pass, dw, x, dy, inputs, units);
      if (bias) rowSums(pass, db, dy, units);
      if (dx) pass.kernels.rectifiedInputGradient(dx, dy, w, pass.shards, inputs, units, x);
    },
  };
}
