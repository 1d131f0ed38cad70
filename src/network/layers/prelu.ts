import { rowSums } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Applies the parametric ReLU (He et al. 2015): y = z for z > 0, a·z otherwise, where a is learned, one for
 * all units or one for each. ∂y/∂z = 1 or a; ∂y/∂a = z where z ≤ 0. At 0 the subgradient a is taken.
 */
export function prelu(width: number, perUnit: boolean): Layer {
  const slopes = perUnit ? width : 1;
  return defineLayer({
    kind: 'prelu',
    inputs: width,
    outputs: width,
    parameters: [{ name: 'weight', shape: [slopes], init: { constant: 0.25 }, decay: false }],
    saved: [slopes],

    forward({ rows }, { x, y, parameters: [a] }) {
      for (let i = 0; i < rows * width; i++) y[i] = x[i] > 0 ? x[i] : a[(i % width) % slopes] * x[i];
    },

    backward(pass, arrays) {
      const { rows } = pass;
      const {
        x,
        dy,
        dx,
        parameters: [a],
        gradients: [slopeGradient],
        saved: [da],
      } = arrays;
      da.fill(0, 0, rows * slopes);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) {
          const i = r * width + n;
          if (!(x[i] > 0)) da[r * slopes + (n % slopes)] += dy[i] * x[i];
          if (dx) dx[i] = x[i] > 0 ? dy[i] : a[n % slopes] * dy[i];
        }
      }
      rowSums(pass, slopeGradient, da, slopes);
    },
  });
}
