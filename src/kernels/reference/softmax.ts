import type { Kernels } from '../kernels.js';
import { exponentials, logSumExp } from './logsumexp.js';

export const softmaxKernels: Pick<
  Kernels,
  'softmax' | 'softmaxBackward' | 'logSoftmax' | 'logSoftmaxBackward'
> = {
  softmax(y, z, R, N) {
    for (let r = 0; r < R; r++) {
      const { max, sum } = exponentials(z, r, N);
      for (let i = r * N; i < (r + 1) * N; i++) y[i] = Math.exp(z[i] - max) / sum;
    }
  },
  softmaxBackward(dz, dy, y, R, N) {
    for (let r = 0; r < R; r++) {
      let dot = 0;
      for (let i = r * N; i < (r + 1) * N; i++) dot += dy[i] * y[i];
      for (let i = r * N; i < (r + 1) * N; i++) dz[i] = y[i] * (dy[i] - dot);
    }
  },

  logSoftmax(y, z, R, N) {
    for (let r = 0; r < R; r++) {
      const { max, logSum } = logSumExp(z, r, N);
      for (let i = r * N; i < (r + 1) * N; i++) y[i] = z[i] - max - logSum;
    }
  },
  logSoftmaxBackward(dz, dy, y, R, N) {
    for (let r = 0; r < R; r++) {
      let sum = 0;
      for (let i = r * N; i < (r + 1) * N; i++) sum += dy[i];
      for (let i = r * N; i < (r + 1) * N; i++) dz[i] = dy[i] - Math.exp(y[i]) * sum;
    }
  },
};
