import type { Layer, LayerArrays, Pass } from '../layer.js';

/** y_i = e^{z_i} / Σ_j e^{z_j}, a vector activation: ∂y_j/∂z_i = y_j(δ_ij − y_i) (lecture, section 4). */
export function softmax(width: number): Layer {
  return {
    kind: 'softmax',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [],
    multiplyAdds: 0,

    forward({ kernels, rows }: Pass, { x, y }: LayerArrays) {
      kernels.softmax(y, x, rows, width);
    },

    backward({ kernels, rows }: Pass, { y, dy, dx }: LayerArrays) {
      if (dx) kernels.softmaxBackward(dx, dy, y, rows, width);
    },
  };
}
