import type { ActivationName } from '../activations.js';
import { defineLayer, type Layer } from '../layer.js';

/** The activation of the gate in each gated linear unit (Dauphin et al. 2017, Shazeer 2020). */
export const GATES = {
  glu: 'sigmoid',
  swiglu: 'silu',
  geglu: 'gelu',
  reglu: 'relu',
  bilinear: 'identity',
} as const satisfies Record<string, ActivationName>;

export type GateName = keyof typeof GATES;

/**
 * Multiplies the first half of a row by an activation of the second: y_i = a_i·f(b_i) with x = (a, b). For a
 * product o = y_j·y_l, ∂Div/∂y_j = y_l·∂Div/∂o and the other way round (lecture, section 4); so ∂a = f(b)·∂y
 * and ∂b = f′(b)·a·∂y.
 */
export function gate(name: GateName, inputs: number): Layer {
  const width = inputs / 2;
  const activation = GATES[name];
  return defineLayer({
    kind: name,
    inputs,
    outputs: width,
    saved: [width, width, width, width], // b, f(b), ∂f(b), ∂b

    forward({ kernels, rows }, { x, y, saved: [b, fb] }) {
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) b[r * width + n] = x[r * inputs + width + n];
      }
      kernels.activate(activation, fb, b, rows * width, 0);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) y[r * width + n] = x[r * inputs + n] * fb[r * width + n];
      }
    },

    backward({ kernels, rows }, { x, dy, dx, saved: [b, fb, dfb, db] }) {
      if (!dx) return;
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) {
          dfb[r * width + n] = dy[r * width + n] * x[r * inputs + n];
          dx[r * inputs + n] = dy[r * width + n] * fb[r * width + n];
        }
      }
      kernels.activateBackward(activation, db, dfb, b, fb, rows * width, 0);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < width; n++) dx[r * inputs + width + n] = db[r * width + n];
      }
    },
  });
}
