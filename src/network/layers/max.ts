import type { Layer, LayerArrays, Pass } from '../layer.js';

/**
 * y_j = the largest x_i of group j; groups may overlap, so several outputs may be maxima over different subsets.
 * ∂y_j/∂x_i = 1 for the arg max, else 0 (lecture, section 4); a tie goes to the first in the group. NaN wins.
 */
export function groupMax(inputs: number, groups: readonly (readonly number[])[], kind = 'groupMax'): Layer {
  const outputs = groups.length;
  return {
    kind,
    inputs,
    outputs,
    parameters: [],
    saved: [outputs], // the arg max
    multiplyAdds: 0,

    forward({ rows }: Pass, { x, y, saved: [winner] }: LayerArrays) {
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < outputs; j++) {
          let best = groups[j][0];
          for (const i of groups[j]) if (!(x[r * inputs + i] <= x[r * inputs + best])) best = i;
          winner[r * outputs + j] = best;
          y[r * outputs + j] = x[r * inputs + best];
        }
      }
    },

    backward({ rows }: Pass, { dy, dx, saved: [winner] }: LayerArrays) {
      if (!dx) return;
      dx.fill(0, 0, rows * inputs);
      for (let r = 0; r < rows; r++) {
        for (let j = 0; j < outputs; j++) dx[r * inputs + winner[r * outputs + j]] += dy[r * outputs + j];
      }
    },
  };
}

/** Groups of `size` neighbours: the form of maxout (Goodfellow et al. 2013). */
export function neighbours(inputs: number, size: number): number[][] {
  return Array.from({ length: inputs / size }, (_, j) =>
    Array.from({ length: size }, (_, i) => j * size + i),
  );
}
