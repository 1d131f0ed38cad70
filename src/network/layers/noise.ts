import { normalQuantile } from '../../random.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Adds Gaussian noise in training: y = x + σ·N(0,1), drawn for each (seed, step, row, layer, unit). Outside
 * training y = x.
 */
export function noise(width: number, deviation: number): Layer {
  return defineLayer({
    kind: 'noise',
    inputs: width,
    outputs: width,
    saved: [width],

    forward({ kernels, rows, training, key, firstRow }, { x, y, saved: [draws], id }) {
      if (training) kernels.uniform(draws, rows, width, key, firstRow, id);
      for (let i = 0; i < rows * width; i++) {
        y[i] = training ? x[i] + deviation * normalQuantile(draws[i] + 2 ** -25) : x[i];
      }
    },

    backward({ rows }, { dy, dx }) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = dy[i];
    },
  });
}
