/**
 * These layers normalise a row. They are vector activations: every output of a row depends on all its inputs
 * (lecture, section 4).
 */
import { rowSums } from '../gradients.js';
import { defineLayer, type Layer, type ParameterSpec } from '../layer.js';

/** Returns the parameters of a normalised vector: the learned scale γ and shift β of each unit. */
export function scaleAndShift(width: number): ParameterSpec[] {
  return [
    { name: 'weight', shape: [width], init: { constant: 1 }, decay: false },
    { name: 'bias', shape: [width], init: { constant: 0 }, decay: false },
  ];
}

/**
 * Normalises each row over its units (layer normalisation, Ba et al. 2016): x̂ = (x − mean)/√(var + ε), y =
 * γx̂ + β. ∂Div/∂x = (g − mean(g) − x̂·mean(g·x̂))/√(var + ε) with g = γ·∂Div/∂y.
 */
export function layerNorm(width: number, eps: number, affine: boolean): Layer {
  return defineLayer({
    kind: 'layerNorm',
    inputs: width,
    outputs: width,
    parameters: affine ? scaleAndShift(width) : [],
    saved: [width, 1, width], // x̂; 1/√(var + ε); ∂y·x̂

    forward({ rows }, { x, y, parameters: [gamma, beta], saved: [normal, scale] }) {
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

    backward(pass, arrays) {
      const {
        dy,
        dx,
        parameters: [gamma],
        gradients: [dgamma, dbeta],
        saved: [normal, scale, product],
      } = arrays;
      for (let r = 0; r < pass.rows; r++) {
        const at = r * width;
        let meanG = 0;
        let meanGNormal = 0;
        for (let n = 0; n < width; n++) {
          const g = affine ? gamma[n] * dy[at + n] : dy[at + n];
          meanG += g;
          meanGNormal += g * normal[at + n];
          product[at + n] = dy[at + n] * normal[at + n];
        }
        meanG /= width;
        meanGNormal /= width;
        for (let n = 0; dx && n < width; n++) {
          const g = affine ? gamma[n] * dy[at + n] : dy[at + n];
          dx[at + n] = scale[r] * (g - meanG - normal[at + n] * meanGNormal);
        }
      }
      if (!affine) return;
      rowSums(pass, dgamma, product, width);
      rowSums(pass, dbeta, dy, width);
    },
  });
}

/**
 * Scales each row to length 1: y = x/max(‖x‖, ε). ∂Div/∂x = (∂Div/∂y − y(y·∂Div/∂y))/‖x‖, and ∂Div/∂y / ε
 * where ‖x‖ is below ε.
 */
export function l2Norm(width: number, eps: number): Layer {
  return defineLayer({
    kind: 'l2Norm',
    inputs: width,
    outputs: width,
    saved: [1], // ‖x‖

    forward({ rows }, { x, y, saved: [norm] }) {
      for (let r = 0; r < rows; r++) {
        let squares = 0;
        for (let n = 0; n < width; n++) squares += x[r * width + n] * x[r * width + n];
        norm[r] = Math.sqrt(squares);
        for (let n = 0; n < width; n++) y[r * width + n] = x[r * width + n] / Math.max(norm[r], eps);
      }
    },

    backward({ rows }, { y, dy, dx, saved: [norm] }) {
      for (let r = 0; dx && r < rows; r++) {
        const at = r * width;
        let dot = 0; // y·∂y; below ε, y is x/ε and has no such term
        if (norm[r] > eps) for (let n = 0; n < width; n++) dot += y[at + n] * dy[at + n];
        for (let n = 0; n < width; n++) dx[at + n] = (dy[at + n] - y[at + n] * dot) / Math.max(norm[r], eps);
      }
    },
  });
}
