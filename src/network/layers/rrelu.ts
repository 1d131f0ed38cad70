import { defineLayer, type Layer } from '../layer.js';

/**
 * Applies the randomised leaky ReLU (Xu et al. 2015): y = z for z ≥ 0, a·z otherwise. In training a is drawn
 * uniformly from [lower, upper) for each (seed, step, row, layer, unit); outside training it is the mean of
 * the two.
 */
export function rrelu(width: number, lower: number, upper: number): Layer {
  return defineLayer({
    kind: 'rrelu',
    inputs: width,
    outputs: width,
    saved: [width],

    forward({ kernels, rows, training, key, firstRow }, { x, y, saved: [slope], id }) {
      if (training) kernels.uniform(slope, rows, width, key, firstRow, id);
      for (let i = 0; i < rows * width; i++) {
        slope[i] = x[i] >= 0 ? 1 : training ? lower + slope[i] * (upper - lower) : (lower + upper) / 2;
        y[i] = slope[i] * x[i];
      }
    },

    backward({ rows }, { dy, dx, saved: [slope] }) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = slope[i] * dy[i];
    },
  });
}
