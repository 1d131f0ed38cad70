/** Normalisation of a row: vector activations whose Jacobian couples all of its units (lecture, section 4). */
import type { Layer, LayerArrays, ParameterSpec, Pass } from '../layer.js';

/** The learned scale γ and shift β of a normalised vector. */
export function scaleAndShift(width: number): ParameterSpec[] {
  return [
    { name: 'weight', shape: [width], init: { constant: 1 } },
    { name: 'bias', shape: [width], init: { constant: 0 } },
  ];
}

/**
 * Layer normalisation (Ba et al. 2016): x̂ = (x − mean)/√(var + ε) over the units of a row, y = γx̂ + β.
 * ∂Div/∂x = (g − mean(g) − x̂·mean(g·x̂))/√(var + ε) with g = γ·∂Div/∂y.
 */
export function layerNorm(width: number, eps: number, affine: boolean): Layer {
  return {
    kind: 'layerNorm',
    inputs: width,
    outputs: width,
    parameters: affine ? scaleAndShift(width) : [],
    saved: [width, 1, width],
    multiplyAdds: 0,

    forward({ rows }: Pass, { x, y, parameters: [gamma, beta], saved: [normal, scale] }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        const at = r * width;
        let mean = 0;
        for (let n = 0; n < width; n++) mean += x[at + n];
        mean /= width;
        let variance = 0;
        for (let n = 0; n < width; n++) variance += (x[at + n] - mean) * (x[at + n] - mean);
        scale[r] = 1 / Math.sqrt(variance / width + eps);
        for (let n = 0; n < width; n++) {
          normal[at + n] = (x[at + n] - mean) * scale[r];
          y[at + n] = affine ? gamma[n] * normal[at + n] + beta[n] : normal[at + n];
        }
      }
    },

    backward({ kernels, rows, subtrees, mode }: Pass, arrays: LayerArrays) {
      const {
        dy,
        dx,
        parameters: [gamma],
        gradients,
        saved: [normal, scale, product],
      } = arrays;
      for (let r = 0; r < rows; r++) {
        const at = r * width;
        let mean = 0;
        let along = 0;
        for (let n = 0; n < width; n++) {
          const g = affine ? gamma[n] * dy[at + n] : dy[at + n];
          mean += g;
          along += g * normal[at + n];
          product[at + n] = dy[at + n] * normal[at + n];
        }
        mean /= width;
        along /= width;
        for (let n = 0; dx && n < width; n++) {
          const g = affine ? gamma[n] * dy[at + n] : dy[at + n];
          dx[at + n] = scale[r] * (g - mean - normal[at + n] * along);
        }
      }
      if (!affine) return;
      for (const subtree of subtrees) {
        const [dgamma, dbeta] = gradients[subtree.slot];
        kernels.columnSums(dgamma, product, subtree, width, mode);
        kernels.columnSums(dbeta, dy, subtree, width, mode);
      }
    },
  };
}

/** y = x/max(‖x‖, ε) for each row; ∂Div/∂x = (∂Div/∂y − y(y·∂Div/∂y))/‖x‖, and ∂Div/∂y / ε below ε. */
export function l2Norm(width: number, eps: number): Layer {
  return {
    kind: 'l2Norm',
    inputs: width,
    outputs: width,
    parameters: [],
    saved: [1],
    multiplyAdds: 0,

    forward({ rows }: Pass, { x, y, saved: [norm] }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        let squares = 0;
        for (let n = 0; n < width; n++) squares += x[r * width + n] * x[r * width + n];
        norm[r] = Math.sqrt(squares);
        for (let n = 0; n < width; n++) y[r * width + n] = x[r * width + n] / Math.max(norm[r], eps);
      }
    },

    backward({ rows }: Pass, { y, dy, dx, saved: [norm] }: LayerArrays) {
      for (let r = 0; dx && r < rows; r++) {
        const at = r * width;
        let along = 0;
        if (norm[r] > eps) for (let n = 0; n < width; n++) along += y[at + n] * dy[at + n];
        for (let n = 0; n < width; n++)
          dx[at + n] = (dy[at + n] - y[at + n] * along) / Math.max(norm[r], eps);
      }
    },
  };
}
