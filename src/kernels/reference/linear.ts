/**
 * Matrix products, sums over rows and other operations on whole arrays, as the plain loops of their
 * definitions. On Float64Array they compute in float64; on Float32Array they round at every store and compute
 * in float64 in between.
 */
import type { FloatArray, Kernels, ShardRows, SumMode } from '../kernels.js';

type Linear = Pick<
  Kernels,
  | 'affine'
  | 'affineInputGradient'
  | 'affineWeightGradient'
  | 'columnSums'
  | 'scaleBytes'
  | 'add'
  | 'allFinite'
  | 'sumOfSquares'
>;

export const linearKernels: Linear = {
  affine(z, x, w, b, { bounds, first, last }, K, N) {
    for (let r = bounds[first]; r < bounds[last]; r++) {
      for (let n = 0; n < N; n++) {
        let sum = b === null ? 0 : b[n];
        for (let k = 0; k < K; k++) sum += x[r * K + k] * w[k * N + n];
        z[r * N + n] = sum;
      }
    }
  },

  affineInputGradient(dx, dz, w, { bounds, first, last }, K, N) {
    for (let r = bounds[first]; r < bounds[last]; r++) {
      for (let k = 0; k < K; k++) {
        let sum = 0;
        for (let n = 0; n < N; n++) sum += dz[r * N + n] * w[k * N + n];
        dx[r * K + k] = sum;
      }
    }
  },

  affineWeightGradient(dw, x, dz, shards, K, N, mode) {
    for (let k = 0; k < K; k++) {
      for (let n = 0; n < N; n++) {
        sumShards(dw, k * N + n, shards, mode, (r) => x[r * K + k] * dz[r * N + n]);
      }
    }
  },

  columnSums(db, dz, shards, N, mode) {
    for (let n = 0; n < N; n++) sumShards(db, n, shards, mode, (r) => dz[r * N + n]);
    return undefined;
  },

  scaleBytes(x, count, shift, scale) {
    const bytes = new Uint8Array(x.buffer, x.byteOffset + 3 * count, count);
    // going up, each byte is read before the floats reach it
    for (let i = 0; i < count; i++) x[i] = (bytes[i] - shift) * scale;
  },

  add(dst, src, count) {
    for (let i = 0; i < count; i++) dst[i] += src[i];
  },

  allFinite(a, count, headroom = 1) {
    const round = a instanceof Float32Array ? Math.fround : Number;
    for (let i = 0; i < count; i++) if (!Number.isFinite(round(a[i] * headroom))) return false;
    return true;
  },

  sumOfSquares(a, count) {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += a[i] * a[i];
    return sum;
  },
};

/**
 * Computes dst[index] = Σ term(r): each shard's rows in order, then the binary tree over the shards by
 * doubling strides. Partial sums are rounded to dst's type after every row, so that a sum may stop after any
 * row and go on from what dst holds.
 */
export function sumShards(
  dst: FloatArray,
  index: number,
  { bounds, first, last }: ShardRows,
  mode: SumMode,
  term: (r: number) => number,
): void {
  const round = dst instanceof Float32Array ? Math.fround : (value: number) => value;
  const parts: number[] = [];
  for (let s = first; s < last; s++) {
    let sum = mode === 'continue' ? dst[index] : 0;
    for (let r = bounds[s]; r < bounds[s + 1]; r++) sum = round(sum + term(r));
    parts.push(sum);
  }
  for (let stride = 1; stride < parts.length; stride *= 2) {
    for (let i = 0; i + stride < parts.length; i += 2 * stride)
      parts[i] = round(parts[i] + parts[i + stride]);
  }
  dst[index] = parts[0];
}
