import type { FloatArray, PeriodicShape } from '../../kernels/kernels.js';
import { defineLayer, type Layer } from '../layer.js';

/** Says how many cosines and values each column of a periodic embedding has, and how they begin. */
interface PeriodicOptions {
  /** How many of the inputs, from the first on, are embedded. */
  readonly columns: number;
  /** Cosines of each column. */
  readonly frequencies: number;
  /** Values of each column. */
  readonly values: number;
  /** The standard deviation of the initial frequencies, in turns per unit of x. */
  readonly deviation: number;
  /** How many times the learning rate of the others these parameters have. */
  readonly rate: number;
}

/**
 * Embeds numbers by cosines whose frequencies are learned (Gorishniy et al. 2022; with phases and a densely
 * connected x, PBLD, as Holzmüller et al. 2024 do in RealMLP): each of the first inputs becomes x_j and V
 * values v_j = c_j + A_j·cos(2π·w_j·x_j + b_j), with frequencies w, phases b, weights A and biases c of its
 * own; all further inputs pass unchanged behind them. ∂Div/∂b_j = −sin θ_j·(A_jᵀ ∂Div/∂v_j), ∂Div/∂w_j = 2π
 * x_j ∂Div/∂b_j, and ∂Div/∂x_j = ∂Div/∂y_j + 2π·w_j·∂Div/∂b_j.
 *
 * w begins as N(0, deviation²), b as U(±π), A and c as PyTorch's Linear does, U(±1/√F). As in pytabkit,
 * weight decay acts on all four.
 */
export function periodic(
  inputs: number,
  { columns, frequencies, values, deviation, rate }: PeriodicOptions,
): Layer {
  const shape: PeriodicShape = { inputs, columns, frequencies, values };
  const limit = 1 / Math.sqrt(frequencies);
  const parameter = (
    name: string,
    rows: number,
    width: number,
    init: Layer['parameters'][number]['init'],
  ) => ({
    name,
    shape: [columns, rows, width],
    init,
    rateFactor: rate,
  });
  return defineLayer({
    kind: 'periodic',
    inputs,
    outputs: inputs + columns * values,
    parameters: [
      parameter('frequency', 1, frequencies, { normal: deviation }),
      parameter('phase', 1, frequencies, { uniform: Math.PI }),
      parameter('weight', values, frequencies, { uniform: limit }),
      parameter('bias', 1, values, { uniform: limit }),
    ],
    saved: [columns * frequencies, columns * frequencies], // cos θ; sin θ

    forward({ kernels, rows }, { x, y, parameters, saved: [cosines, sines] }) {
      kernels.periodic(y, cosines, sines, x, parameters, rows, shape);
    },

    backward(
      { kernels, rows, subtrees, mode },
      { x, dy, dx, parameters, gradients, saved: [cosines, sines] },
    ) {
      for (const subtree of subtrees) {
        const blocks: FloatArray[] = gradients.map((gradient) => gradient[subtree.block]);
        kernels.periodicGradients(blocks, dy, cosines, sines, x, parameters, subtree, shape, mode);
      }
      if (dx) kernels.periodicInputGradient(dx, dy, sines, parameters, rows, shape);
    },
  });
}
