import type { Layer, LayerArrays, Pass } from '../layer.js';

/** y_i = z_i − log Σ_j e^{z_j}, a vector activation: ∂y_j/∂z_i = δ_ij − e^{y_i}. */
export function logSoftmax(width: number): Layer {
  return {
    kind: 'logSoftmax',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [],
    multiplyAdds: 0,

    forward({ kernels, rows }: Pass, { x, y }: LayerArrays) {
      kernels.logSoftmax(y, x, rows, width);
    },

    backward({ kernels, rows }: Pass, { y, dy, dx }: LayerArrays) {
      if (dx) kernels.logSoftmaxBackward(dx, dy, y, rows, width);
    },
  };
}
