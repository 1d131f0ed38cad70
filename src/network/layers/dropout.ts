import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * Dropout (Srivastava et al. 2014), inverted: in training y_i = x_i/(1−p) where a uniform draw is at least p, else 0; outside
 * training y = x. The mask is a function of (seed, step, row, layer, unit), so it is the same whoever computes it.
 */
export function dropout(width: number, p: number): Layer {
  return {
    kind: 'dropout',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [width],
    multiplyAdds: 0,

    forward({ kernels, rows, training, key, firstRow }: Pass, { x, y, saved: [mask], id }: LayerArrays) {
      const count = rows * width;
      if (training) kernels.uniform(mask, rows, width, key, firstRow, id);
      const kept = 1 / (1 - p);
      for (let i = 0; i < count; i++) {
        mask[i] = !training ? 1 : mask[i] >= p ? kept : 0;
        y[i] = x[i] * mask[i];
      }
    },

    backward({ rows }: Pass, { dy, dx, saved: [mask] }: LayerArrays) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = dy[i] * mask[i];
    },
  };
}
