import type { Layer, LayerArrays, Pass } from '../layer.js';

/** A column of category codes, and the width of the vector that stands for each category. */
export interface EmbeddedColumn {
  readonly categories: number;
  readonly size: number;
}

/**
 * The last input columns hold category codes; each becomes its category's learned vector, and the columns before them
 * pass unchanged: y = (x_0 … x_{from−1}, E_1[code_1], E_2[code_2], …). ∂Div/∂E_c[k] = Σ of ∂Div/∂y over the rows whose code
 * is k: a one-hot input times a weight, without the zeros. A code beyond the categories (unseen in training) stands for the
 * zero vector. Codes have no derivative.
 */
export function embedding(inputs: number, columns: readonly EmbeddedColumn[]): Layer {
  const from = inputs - columns.length;
  const outputs = columns.reduce((total, { size }) => total + size, from);
  const offsets = columns.map((_, c) => columns.slice(0, c).reduce((total, { size }) => total + size, from));
  return {
    kind: 'embedding',
    inputs,
    outputs,
    parameters: columns.map(({ categories, size }, c) => ({
      name: `${c}.weight`,
      shape: [categories, size],
      init: { fanIn: size, fanOut: size },
    })),
    saved: [],
    multiplyAdds: 0,

    forward({ rows }: Pass, { x, y, parameters: tables }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < from; n++) y[r * outputs + n] = x[r * inputs + n];
        for (const [c, { size }] of columns.entries()) {
          const entry = x[r * inputs + from + c] * size;
          const known = entry < tables[c].length;
          for (let n = 0; n < size; n++) y[r * outputs + offsets[c] + n] = known ? tables[c][entry + n] : 0;
        }
      }
    },

    backward({ kernels, rows, subtrees, mode }: Pass, { x, dy, dx, gradients }: LayerArrays) {
      for (const { bounds, first, last } of subtrees) {
        for (const [c, { size }] of columns.entries()) {
          for (let shard = first; shard < last; shard++) {
            const sums = gradients[shard][c];
            if (mode === 'start') sums.fill(0);
            for (let r = bounds[shard]; r < bounds[shard + 1]; r++) {
              const entry = x[r * inputs + from + c] * size;
              if (!(entry < sums.length)) continue;
              for (let n = 0; n < size; n++) sums[entry + n] += dy[r * outputs + offsets[c] + n];
            }
          }
          for (let stride = 1; stride < last - first; stride *= 2) {
            for (let into = first; into + stride < last; into += 2 * stride) {
              kernels.add(gradients[into][c], gradients[into + stride][c], gradients[into][c].length);
            }
          }
        }
      }
      if (!dx) return;
      dx.fill(0, 0, rows * inputs);
      for (let r = 0; r < rows; r++) {
        for (let n = 0; n < from; n++) dx[r * inputs + n] = dy[r * outputs + n];
      }
    },
  };
}
