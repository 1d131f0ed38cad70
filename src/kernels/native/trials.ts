/**
 * How a library's gemm rounds depends on the shapes it is given, and no library says how. What would save time while it kept
 * the bits is therefore tried for each shape, on numbers of its own, before it is relied upon: which additions are made, in
 * which order, follows from the shapes alone, and another order would show in the last bits of some of that many numbers.
 */
import type { ShardRows } from '../kernels.js';
import type { BoundGemm } from './gemm.js';

export interface Trials {
  /**
   * Whether a gemm that adds to c rounds once, c + (the whole product): then it may stand for a product aᵀ[M,K]·b[K,N], of row
   * lengths aRow and bRow, and an addition of the shard tree. M, N ≤ 2¹⁶.
   */
  addsInOneRounding(M: number, N: number, K: number, aRow: number, bRow: number): boolean;
  /** Whether one product a[rows,K]·op(b)[K,N] over all shards' rows leaves the bits of a product for each shard. */
  keepsRowsApart(transposeB: boolean, add: boolean, shards: ShardRows, N: number, K: number): boolean;
}

/** Floats that a trial may take: whoever multiplies larger matrices gains nothing by it. */
const MOST_FLOATS = 2 ** 26;

/** @param bytes of an operand's element */
export function createTrials({ gemm, offsetOf }: BoundGemm, bytes: 2 | 4): Trials {
  const known = new Map<number, Map<number, boolean>>();
  /** What was found out about this shape, or finds it out. */
  const remember = (matrix: number, shape: number, trial: () => boolean): boolean => {
    const ofMatrix = known.get(matrix) ?? new Map<number, boolean>();
    known.set(matrix, ofMatrix);
    const found = ofMatrix.get(shape) ?? trial();
    ofMatrix.set(shape, found);
    return found;
  };

  /** Operands full of numbers, and the same numbers twice for c. */
  function arrange(aLength: number, bLength: number, cLength: number) {
    const floats = aLength + bLength + 2 * cLength;
    if (floats > MOST_FLOATS) return null;
    const buffer = new ArrayBuffer(4 * floats);
    const view = new Float32Array(buffer);
    for (let i = 0; i < aLength + bLength + cLength; i++) view[i] = pattern(i);
    if (bytes === 2) narrow(new Uint16Array(buffer), aLength + bLength);
    const first = aLength + bLength;
    view.copyWithin(first + cLength, first, first + cLength);
    const base = offsetOf(buffer);
    return {
      a: base,
      b: base + bytes * aLength,
      c: [base + 4 * first, base + 4 * (first + cLength)],
      results: [view.subarray(first, first + cLength), view.subarray(first + cLength)],
    };
  }

  return {
    addsInOneRounding: (M, N, K, aRow, bRow) =>
      remember(-(aRow * 2 ** 26 + bRow), (K * 2 ** 16 + M) * 2 ** 16 + N, () => {
        const area = arrange(K * aRow, K * bRow, M * N);
        if (!area) return false;
        const { a, b, c, results } = area;
        const [added, product] = results;
        const before = added.slice();
        gemm(true, false, M, N, K, a, aRow, b, bRow, true, c[0], N);
        gemm(true, false, M, N, K, a, aRow, b, bRow, false, c[1], N);
        return added.every((value, i) => value === Math.fround(before[i] + product[i]));
      }),

    keepsRowsApart(transposeB, add, { bounds, first, last }, N, K) {
      const [begin, rows] = [bounds[first], bounds[last] - bounds[first]];
      const variant = 2 * Number(transposeB) + Number(add);
      return remember(K * 2 ** 26 + N, (rows * 2 ** 13 + last - first) * 4 + variant, () => {
        const area = arrange(rows * K, K * N, rows * N);
        if (!area) return false;
        const { a, b, c, results } = area;
        const bRow = transposeB ? K : N;
        gemm(false, transposeB, rows, N, K, a, K, b, bRow, add, c[0], N);
        for (let shard = first; shard < last; shard++) {
          const from = bounds[shard] - begin;
          const count = bounds[shard + 1] - bounds[shard];
          gemm(false, transposeB, count, N, K, a + bytes * from * K, K, b, bRow, add, c[1] + 4 * from * N, N);
        }
        return results[0].every((value, i) => value === results[1][i]);
      });
    },
  };
}

/** Between −1 and 1, with all the bits of a float32. */
function pattern(i: number): number {
  return Math.fround((Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 23 - 1);
}

/** Float32 values become the first bfloat16 values of the same area: their upper halves. */
function narrow(halves: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) halves[i] = halves[2 * i + 1];
}
