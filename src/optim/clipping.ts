import type { FloatArray, Kernels } from '../kernels/kernels.js';

/**
 * Returns the factor that clips a gradient by its global norm (Pascanu et al. 2013), with PyTorch's 1e-6 in
 * the denominator; it is 1 where the norm, times `gradientScale`, does not exceed `maxNorm`.
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
