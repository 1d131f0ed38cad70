import type { FloatArray } from '../../kernels/kernels.js';
import { forEachShard, rowSums } from '../gradients.js';
import { defineLayer, type Layer, type LayerArrays, type Pass } from '../layer.js';
import { scaleAndShift } from './normalization.js';

/** Fewest rows in a shard: the mean and variance of fewer are too uncertain. */
const SHARD_ROWS = 32;

/**
 * Normalises each unit over the rows (batch normalisation, Ioffe & Szegedy 2015): x̂ = (x − mean)/√(var + ε),
 * y = γx̂ + β. In training, mean and variance are those of the row's shard, and a batch is split into at most
 * rows/32 shards. So a batch of up to 63 rows is normalised as a whole, as in PyTorch, and a larger one in
 * parts of at least 32 rows ("ghost batch normalisation", Hoffer et al. 2017). This way no shard waits for
 * another, and the bits do not depend on the workers. Outside training the running statistics take their
 * place. They follow the mean over the batch's rows, and the mean over its shards of the unbiased variance,
 * whose divisor is rows − 1: its expectation is the same however a batch is split.
 *
 * A single row has no variance. PyTorch refuses a batch of one row, which the last batch of an epoch can be;
 * here it is normalised with the running statistics, and these stay as they are.
 *
 * ∂Div/∂x = γ/√(var + ε)·(∂y − mean(∂y) − x̂·mean(∂y·x̂)), the means taken over the shard's rows; for a
 * single row it is γ/√(var + ε)·∂y.
 */
export function batchNorm(width: number, eps: number, momentum: number): Layer {
  const statistic = { momentum };
  return defineLayer({
    kind: 'batchNorm',
    inputs: width,
    outputs: width,
    parameters: [
      ...scaleAndShift(width),
      { name: 'running_mean', shape: [width], init: { constant: 0 }, statistic },
      { name: 'running_var', shape: [width], init: { constant: 1 }, statistic },
    ],
    // x̂; the variance of the row's shard; ∂y·x̂, whose memory leaveStatistics uses afterwards
    saved: [width, width, width],
    shardRows: SHARD_ROWS,

    forward(pass, { x, y, parameters: [gamma, beta, mean, variance], saved }) {
      const [normal, variances] = saved;
      if (pass.training) {
        forEachColumn(pass, width, (column) => {
          const { n } = column;
          const statistics = column.rows > 1 ? moments(x, column) : { mean: mean[n], variance: variance[n] };
          const factor = 1 / Math.sqrt(statistics.variance + eps);
          for (let i = column.from; i < column.to; i += width) {
            normal[i] = (x[i] - statistics.mean) * factor;
            variances[i] = statistics.variance;
          }
        });
      }
      for (let i = 0; i < pass.rows * width; i++) {
        const n = i % width;
        const value = pass.training ? normal[i] : (x[i] - mean[n]) / Math.sqrt(variance[n] + eps);
        y[i] = gamma[n] * value + beta[n];
      }
    },

    backward(pass, arrays) {
      const { dy, dx, parameters, gradients, saved } = arrays;
      const [gamma, , , variance] = parameters;
      const [dgamma, dbeta] = gradients;
      const [normal, variances, product] = saved;
      if (!pass.training) {
        for (let i = 0; dx && i < pass.rows * width; i++) {
          dx[i] = (dy[i] * gamma[i % width]) / Math.sqrt(variance[i % width] + eps);
        }
        return;
      }
      for (let i = 0; i < pass.rows * width; i++) product[i] = dy[i] * normal[i];
      rowSums(pass, dgamma, product, width);
      rowSums(pass, dbeta, dy, width);
      if (dx) {
        forEachColumn(pass, width, (column) => {
          const factor = gamma[column.n] / Math.sqrt(variances[column.from] + eps);
          inputGradient(dx, dy, normal, product, factor, column);
        });
      }
      leaveStatistics(pass, arrays, width);
    },
  });
}

/**
 * Leaves the sums over rows from which the running mean and variance are updated. Each row contributes its x
 * to the one and its shard's unbiased variance to the other, or the running statistics themselves where it is
 * the only row of its shard.
 */
function leaveStatistics(pass: Pass, { x, parameters, gradients, saved }: LayerArrays, width: number): void {
  const [, , mean, variance] = parameters;
  const [, , meanSum, varianceSum] = gradients;
  const [, variances, values] = saved;
  forEachColumn(pass, width, ({ from, to, rows, n }) => {
    for (let i = from; i < to; i += width) values[i] = rows > 1 ? x[i] : mean[n];
  });
  rowSums(pass, meanSum, values, width);
  forEachColumn(pass, width, ({ from, to, rows, n }) => {
    const unbiased = rows > 1 ? (variances[from] * rows) / (rows - 1) : variance[n];
    for (let i = from; i < to; i += width) values[i] = unbiased;
  });
  rowSums(pass, varianceSum, values, width);
}

/** The values of one unit in one shard: elements from, from + width, … of an array [R, width]. */
interface Column {
  readonly from: number;
  readonly to: number;
  readonly width: number;
  readonly rows: number;
  /** The number of the unit. */
  readonly n: number;
}

function forEachColumn(pass: Pass, width: number, visit: (column: Column) => void): void {
  forEachShard(pass, (from, to) => {
    for (let n = 0; n < width; n++) {
      visit({ from: from * width + n, to: to * width, width, rows: to - from, n });
    }
  });
}

/** Returns the mean of a column, and the mean square distance from it. */
function moments(x: FloatArray, { from, to, width, rows }: Column): { mean: number; variance: number } {
  let mean = 0;
  for (let i = from; i < to; i += width) mean += x[i];
  mean /= rows;
  let variance = 0;
  for (let i = from; i < to; i += width) variance += (x[i] - mean) * (x[i] - mean);
  return { mean, variance: variance / rows };
}

/**
 * Writes a column of ∂Div/∂x.
 * @param product ∂y·x̂
 * @param factor γ/√(var + ε)
 */
function inputGradient(
  dx: FloatArray,
  dy: FloatArray,
  normal: FloatArray,
  product: FloatArray,
  factor: number,
  { from, to, width, rows }: Column,
): void {
  let sumDy = 0;
  let sumProduct = 0;
  if (rows > 1) {
    for (let i = from; i < to; i += width) {
      sumDy += dy[i];
      sumProduct += product[i];
    }
  }
  for (let i = from; i < to; i += width) {
    dx[i] = factor * (dy[i] - sumDy / rows - (normal[i] * sumProduct) / rows);
  }
}
