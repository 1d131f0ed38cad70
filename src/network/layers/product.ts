import { exp, ln } from '../../elementary.js';
import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * Product units with learned exponents (Durbin & Rumelhart 1989): y_j = Π_k x_k^{α_kj} = exp(Σ_k α_kj ln x_k), for inputs
 * above 0: a fractional power of anything else is not a real number, and the run stops by name.
 * ∂Div/∂α_kj = ln x_k·(y_j ∂Div/∂y_j) and ∂Div/∂x_k = Σ_j α_kj (y_j ∂Div/∂y_j)/x_k.
 */
export function productUnits(inputs: number, units: number): Layer {
  return {
    kind: 'product',
    inputs,
    outputs: units,
    parameters: [{ name: 'weight', shape: [inputs, units], init: { fanIn: inputs, fanOut: units } }],
    saved: [inputs, units], // ln x; y ∂y
    multiplyAdds: inputs * units,
    domain: 'a fractional power needs inputs above 0: put exp, softplus or sigmoid before it',

    forward({ kernels, rows, shards }: Pass, { x, y, parameters: [alpha], saved: [logs] }: LayerArrays) {
      for (let i = 0; i < rows * inputs; i++) logs[i] = x[i] > 0 ? ln(x[i]) : Number.NaN;
      kernels.affine(y, logs, alpha, null, shards, inputs, units);
      for (let i = 0; i < rows * units; i++) y[i] = exp(y[i]);
    },

    backward({ kernels, rows, shards, subtrees, mode }: Pass, arrays: LayerArrays) {
      const {
        x,
        y,
        dy,
        dx,
        parameters: [alpha],
        gradients,
        saved: [logs, dz],
      } = arrays;
      for (let i = 0; i < rows * units; i++) dz[i] = y[i] * dy[i];
      for (const subtree of subtrees) {
        kernels.affineWeightGradient(gradients[subtree.slot][0], logs, dz, subtree, inputs, units, mode);
      }
      if (!dx) return;
      kernels.affineInputGradient(dx, dz, alpha, shards, inputs, units);
      for (let i = 0; i < rows * inputs; i++) dx[i] /= x[i];
    },
  };
}

/**
 * y_j = Π_k x_k^{α_jk} with given exponents (lecture, section 4). Whole exponents from 0 on are products, exact at
 * zero as well: ∂y_j/∂x_k = α_jk x_k^{α_jk−1} Π_{l≠k} x_l^{α_jl}, never y_j/x_k. Others need inputs above 0.
 */
export function powers(inputs: number, exponents: readonly (readonly number[])[]): Layer {
  const units = exponents.length;
  return {
    kind: 'product',
    inputs,
    outputs: units,
    parameters: [],
    saved: [],
    multiplyAdds: 0,
    domain: 'a negative or fractional power needs inputs above 0: put exp, softplus or sigmoid before it',

    forward({ rows }: Pass, { x, y }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < units; j++) {
          let value = 1;
          for (let k = 0; k < inputs; k++) value *= power(x[r * inputs + k], exponents[j][k]);
          y[r * units + j] = value;
        }
      }
    },

    backward({ rows }: Pass, { x, dy, dx }: LayerArrays) {
      for (let r = 0; dx && r < rows; r++) {
        for (let k = 0; k < inputs; k++) {
          let sum = 0;
          for (let j = 0; j < units; j++) {
            const alpha = exponents[j][k];
            if (alpha === 0) continue;
            let value = alpha * power(x[r * inputs + k], alpha - 1);
            for (let l = 0; l < inputs; l++) if (l !== k) value *= power(x[r * inputs + l], exponents[j][l]);
            sum += dy[r * units + j] * value;
          }
          dx[r * inputs + k] = sum;
        }
      }
    },
  };
}

/** x^α: by multiplication for whole α ≥ 0 (0⁰ = 1), else exp(α ln x) for x > 0, else NaN. */
function power(x: number, alpha: number): number {
  if (!Number.isInteger(alpha) || alpha < 0) return x > 0 ? exp(alpha * ln(x)) : Number.NaN;
  let value = 1;
  for (let i = 0; i < alpha; i++) value *= x;
  return value;
}
