/**
 * Changes the gradient before the update rule sees it (clipping, L1), and the weights after it (max-norm).
 */
import type { FloatArray, Kernels } from '../kernels/kernels.js';
import { clippingFactor } from './clipping.js';
import { update } from './elementwise.js';
import type { ParameterBlock, UpdateArrays } from './rule.js';

/**
 * Says how to regularise. L2 is not here but in each rule's weightDecay, because AdamW, LAMB and Lion apply
 * it apart from the gradient.
 */
interface Regularization {
  readonly l1: number;
  readonly clip?: number | undefined;
  readonly clipValue?: number | undefined;
  readonly maxNorm?: number | undefined;
}

/**
 * Clips the mean gradient by its global norm, then clips each component to ±clipValue, then adds the
 * subgradient l1·sign w. `mean` is 1/Σw, which turns the sum in `gradient` into the mean. Returns the scale
 * that the rule must apply to the gradient as it is left.
 */
export function regularizeGradient(
  kernels: Kernels,
  { weights, gradient }: Pick<UpdateArrays, 'weights' | 'gradient'>,
  mean: number,
  { clip, clipValue, l1 }: Regularization,
): number {
  const gradientScale = clip ? mean * clippingFactor(kernels, gradient, mean, clip) : mean;
  if (clipValue === undefined && l1 === 0) return gradientScale;
  const scalars = { clipValue: clipValue ?? Number.POSITIVE_INFINITY, l1, gradientScale };
  update(kernels, 'regularize', weights, gradient, [], scalars);
  return 1;
}

/**
 * Limits the norm of the weights into each unit, a column of a [in, out] matrix, to `most` (max-norm; Srebro
 * & Shraibman 2005, Hinton et al. 2012). Longer columns are scaled back; biases, which are vectors, and the
 * parameters of a periodic embedding, which are no matrix, are left alone.
 */
export function limitNorms(weights: FloatArray, views: readonly ParameterBlock[], most: number): void {
  for (const { offset, length, spec } of views) {
    if (spec.shape.length !== 2) continue;
    const columns = spec.shape[spec.shape.length - 1];
    const squares = new Float64Array(columns);
    for (let i = 0; i < length; i++) squares[i % columns] += weights[offset + i] * weights[offset + i];
    const factors = squares.map((square) => Math.min(1, most / Math.sqrt(square)));
    if (factors.every((factor) => factor === 1)) continue;
    for (let i = 0; i < length; i++) weights[offset + i] *= factors[i % columns];
  }
}
