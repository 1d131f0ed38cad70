import type { Layer, LayerArrays, Pass } from '../layer.js';
import { scaleAndShift } from './normalization.js';

/** A batch is cut into shards of at least so many rows: of fewer rows mean and variance are too uncertain. */
const SHARD_ROWS = 32;

/**
 * Batch normalisation (Ioffe & Szegedy 2015): x̂ = (x − mean)/√(var + ε), y = γx̂ + β. In training, mean and
 * variance are those of the row's shard, and a batch is cut into at most rows/32 shards. So a batch of up to
 * 63 rows is normalised as a whole, as in PyTorch, and a larger one in parts of at least 32 rows ("ghost
 * batch normalisation", Hoffer et al. 2017). This way no shard waits for another, and the bits do not depend
 * on the workers. Outside training the running statistics take their place. They follow the mean over the
 * batch's rows, and the mean over its shards of the variance divided by rows − 1, which has no bias however a
 * batch is cut.
 *
 * A single row has no variance. A batch of one row, such as the last one of an epoch can be (PyTorch refuses
 * it), is normalised with the running statistics, and these stay as they are.
 *
 * ∂Div/∂x = γ/√(var + ε)·(∂y − mean(∂y) − x̂·mean(∂y·x̂)), the means over the shard's rows; of a single row
 * γ/√(var + ε)·∂y.
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
    saved: [width, width, width], // x̂; the variance of the row's shard; ∂y·x̂, then what the statistics follow
    multiplyAdds: 0,
    shardRows: SHARD_ROWS,

    forward(pass: Pass, { x, y, parameters: [gamma, beta, mean, variance], saved }: LayerArrays) {
      const [normal, variances] = saved;
      if (pass.training) {
        forEachColumn(pass, width, (column) => {
          const { n } = column;
          const own = column.rows > 1 ? moments(x, column) : { mean: mean[n], variance: variance[n] };
          const factor = 1 / Math.sqrt(own.variance + eps);
          for (let i = column.from; i < column.to; i += width) {
            normal[i] = (x[i] - own.mean) * factor;
            variances[i] = own.variance;
          }
        });
      }
      for (let i = 0; i < pass.rows * width; i++) {
        const n = i % width;
        const value = pass.training ? normal[i] : (x[i] - mean[n]) / Math.sqrt(variance[n] + eps);
        y[i] = gamma[n] * value + beta[n];
      }
    },

    backward(pass: Pass, { x, dy, dx, parameters, gradients, saved }: LayerArrays) {
      const [gamma, , mean, variance] = parameters;
      const [normal, variances, product] = saved;
      if (!pass.training) {
        for (let i = 0; dx && i < pass.rows * width; i++) {
          dx[i] = (dy[i] * gamma[i % width]) / Math.sqrt(variance[i % width] + eps);
        }
        return;
      }
      const sumRows = (parameter: number, values: Floats) => {
        for (const subtree of pass.subtrees) {
          pass.kernels.columnSums(gradients[subtree.slot][parameter], values, subtree, width, pass.mode);
        }
      };
      for (let i = 0; i < pass.rows * width; i++) product[i] = dy[i] * normal[i];
      sumRows(0, product);
      sumRows(1, dy);
      forEachColumn(pass, width, (column) => {
        const factor = gamma[column.n] / Math.sqrt(variances[column.from] + eps);
        if (dx) inputGradient(dx, dy, normal, product, factor, column);
        for (let i = column.from; i < column.to; i += width)
          product[i] = column.rows > 1 ? x[i] : mean[column.n];
      });
      sumRows(2, product);
      forEachColumn(pass, width, ({ from, to, rows, n }) => {
        const unbiased = rows > 1 ? (variances[from] * rows) / (rows - 1) : variance[n];
        for (let i = from; i < to; i += width) product[i] = unbiased;
      });
      sumRows(3, product);
    },
  };
}

type Floats = LayerArrays['x'];

/** One unit in one shard: elements from, from + width, … of an array [R, width]. */
interface Column {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly rows: number;
  /** the unit */
  readonly n: number;
}

function forEachColumn({ subtrees }: Pass, width: number, visit: (column: Column) => void): void {
  for (const { bounds, first, last } of subtrees) {
    for (let shard = first; shard < last; shard++) {
      const rows = bounds[shard + 1] - bounds[shard];
      for (let n = 0; n < width; n++) {
        visit({ from: bounds[shard] * width + n, to: bounds[shard + 1] * width, width, rows, n });
      }
    }
  }
}

/** The mean, and the mean square distance from it. */
function moments(x: Floats, { from, to, width, rows }: Column): { mean: number; variance: number } {
  let mean = 0;
  for (let i = from; i < to; i += width) mean += x[i];
  mean /= rows;
  let variance = 0;
  for (let i = from; i < to; i += width) variance += (x[i] - mean) * (x[i] - mean);
  return { mean, variance: variance / rows };
}

/** @param product ∂y·x̂ @param factor γ/√(var + ε) */
function inputGradient(
  dx: Floats,
  dy: Floats,
  normal: Floats,
  product: Floats,
  factor: number,
  { from, to, width, rows }: Column,
): void {
  let mean = 0;
  let along = 0;
  if (rows > 1) {
    for (let i = from; i < to; i += width) {
      mean += dy[i];
      along += product[i];
    }
  }
  for (let i = from; i < to; i += width) {
    dx[i] = factor * (dy[i] - mean / rows - (normal[i] * along) / rows);
  }
}
