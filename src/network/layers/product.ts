import { exp, ln } from '../../elementary.js';
import { weightGradient } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/**
 * Multiplies powers of the inputs with learned exponents (product units, Durbin & Rumelhart 1989): y_j = Π_k
 * x_k^{α_kj} = exp(Σ_k α_kj ln x_k). Inputs must be above 0: a fractional power of any other number is not
 * real, and the run stops with a message that names the layer. ∂Div/∂α_kj = ln x_k·(y_j ∂Div/∂y_j) and
 * ∂Div/∂x_k = Σ_j α_kj (y_j ∂Div/∂y_j)/x_k.
 */
export function productUnits(inputs: number, units: number): Layer {
  return defineLayer({
    kind: 'product',
    inputs,
    outputs: units,
    parameters: [{ name: 'weight', shape: [inputs, units], init: { fanIn: inputs, fanOut: units } }],
    saved: [inputs, units], // ln x; y ∂y
    multiplyAdds: inputs * units,
    domain: 'a fractional power needs inputs above 0: put exp, softplus or sigmoid before it',

    forward({ kernels, rows, shards }, { x, y, parameters: [alpha], saved: [logs] }) {
      for (let i = 0; i < rows * inputs; i++) logs[i] = x[i] > 0 ? ln(x[i]) : Number.NaN;
      kernels.affine(y, logs, alpha, null, shards, inputs, units);
      for (let i = 0; i < rows * units; i++) y[i] = exp(y[i]);
    },

    backward(pass, arrays) {
      const { kernels, rows, shards } = pass;
      const {
        x,
        y,
        dy,
        dx,
        parameters: [alpha],
        gradients: [dAlpha],
        saved: [logs, dz],
      } = arrays;
      for (let i = 0; i < rows * units; i++) dz[i] = y[i] * dy[i];
      weightGradient(pass, dAlpha, logs, dz, inputs, units);
      if (!dx) return;
      kernels.affineInputGradient(dx, dz, alpha, shards, inputs, units);
      for (let i = 0; i < rows * inputs; i++) dx[i] /= x[i];
    },
  });
}

/**
 * Multiplies powers of the inputs with given exponents: y_j = Π_k x_k^{α_jk} (lecture, section 4). Whole
 * exponents from 0 on are computed as products, so the derivative is exact at zero as well: ∂y_j/∂x_k = α_jk
 * x_k^{α_jk−1} Π_{l≠k} x_l^{α_jl}, never y_j/x_k. Other exponents need inputs above 0.
 */
export function powers(inputs: number, exponents: readonly (readonly number[])[]): Layer {
  const units = exponents.length;
  return defineLayer({
    kind: 'product',
    inputs,
    outputs: units,
    domain: 'a negative or fractional power needs inputs above 0: put exp, softplus or sigmoid before it',

    forward({ rows }, { x, y }) {
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < units; j++) {
          let value = 1;
          for (let k = 0; k < inputs; k++) value *= power(x[r * inputs + k], exponents[j][k]);
          y[r * units + j] = value;
        }
      }
    },

    backward({ rows }, { x, dy, dx }) {
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
  });
}

/** Returns x^α: by multiplication for whole α ≥ 0 (0⁰ = 1), else exp(α ln x) for x > 0, else NaN. */
function power(x: number, alpha: number): number {
  if (!Number.isInteger(alpha) || alpha < 0) return x > 0 ? exp(alpha * ln(x)) : Number.NaN;
  let value = 1;
  for (let i = 0; i < alpha; i++) value *= x;
  return value;
}
