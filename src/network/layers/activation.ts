import { ACTIVATIONS, type Activation, type ActivationName } from '../activations.js';
import type { Layer, LayerArrays, Pass } from '../layer.js';

/** y_i = f(z_i) and ∂Div/∂z_i = f′(z_i) ∂Div/∂y_i: the "backward equivalent of the activation" (lecture, section 3). */
export function activation(name: ActivationName, width: number, parameter?: number): Layer {
  const { code, parameter: declared }: Activation = ACTIVATIONS[name];
  const p = parameter ?? declared?.default ?? 0;
  return {
    kind: name,
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [],
    multiplyAdds: 0,

    forward({ kernels, rows }: Pass, { x, y }: LayerArrays) {
      kernels.activate(code, y, x, rows * width, p);
    },

    backward({ kernels, rows }: Pass, { x, y, dy, dx }: LayerArrays) {
      if (dx) kernels.activateBackward(code, dx, dy, x, y, rows * width, p);
    },
  };
}
