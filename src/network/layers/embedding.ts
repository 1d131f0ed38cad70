import type { FloatArray } from '../../kernels/kernels.js';
import { sparseSums } from '../gradients.js';
import { defineLayer, type Layer } from '../layer.js';

/** A column of category codes, and the width of the vector that stands for each category. */
export interface EmbeddedColumn {
  readonly categories: number;
  readonly size: number;
}

/**
 * Replaces the last input columns, which hold category codes, by a learned vector for each code; the columns
 * before them pass unchanged: y = (x_0 … x_{from−1}, E_1[code_1], E_2[code_2], …). ∂Div/∂E_c[k] = Σ of
 * ∂Div/∂y over the rows whose code is k: a one-hot input times a weight, without the zeros. A code beyond the
 * categories (unseen in training) stands for the zero vector. Codes have no derivative.
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
    saved: columns.map(({ size }) => size), // where sums over shards wait (see sparseSums)
    readsCodes: true,

    forward({ rows }, { x, y, parameters: tables }) {
      copyColumns(y, outputs, x, inputs, rows, from);
      columns.forEach(({ categories, size }, c) => {
        const table = tables[c];
        for (let r = 0; r < rows; r++) {
          const code = x[r * inputs + from + c];
          const first = r * outputs + offsets[c];
          if (code < categories) {
            const entry = (code * size) | 0; // a whole number already; | 0 tells the engine so
            for (let n = 0; n < size; n++) y[first + n] = table[entry + n];
          } else y.fill(0, first, first + size);
        }
      });
    },

    backward(pass, { x, dy, dx, gradients, saved }) {
      columns.forEach(({ size }, c) => {
        const codes = { x, width: inputs, column: from + c, size };
        sparseSums(pass, gradients[c], {
          waiting: saved[c],
          width: size,
          add: (sum, begin, end) => addEntries(sum, codes, dy, outputs, offsets[c], begin, end),
          setAside: (sum, begin, end) => moveEntries(saved[c], sum, codes, begin, end),
          giveBack: (sum, begin, end) => addEntries(sum, codes, saved[c], size, 0, begin, end),
        });
      });
      if (!dx) return;
      dx.fill(0, 0, pass.rows * inputs);
      copyColumns(dx, inputs, dy, outputs, pass.rows, from);
    },
  });
}

/**
 * Says which entry of a table, `size` floats, each row stands for: the one whose number is in x[r, column].
 */
interface Codes {
  readonly x: FloatArray;
  readonly width: number;
  readonly column: number;
  readonly size: number;
}

/** Adds each row's part of values[R, width], from `offset` on, to the row's entry of a table. */
function addEntries(
  table: FloatArray,
  { x, width: inputs, column, size }: Codes,
  values: FloatArray,
  width: number,
  offset: number,
  begin: number,
  end: number,
): void {
  const categories = table.length / size;
  for (let r = begin; r < end; r++) {
    const code = x[r * inputs + column];
    if (!(code < categories)) continue;
    const entry = (code * size) | 0;
    const first = r * width + offset;
    for (let n = 0; n < size; n++) table[entry + n] += values[first + n];
  }
}

/**
 * Moves each row's entry of a table to its row of to[R, size], and leaves 0. Where rows have the same code,
 * the first takes the entry and the others take 0.
 */
function moveEntries(
  to: FloatArray,
  table: FloatArray,
  { x, width, column, size }: Codes,
  begin: number,
  end: number,
): void {
  const categories = table.length / size;
  for (let r = begin; r < end; r++) {
    const code = x[r * width + column];
    if (!(code < categories)) continue;
    const entry = (code * size) | 0;
    const first = r * size;
    for (let n = 0; n < size; n++) {
      to[first + n] = table[entry + n];
      table[entry + n] = 0;
    }
  }
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
