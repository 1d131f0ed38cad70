/**
 * Matrix products whose operands are rounded to bfloat16, the upper half of a float32: to nearest, ties to
 * even.
 */
import type { FloatArray, Kernels } from '../kernels.js';
import { linearKernels } from './linear.js';

type MatrixProducts = Pick<Kernels, 'affine' | 'affineInputGradient' | 'affineWeightGradient'>;

const value = new Float32Array(1);
const pattern = new Uint32Array(value.buffer);

/** Returns the bfloat16 number nearest to x. */
export function toBfloat16(x: number): number {
  value[0] = x;
  if (Number.isNaN(x)) return x;
  pattern[0] = (pattern[0] + 0x7fff + ((pattern[0] >>> 16) & 1)) & 0xffff0000;
  return value[0];
}

const rounded = (array: FloatArray): FloatArray => array.map(toBfloat16);

export const bfloat16Products: MatrixProducts = {
  affine: (z, x, w, ...rest) => linearKernels.affine(z, rounded(x), rounded(w), ...rest),
  affineInputGradient: (dx, dz, w, ...rest) =>
    linearKernels.affineInputGradient(dx, rounded(dz), rounded(w), ...rest),
  affineWeightGradient: (dw, x, dz, ...rest) =>
    linearKernels.affineWeightGradient(dw, rounded(x), rounded(dz), ...rest),
};
