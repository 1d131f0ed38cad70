import type { Kernels } from '../kernels.js';
import { activations } from './activations.js';
import { divergences } from './divergences.js';
import { linear } from './linear.js';
import { optim } from './optim.js';
import { uniform } from './random.js';
import { softmax } from './softmax.js';

/** Plain loops over Float32Array or Float64Array: the oracle of every other implementation. */
export function createReferenceKernels(): Kernels {
  return { name: 'reference', ...linear, ...activations, ...softmax, ...divergences, ...optim, uniform };
}
