import { defineLayer, type Layer } from '../layer.js';

/**
 * Computes y_i = z_i − log Σ_j e^{z_j}, a vector activation: ∂y_j/∂z_i = δ_ij − e^{y_i} (lecture, section 4).
 */
export function logSoftmax(width: number): Layer {
  return defineLayer({
    kind: 'logSoftmax',
    inputs: width,
    outputs: width,
    probabilities: 'logarithms',

    forward({ kernels, rows }, { x, y }) {
      kernels.logSoftmax(y, x, rows, width);
    },

    backward({ kernels, rows }, { y, dy, dx }) {
      if (dx) kernels.logSoftmaxBackward(dx, dy, y, rows, width);
    },
  });
}
