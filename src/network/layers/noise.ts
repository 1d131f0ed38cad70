import { normalQuantile } from '../../random.js';
import type { Layer, LayerArrays, Pass } from '../layer.js';

/** In training y = x + σ·N(0,1), drawn for each (seed, step, row, layer, unit); outside training y = x. */
export function noise(width: number, deviation: number): Layer {
  return {
    kind: 'noise',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [width],
    multiplyAdds: 0,

    forward({ kernels, rows, training, key, firstRow }: Pass, { x, y, saved: [draws], id }: LayerArrays) {
      if (training) kernels.uniform(draws, rows, width, key, firstRow, id);
      for (let i = 0; i < rows * width; i++) {
        y[i] = training ? x[i] + deviation * normalQuantile(draws[i] + 2 ** -25) : x[i];
      }
    },

    backward({ rows }: Pass, { dy, dx }: LayerArrays) {
      if (dx) for (let i = 0; i < rows * width; i++) dx[i] = dy[i];
    },
  };
}
