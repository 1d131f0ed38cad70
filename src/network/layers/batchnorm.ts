import type { Layer, LayerArrays, Pass } from '../layer.js';
import { scaleAndShift } from './normalization.js';

/**
 * Batch normalisation (Ioffe & Szegedy 2015) with the statistics of each shard, so that the bits do not depend on the
 * workers: x̂ = (x − mean)/√(var + ε) over the shard's rows, y = γx̂ + β. Outside training the running statistics take
 * their place: the mean, and the unbiased variance within shards, as PyTorch keeps them.
 * ∂Div/∂x = γ/√(var + ε)·(∂y − mean(∂y) − x̂·mean(∂y·x̂)), the means over the shard's rows.
 */
export function batchNorm(width: number, eps: number, momentum: number): Layer {
  const statistic = { momentum };
  return {
    kind: 'batchNorm',
    inputs: width,
    outputs: width,
    parameters: [
      ...scaleAndShift(width),
      { name: 'running_mean', shape: [width], init: { constant: 0 }, statistic },
      { name: 'running_var', shape: [width], init: { constant: 1 }, statistic },
    ],
    saved: [width, width, width], // x̂; the shard's 1/√(var + ε), on each of its rows; ∂y·x̂
    multiplyAdds: 0,
    wholeShards: true,

    forward(
      pass: Pass,
      { x, y, parameters: [gamma, beta, mean, variance], saved: [normal, scale] }: LayerArrays,
    ) {
      if (pass.training) {
        forEachShard(pass, (from, to) => {
          for (let n = 0; n < width; n++) normalizeColumn(x, normal, scale, n, from, to);
        });
      }
      for (let i = 0; i < pass.rows * width; i++) {
        const n = i % width;
        const value = pass.training ? normal[i] : (x[i] - mean[n]) / Math.sqrt(variance[n] + eps);
        y[i] = gamma[n] * value + beta[n];
      }
    },

    backward(pass: Pass, arrays: LayerArrays) {
      const {
        x,
        dy,
        dx,
        parameters: [gamma, , , variance],
        gradients,
        saved: [normal, scale, product],
      } = arrays;
      if (!pass.training) {
        for (let i = 0; dx && i < pass.rows * width; i++) {
          dx[i] = (dy[i] * gamma[i % width]) / Math.sqrt(variance[i % width] + eps);
        }
        return;
      }
      for (let i = 0; i < pass.rows * width; i++) product[i] = dy[i] * normal[i];
      for (const subtree of pass.subtrees) {
        const [dgamma, dbeta, mean] = gradients[subtree.slot];
        pass.kernels.columnSums(dgamma, product, subtree, width, pass.mode);
        pass.kernels.columnSums(dbeta, dy, subtree, width, pass.mode);
        pass.kernels.columnSums(mean, x, subtree, width, pass.mode);
      }
      forEachShard(pass, (from, to) => {
        for (let n = 0; n < width; n++) backwardColumn(dy, dx, normal, scale, product, gamma[n], n, from, to);
      });
      for (const subtree of pass.subtrees) {
        pass.kernels.columnSums(gradients[subtree.slot][3], product, subtree, width, pass.mode);
      }
    },
  };

  function normalizeColumn(
    x: Floats,
    normal: Floats,
    scale: Floats,
    n: number,
    from: number,
    to: number,
  ): void {
    let mean = 0;
    for (let r = from; r < to; r++) mean += x[r * width + n];
    mean /= to - from;
    let variance = 0;
    for (let r = from; r < to; r++) variance += (x[r * width + n] - mean) * (x[r * width + n] - mean);
    const factor = 1 / Math.sqrt(variance / (to - from) + eps);
    for (let r = from; r < to; r++) {
      normal[r * width + n] = (x[r * width + n] - mean) * factor;
      scale[r * width + n] = factor;
    }
  }

  /** ∂x of one unit in one shard; leaves the shard's unbiased variance on each of its rows in `product`. */
  function backwardColumn(
    dy: Floats,
    dx: Floats | null,
    normal: Floats,
    scale: Floats,
    product: Floats,
    gamma: number,
    n: number,
    from: number,
    to: number,
  ): void {
    const count = to - from;
    let mean = 0;
    let along = 0;
    for (let r = from; r < to; r++) {
      mean += dy[r * width + n];
      along += product[r * width + n];
    }
    const factor = scale[from * width + n];
    const unbiased = count > 1 ? ((1 / (factor * factor) - eps) * count) / (count - 1) : 0;
    for (let r = from; r < to; r++) {
      const i = r * width + n;
      if (dx) dx[i] = gamma * factor * (dy[i] - mean / count - (normal[i] * along) / count);
      product[i] = unbiased;
    }
  }
}

type Floats = LayerArrays['x'];

function forEachShard({ subtrees }: Pass, visit: (from: number, to: number) => void): void {
  for (const { bounds, first, last } of subtrees) {
    for (let shard = first; shard < last; shard++) visit(bounds[shard], bounds[shard + 1]);
  }
}
