import type { FloatArray, Kernels } from '../kernels/kernels.js';

/**
 * Clipping by global norm (Pascanu et al. 2013), with PyTorch's 1e-6 in the denominator: the factor on a
 * gradient whose norm, once scaled by `gradientScale`, exceeds `maxNorm`; 1 otherwise.
 */
export function clippingFactor(
  kernels: Kernels,
  gradient: FloatArray,
  gradientScale: number,
  maxNorm: number,
): number {
  const norm = Math.sqrt(kernels.sumOfSquares(gradient, gradient.length)) * gradientScale;
  return Math.min(1, maxNorm / (norm + 1e-6));
}
