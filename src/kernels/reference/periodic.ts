/** The periodic embedding of numbers, as the plain loops of its definition. */
import type { FloatArray, Kernels } from '../kernels.js';
import { sumShards } from './linear.js';

type Periodic = Pick<Kernels, 'periodic' | 'periodicGradients' | 'periodicInputGradient'>;

export const periodicKernels: Periodic = {
  periodic(y, cosines, sines, x, [w, b, a, c], R, { inputs: K, columns: C, frequencies: F, values: V }) {
    let at = 0;
    for (let r = 0; r < R; r++) {
      for (let j = 0; j < C; j++) {
        for (let f = 0; f < F; f++) {
          const angle = 2 * Math.PI * w[j * F + f] * x[r * K + j] + b[j * F + f];
          cosines[(r * C + j) * F + f] = Math.cos(angle);
          sines[(r * C + j) * F + f] = Math.sin(angle);
        }
        y[at++] = x[r * K + j];
        for (let v = 0; v < V; v++) {
          let sum = c[j * V + v];
          for (let f = 0; f < F; f++) sum += a[(j * V + v) * F + f] * cosines[(r * C + j) * F + f];
          y[at++] = sum;
        }
      }
      for (let k = C; k < K; k++) y[at++] = x[r * K + k];
    }
  },

  periodicGradients([dw, db, da, dc], dy, cosines, sines, x, [, , a], shards, shape, mode) {
    const { inputs: K, columns: C, frequencies: F, values: V } = shape;
    const dvalue = valueGradient(dy, K, C, V);
    for (let j = 0; j < C; j++) {
      for (let v = 0; v < V; v++) {
        sumShards(dc, j * V + v, shards, mode, (r) => dvalue(r, j, v));
        for (let f = 0; f < F; f++) {
          const term = (r: number) => dvalue(r, j, v) * cosines[(r * C + j) * F + f];
          sumShards(da, (j * V + v) * F + f, shards, mode, term);
        }
      }
      for (let f = 0; f < F; f++) {
        const dangle = (r: number) => {
          let sum = 0;
          for (let v = 0; v < V; v++) sum += a[(j * V + v) * F + f] * dvalue(r, j, v);
          return -sum * sines[(r * C + j) * F + f];
        };
        sumShards(db, j * F + f, shards, mode, dangle);
        sumShards(dw, j * F + f, shards, mode, (r) => 2 * Math.PI * x[r * K + j] * dangle(r));
      }
    }
  },

  periodicInputGradient(dx, dy, sines, [w, , a], R, { inputs: K, columns: C, frequencies: F, values: V }) {
    const dvalue = valueGradient(dy, K, C, V);
    for (let r = 0; r < R; r++) {
      for (let j = 0; j < C; j++) {
        let sum = dvalue(r, j, -1);
        for (let f = 0; f < F; f++) {
          const turn = 2 * Math.PI * w[j * F + f] * sines[(r * C + j) * F + f];
          for (let v = 0; v < V; v++) sum -= turn * a[(j * V + v) * F + f] * dvalue(r, j, v);
        }
        dx[r * K + j] = sum;
      }
      for (let k = C; k < K; k++) dx[r * K + k] = dy[r * (K + C * V) + C * V + k];
    }
  },
};

/** Returns ∂Div by row, column and value; value −1 is the column itself, which stands before its values. */
function valueGradient(dy: FloatArray, K: number, C: number, V: number) {
  return (r: number, j: number, v: number): number => dy[r * (K + C * V) + j * (V + 1) + 1 + v];
}
