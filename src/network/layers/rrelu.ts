import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * Randomised leaky ReLU (Xu et al. 2015): y = z for z ≥ 0, a·z otherwise; in training a is uniform in [lower, upper) for
 * each (seed, step, row, layer, unit), outside training their mean.
 */
export function rrelu(width: number, lower: number, upper: number): Layer {
  return {
    kind: 'rrelu',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [width],
    multiplyAdds: 0,

    forward({ kernels, rows, training, key, firstRow }: Pass, { x, y, saved: [slope], id }: LayerArrays) {
      if (training) kernels.uniform(slope, rows, width, key, firstRow, id);
      for (let i = 0; i < rows * width; i++) {
        slope[i] = x[i] >= 0 ? 1 : training ? lower + slope[i] * (upper - lower) : (lower + upper) / 2;
        y[i] = slope[i] * x[i];
      }
    },

    backward({ rows }: Pass, { dy, dx, saved: [slope] }: LayerArrays) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = slope[i] * dy[i];
    },
  };
}
