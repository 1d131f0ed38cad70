import type { FloatArray } from '../../kernels/kernels.js';
import { sparseSums } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/** A column of category codes, and the width of the vector that stands for each category. */
export interface EmbeddedColumn {
  readonly categories: number;
  readonly size: number;
}

/**
 * Replaces the last input columns, which hold category codes, by a learned vector for each code; the columns before
 * them pass unchanged: y = (x_0 … x_{from−1}, E_1[code_1], E_2[code_2], …). ∂Div/∂E_c[k] = Σ of ∂Div/∂y over the rows
 * whose code is k: a one-hot input times a weight, without the zeros. A code beyond the categories (unseen in training)
 * stands for the zero vector. Codes have no derivative.
 */
export function embedding(inputs: number, columns: readonly EmbeddedColumn[]): Layer {
  const from = inputs - columns.length;
  const outputs = columns.reduce((total, { size }) => total + size, from);
  const offsets = columns.map((_, c) => columns.slice(0, c).reduce((total, { size }) => total + size, from));
  return defineLayer({
    kind: 'embedding',
    inputs,
    outputs,
    parameters: columns.map(({ categories, size }, c) => ({
      name: `${c}.weight`,
      shape: [categories, size],
      init: { fanIn: size, fanOut: size },
    })),
    saved: columns.map(({ size }) => size), // sums of shards that wait for the rest of their tree
    readsCodes: true,

    forward({ rows }, { x, y, parameters: tables }) {
      copyColumns(y, outputs, x, inputs, rows, from);
      columns.forEach(({ size }, c) => {
        const table = tables[c];
        for (let r = 0; r < rows; r++) {
          const entry = x[r * inputs + from + c] * size;
          const known = entry < table.length;
          for (let n = 0; n < size; n++) y[r * outputs + offsets[c] + n] = known ? table[entry + n] : 0;
        }
      });
    },

    backward(pass, { x, dy, dx, gradients, saved }) {
      columns.forEach(({ size }, c) => {
        const waiting = saved[c];
        sparseSums(pass, gradients[c], {
          add(sum, begin, end) {
            for (let r = begin; r < end; r++) {
              const entry = x[r * inputs + from + c] * size;
              if (!(entry < sum.length)) continue;
              for (let n = 0; n < size; n++) sum[entry + n] += dy[r * outputs + offsets[c] + n];
            }
          },
          // the first row of a code takes the code's sum, and further rows the zeros that are left
          setAside(sum, begin, end) {
            for (let r = begin; r < end; r++) {
              const entry = x[r * inputs + from + c] * size;
              if (!(entry < sum.length)) continue;
              for (let n = 0; n < size; n++) {
                waiting[r * size + n] = sum[entry + n];
                sum[entry + n] = 0;
              }
            }
          },
          giveBack(sum, begin, end) {
            for (let r = begin; r < end; r++) {
              const entry = x[r * inputs + from + c] * size;
              if (!(entry < sum.length)) continue;
              for (let n = 0; n < size; n++) sum[entry + n] += waiting[r * size + n];
            }
          },
        });
      });
      if (!dx) return;
      dx.fill(0, 0, pass.rows * inputs);
      copyColumns(dx, inputs, dy, outputs, pass.rows, from);
    },
  });
}

/** Copies the first columns of each row from one matrix to another; widths are the lengths of their rows. */
function copyColumns(
  to: FloatArray,
  toWidth: number,
  from: FloatArray,
  fromWidth: number,
  rows: number,
  columns: number,
): void {
  for (let r = 0; r < rows; r++) {
    for (let n = 0; n < columns; n++) to[r * toWidth + n] = from[r * fromWidth + n];
  }
}
