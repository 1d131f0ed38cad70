import { ACTIVATIONS, type Activation, type ActivationName } from '../activations.js';
import { rowSums } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Mixes each unit with its activation: y = x + a·(f(x) − x), a learned for each unit and 1 at first (the
 * parametric activation of RealMLP, Holzmüller et al. 2024). ∂Div/∂a = (f(x) − x)·∂Div/∂y and ∂Div/∂x =
 * ∂Div/∂y + a·(f′(x)·∂Div/∂y − ∂Div/∂y). As in pytabkit, weight decay acts on a.
 */
export function parametric(name: ActivationName, width: number, rate: number): Layer {
  const { parameter, init }: Activation = ACTIVATIONS[name];
  const p = parameter?.default ?? 0;
  return defineLayer({
    kind: 'parametric',
    inputs: width,
    outputs: width,
    parameters: [{ name: 'weight', shape: [width], init: { constant: 1 }, rateFactor: rate }],
    saved: [width, width], // f(x); (f(x) − x)·∂y, then f′(x)·∂y
    initializer: init,

    forward({ kernels, rows }, { x, y, parameters: [a], saved: [f] }) {
      kernels.activate(name, f, x, rows * width, p);
      kernels.mixColumns(y, x, f, a, rows, width);
    },

    backward(pass, { x, dy, dx, parameters: [a], gradients: [da], saved: [f, product] }) {
      const { kernels, rows } = pass;
      kernels.multiplyDifference(product, dy, f, x, rows * width);
      rowSums(pass, da, product, width);
      if (!dx) return;
      kernels.activateBackward(name, product, dy, x, f, rows * width, p);
      kernels.mixColumns(dx, dy, product, a, rows, width);
    },
  });
}
