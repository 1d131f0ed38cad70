import { rowSums } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Multiplies each input by a learned factor: y = a·x, a one for each input and 1 at first (Holzmüller et al.
 * 2024 let it select features, with a rate six times that of the others). ∂Div/∂a = x·∂Div/∂y and ∂Div/∂x =
 * a·∂Div/∂y.
 */
export function scale(width: number, rate: number): Layer {
  return defineLayer({
    kind: 'scale',
    inputs: width,
    outputs: width,
    parameters: [{ name: 'weight', shape: [width], init: { constant: 1 }, rateFactor: rate }],
    saved: [width], // x·∂y

    forward({ kernels, rows }, { x, y, parameters: [a] }) {
      kernels.scaleColumns(y, x, a, rows, width);
    },

    backward(pass, { x, dy, dx, parameters: [a], gradients: [da], saved: [product] }) {
      pass.kernels.multiply(product, x, dy, pass.rows * width);
      rowSums(pass, da, product, width);
      if (dx) pass.kernels.scaleColumns(dx, dy, a, pass.rows, width);
    },
  });
}
