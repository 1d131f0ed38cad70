/**
 * The operations that take a function by its name: plain loops over the records of activations and
 * divergences.
 */
import type { Kernels } from '../kernels.js';
import { SCALAR_ACTIVATIONS, type ScalarActivation } from './activations.js';
import { ROW_DIVERGENCES, type RowDivergence } from './divergences.js';

export const namedKernels: Pick<Kernels, 'activate' | 'activateBackward' | 'divergence'> = {
  activate(name, y, z, count, p) {
    const f: ScalarActivation = SCALAR_ACTIVATIONS[name];
    for (let i = 0; i < count; i++) y[i] = f.forward(z[i], p);
  },

  activateBackward(name, dz, dy, z, y, count, p) {
    const f: ScalarActivation = SCALAR_ACTIVATIONS[name];
    for (let i = 0; i < count; i++) dz[i] = dy[i] * f.derivative(z[i], y[i], p);
  },

  divergence(name, losses, dy, y, d, R, N, p) {
    const divergence: RowDivergence = ROW_DIVERGENCES[name];
    for (let r = 0; r < R; r++) losses[r] = divergence(dy, y, d, r, N, p);
  },
};
