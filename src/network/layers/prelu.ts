import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * Parametric ReLU (He et al. 2015): y = z for z > 0, a·z otherwise, with a learned: one for all units, or one for each.
 * ∂y/∂z = 1 or a; ∂y/∂a = z where z ≤ 0. At 0 the subgradient a is taken.
 */
export function prelu(width: number, perUnit: boolean): Layer {
  const slopes = perUnit ? width : 1;
  return {
    kind: 'prelu',
    inputs: width,
    outputs: width,
    parameters: [{ name: 'weight', shape: [slopes], init: { constant: 0.25 } }],
    saved: [slopes],
    multiplyAdds: 0,

    forward({ rows }: Pass, { x, y, parameters: [a] }: LayerArrays) {
      for (let i = 0; i < rows * width; i++) y[i] = x[i] > 0 ? x[i] : a[(i % width) % slopes] * x[i];
    },

    backward({ kernels, rows, subtrees, mode }: Pass, arrays: LayerArrays) {
      const {
        x,
        dy,
        dx,
        parameters: [a],
        gradients,
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
      for (const subtree of subtrees)
        kernels.columnSums(gradients[subtree.slot][0], da, subtree, slopes, mode);
    },
  };
}
