import { defineLayer, type Layer } from '../layer.js';

/**
 * Computes y_i = e^{z_i} / Σ_j e^{z_j}, a vector activation: ∂y_j/∂z_i = y_j(δ_ij − y_i) (lecture, section
 * 4).
 */
export function softmax(width: number): Layer {
  return defineLayer({
    kind: 'softmax',
    inputs: width,
    outputs: width,
    probabilities: 'distribution',

    forward({ kernels, rows }, { x, y }) {
      kernels.softmax(y, x, rows, width);
    },

    backward({ kernels, rows }, { y, dy, dx }) {
      if (dx) kernels.softmaxBackward(dx, dy, y, rows, width);
    },
  });
}
