import { permute } from '../../random.js';
import type { Precision } from '../bfloat16.js';
import type { Kernels } from '../kernels.js';
import { bfloat16Products } from './bfloat16.js';
import { elementwiseKernels } from './elementwise.js';
import { linearKernels } from './linear.js';
import { namedKernels } from './named.js';
import { stepKernels } from './optim.js';
import { periodicKernels } from './periodic.js';
import { uniform } from './random.js';
import { rectifiedKernels } from './rectified.js';
import { scoreKernels } from './scores.js';
import { softmaxKernels } from './softmax.js';

/**
 * Returns kernels that are plain loops over Float32Array or Float64Array: the oracle of every other
 * implementation.
 */
export function createReferenceKernels(precision: Precision = 'f32'): Kernels {
  const products = precision === 'bf16' ? { ...linearKernels, ...bfloat16Products } : linearKernels;
  return {
    name: 'reference',
    refreshWeights() {},
    ...products,
    ...rectifiedKernels(products),
    ...namedKernels,
    ...softmaxKernels,
    ...periodicKernels,
    ...elementwiseKernels,
    ...stepKernels,
    ...scoreKernels,
    permute,
    uniform,
  };
}
