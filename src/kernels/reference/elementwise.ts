/** Products and mixtures, element by element and column by column. */
import type { Kernels } from '../kernels.js';

type Elementwise = Pick<Kernels, 'scale' | 'multiply' | 'multiplyDifference' | 'scaleColumns' | 'mixColumns'>;

export const elementwiseKernels: Elementwise = {
  scale(y, x, count, factor) {
    for (let i = 0; i < count; i++) y[i] = factor * x[i];
  },

  multiply(y, a, b, count) {
    for (let i = 0; i < count; i++) y[i] = a[i] * b[i];
  },

  multiplyDifference(y, d, a, b, count) {
    for (let i = 0; i < count; i++) y[i] = d[i] * (a[i] - b[i]);
  },

  scaleColumns(y, x, a, R, N) {
    for (let i = 0; i < R * N; i++) y[i] = a[i % N] * x[i];
  },

  mixColumns(y, x, f, a, R, N) {
    for (let i = 0; i < R * N; i++) y[i] = x[i] + a[i % N] * (f[i] - x[i]);
  },
};
