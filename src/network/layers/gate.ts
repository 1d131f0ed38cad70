import { ACTIVATIONS, type ActivationName } from '../activations.js';
import type { Layer, LayerArrays, Pass } from '../layer.js';

/** The gated linear units of Dauphin et al. 2017 and Shazeer 2020, by the activation of the gate. */
export const GATES = {
  glu: 'sigmoid',
  swiglu: 'silu',
  geglu: 'gelu',
  reglu: 'relu',
  bilinear: 'identity',
} as const satisfies Record<string, ActivationName>;

export type GateName = keyof typeof GATES;

/**
 * The two halves of a row combined multiplicatively: y_i = a_i·f(b_i) with x = (a, b). From o = y_j·y_l follow
 * ∂Div/∂y_j = y_l·∂Div/∂o and the other way round (lecture, section 4): ∂a = f(b)·∂y and ∂b = f′(b)·a·∂y.
 */
export function gate(name: GateName, inputs: number): Layer {
  const width = inputs / 2;
  const { code } = ACTIVATIONS[GATES[name]];
  return {
    kind: name,
    inputs,
    outputs: width,
    parameters: [],
    saved: [width, width, width, width], // b, f(b), ∂f(b), ∂b
    multiplyAdds: 0,

    forward({ kernels, rows }: Pass, { x, y, saved: [b, opened] }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) b[r * width + n] = x[r * inputs + width + n];
      }
      kernels.activate(code, opened, b, rows * width, 0);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) y[r * width + n] = x[r * inputs + n] * opened[r * width + n];
      }
    },

    backward({ kernels, rows }: Pass, { x, dy, dx, saved: [b, opened, dOpened, db] }: LayerArrays) {
      if (!dx) return;
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) {
          dOpened[r * width + n] = dy[r * width + n] * x[r * inputs + n];
          dx[r * inputs + n] = dy[r * width + n] * opened[r * width + n];
        }
      }
      kernels.activateBackward(code, db, dOpened, b, opened, rows * width, 0);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) dx[r * inputs + width + n] = db[r * width + n];
      }
    },
  };
}
