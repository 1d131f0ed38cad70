import type { Precision } from '../bfloat16.js';
import type { Kernels } from '../kernels.js';
import { activations } from './activations.js';
import { bfloat16 } from './bfloat16.js';
import { divergences } from './divergences.js';
import { linear } from './linear.js';
import { optim } from './optim.js';
import { uniform } from './random.js';
import { softmax } from './softmax.js';

/** Plain loops over Float32Array or Float64Array: the oracle of every other implementation. */
export function createReferenceKernels(precision: Precision = 'f32'): Kernels {
  const products = precision === 'bf16' ? { ...linear, ...bfloat16 } : linear;
  return {
    name: 'reference',
    refreshWeights() {},
    ...products,
    ...activations,
    ...softmax,
    ...divergences,
    ...optim,
    uniform,
  };
}
