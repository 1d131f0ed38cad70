import { defineLayer, type Layer } from '../layer.js';

/**
 * Drops units at random (dropout, Srivastava et al. 2014) and scales the others up: in training y_i =
 * x_i/(1−p) where a uniform draw is at least p, else 0; outside training y = x. A schedule may scale p. The
 * mask is a function of (seed, step, row, layer, unit), so any worker computes the same mask for a row.
 */
export function dropout(width: number, probability: number): Layer {
  return defineLayer({
    kind: 'dropout',
    inputs: width,
    outputs: width,
    saved: [width],
    drops: true,

    forward(pass, { x, y, saved: [mask], id }) {
      const { kernels, rows, training, key, firstRow, dropoutFactor = 1 } = pass;
      const count = rows * width;
      const p = probability * dropoutFactor;
      if (training) kernels.uniform(mask, rows, width, key, firstRow, id);
      const kept = 1 / (1 - p);
      for (let i = 0; i < count; i++) {
        mask[i] = !training ? 1 : mask[i] >= p ? kept : 0;
        y[i] = x[i] * mask[i];
      }
    },

    backward({ rows }, { dy, dx, saved: [mask] }) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = dy[i] * mask[i];
    },
  });
}
