import { defineLayer, type Layer } from '../layer.js';

/**
 * Takes the largest x_i of each group j as y_j; groups may overlap, so several outputs may be maxima over
 * different subsets. ∂y_j/∂x_i = 1 for the arg max, else 0 (lecture, section 4). A tie goes to the first in
 * the group; NaN wins over any number.
 */
export function groupMax(inputs: number, groups: readonly (readonly number[])[], kind = 'groupMax'): Layer {
  const outputs = groups.length;
  return defineLayer({
    kind,
    inputs,
    outputs,
    saved: [outputs], // the arg max

    forward({ rows }, { x, y, saved: [winner] }) {
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < outputs; j++) {
          let best = groups[j][0];
          for (const i of groups[j]) if (!(x[r * inputs + i] <= x[r * inputs + best])) best = i;
          winner[r * outputs + j] = best;
          y[r * outputs + j] = x[r * inputs + best];
        }
      }
    },

    backward({ rows }, { dy, dx, saved: [winner] }) {
      if (!dx) return;
      dx.fill(0, 0, rows * inputs);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < outputs; j++) dx[r * inputs + winner[r * outputs + j]] += dy[r * outputs + j];
      }
    },
  });
}

/** Returns groups of `size` neighbouring inputs, as maxout has them (Goodfellow et al. 2013). */
export function neighbours(inputs: number, size: number): number[][] {
  return Array.from({ length: inputs / size }, (_, j) =>
    Array.from({ length: size }, (_, i) => j * size + i),
  );
}
