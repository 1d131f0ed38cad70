/**
 * How a library's gemm rounds depends on the shapes it is given, and no library says how. What would save time while it kept
 * the bits is therefore tried for each shape, on numbers of its own, before it is relied upon: which additions are made, in
 * which order, follows from the shapes alone, and another order shows in the last bits of some of that many numbers.
 */
import type { ShardRows } from '../kernels.js';
import type { BoundGemm } from './gemm.js';

export interface Trials {
  /**
   * Whether a gemm that adds to c rounds once, c + (the whole product): then it may stand for a product aᵀ[M,K]·b[K,N], of row
   * lengths aRow and bRow, and an addition of the shard tree. M, N ≤ 2¹⁶.
   */
  addsInOneRounding(M: number, N: number, K: number, aRow: number, bRow: number): boolean;
  /**
   * Whether one product a[rows,K]·op(b)[K,N] over all shards' rows leaves the bits of a product for each shard. Sizes of shards
   * differ by one at most, the larger come first. A b of its own would take more memory than all else: it is read as it stands.
   */
  keepsRowsApart(
    transposeB: boolean,
    add: boolean,
    shards: ShardRows,
    N: number,
    K: number,
    b: number,
  ): boolean;
}

/** Floats that a trial may take: whoever multiplies larger matrices gains nothing by it. */
const MOST_FLOATS = 2 ** 26;
/** Numbers that each row of c must agree in: one alone may by chance, and a library may treat the last rows differently. */
const NUMBERS = 64;
/** The part of the results that must not be 0: what is multiplied by zeros alone tells nothing. */
const TOLD = 0.9;

/** Where a trial's arrays lie, as offsets, and what stands in both places of c. */
interface Area {
  readonly a: number;
  readonly b: number;
  readonly c: readonly number[];
  readonly results: readonly Float32Array[];
  /** both were pattern(offset), pattern(offset + 1), … before they were multiplied */
  readonly offset: number;
}

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

  /**
   * Operands full of numbers, and the same numbers twice for c, to be multiplied until a row of N has been tried often enough.
   * Their memory is given back at once: it may be as much as the weights'.
   */
  function agrees(aLength: number, bLength: number, M: number, N: number, trial: (area: Area) => boolean) {
    const [operands, cLength] = [aLength + bLength, M * N];
    const floats = operands + 2 * cLength;
    if (floats > MOST_FLOATS) return false;
    const buffer = new ArrayBuffer(4 * floats, { maxByteLength: 4 * floats });
    const view = new Float32Array(buffer);
    const base = offsetOf(buffer);
    const area = {
      a: base,
      b: base + bytes * aLength,
      c: [base + 4 * operands, base + 4 * (operands + cLength)],
      results: [view.subarray(operands, operands + cLength), view.subarray(operands + cLength)],
    };
    let agreed = true;
    for (let tried = 0; agreed && tried < NUMBERS; tried += N) {
      fill(view, operands + cLength, tried * floats);
      if (bytes === 2) narrow(new Uint16Array(buffer), operands);
      area.results[1].set(area.results[0]);
      agreed = trial({ ...area, offset: tried * floats + operands });
    }
    buffer.resize(0);
    return agreed;
  }

  return {
    addsInOneRounding: (M, N, K, aRow, bRow) =>
      remember(-(aRow * 2 ** 26 + bRow), (K * 2 ** 16 + M) * 2 ** 16 + N, () =>
        agrees(K * aRow, K * bRow, M, N, ({ a, b, c, results: [added, product], offset }) => {
          gemm(true, false, M, N, K, a, aRow, b, bRow, true, c[0], N);
          gemm(true, false, M, N, K, a, aRow, b, bRow, false, c[1], N);
          return areSums(added, product, offset);
        }),
      ),

    keepsRowsApart(transposeB, add, { bounds, first, last }, N, K, b) {
      const [begin, rows] = [bounds[first], bounds[last] - bounds[first]];
      const variant = 2 * Number(transposeB) + Number(add);
      return remember(K * 2 ** 26 + N, (rows * 2 ** 13 + last - first) * 4 + variant, () =>
        agrees(rows * K, 0, rows, N, ({ a, c, results: [whole, parts], offset }) => {
          const bRow = transposeB ? K : N;
          gemm(false, transposeB, rows, N, K, a, K, b, bRow, add, c[0], N);
          for (let shard = first; shard < last; shard++) {
            const from = bounds[shard] - begin;
            const count = bounds[shard + 1] - bounds[shard];
            const [aAt, cAt] = [a + bytes * from * K, c[1] + 4 * from * N];
            gemm(false, transposeB, count, N, K, aAt, K, b, bRow, add, cAt, N);
          }
          return areEqual(whole, parts, offset);
        }),
      );
    },
  };
}

/** The first values become pattern(offset), pattern(offset + 1), … */
function fill(values: Float32Array, count: number, offset: number): void {
  for (let i = 0; i < count; i++) values[i] = pattern(offset + i);
}

/** Whether each value is pattern(offset + i) + added[i], rounded once. */
function areSums(values: Float32Array, added: Float32Array, offset: number): boolean {
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== Math.fround(pattern(offset + i) + added[i])) return false;
  }
  return true;
}

/** Whether two results are equal, and nearly all of them tell something: they are not 0, nor what was there before. */
function areEqual(a: Float32Array, b: Float32Array, offset: number): boolean {
  let told = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
    if (a[i] !== 0 && a[i] !== pattern(offset + i)) told++;
  }
  return told >= TOLD * a.length;
}

/** Between −1 and 1, with all the bits of a float32. */
function pattern(i: number): number {
  return Math.fround((Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 23 - 1);
}

/** Float32 values become the first bfloat16 values of the same area: their upper halves. */
function narrow(halves: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) halves[i] = halves[2 * i + 1];
}
