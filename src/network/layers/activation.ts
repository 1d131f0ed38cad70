import { ACTIVATIONS, type Activation, type ActivationName } from '../activations.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Applies a scalar activation to each unit: y_i = f(z_i). Backward is ∂Div/∂z_i = f′(z_i) ∂Div/∂y_i, the
 * "backward equivalent of the activation" (lecture, section 3).
 */
export function activation(name: ActivationName, width: number, parameter?: number): Layer {
  const { parameter: declared, init, gradient, probabilities }: Activation = ACTIVATIONS[name];
  const p = parameter ?? declared?.default ?? 0;
  return defineLayer({
    kind: name,
    inputs: width,
    outputs: width,
    initializer: init,
    gradient,
    probabilities,
    rectifies: name === 'relu' && p === 0,

    forward({ kernels, rows }, { x, y }) {
      kernels.activate(name, y, x, rows * width, p);
    },

    backward({ kernels, rows }, { x, y, dy, dx }) {
      if (dx) kernels.activateBackward(name, dx, dy, x, y, rows * width, p);
    },
  });
}
