/**
 * Finds out by trial which short cuts leave the bits of a library's products as they are. How a gemm rounds
 * depends on the shapes that it is given, and no library documents it. So each short cut is tried for each
 * shape, on numbers made for the trial, before it is used. One trial is enough because the shapes alone
 * decide which additions are made and in which order, and another order would change the last bits of some of
 * the many numbers in a result.
 */
import type { ShardRows } from '../kernels.js';
import type { BoundGemm } from './gemm.js';

/** The short cuts that can be tried. */
interface Trials {
  /**
   * Returns whether a gemm that adds to c rounds once, as c + (the whole product). If so, one call may stand
   * for a product aᵀ[M,K]·b[K,N], with row lengths aRow and bRow, and the addition of the shard tree that
   * follows. M, N ≤ 2¹⁶.
   */
  addsInOneRounding(M: number, N: number, K: number, aRow: number, bRow: number): boolean;
  /**
   * Returns whether one product a[rows,K]·op(b)[K,N] over all shards' rows has the bits of a product for each
   * shard. The sizes of shards differ by one at most, the larger come first. The trial reads b as it is,
   * because a copy would take more memory than everything else.
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

/** Floats that a trial may use; products of larger matrices gain nothing from the short cuts. */
const MOST_FLOATS = 2 ** 26;
/**
 * Numbers that must agree in each row of c; with fewer columns a trial is repeated. One number may agree by
 * chance, and all rows need as many because a library may treat the last ones differently.
 */
const FEWEST_COLUMNS = 64;
/** The share of the results that must not be 0: what was multiplied by zeros alone proves nothing. */
const TELLING = 0.9;

/** Says how large a trial's arrays are, in elements: operands a and b, and both places of c[M,N]. */
interface TrialSizes {
  readonly a: number;
  readonly b: number;
  readonly M: number;
  readonly N: number;
}

/** Says where a trial's arrays lie, as offsets, and gives the results in both places of c. */
interface TrialArrays {
  readonly a: number;
  readonly b: number;
  readonly c: readonly number[];
  readonly results: readonly Float32Array[];
  /** Both results held pattern(offset), pattern(offset + 1), … before the products were computed. */
  readonly offset: number;
}

/**
 * Returns the trials of a gemm, which remember their outcomes.
 * @param bytes size of an operand's element
 */
export function createTrials(bound: BoundGemm, bytes: 2 | 4): Trials {
  const { gemm } = bound;
  const remember = createMemory();
  return {
    addsInOneRounding: (M, N, K, aRow, bRow) =>
      remember(-(aRow * 2 ** 26 + bRow), (K * 2 ** 16 + M) * 2 ** 16 + N, () => {
        const sizes = { a: K * aRow, b: K * bRow, M, N };
        return succeeds(bound, bytes, sizes, ({ a, b, c, results: [added, product], offset }) => {
          gemm(true, false, M, N, K, a, aRow, b, bRow, true, c[0], N);
          gemm(true, false, M, N, K, a, aRow, b, bRow, false, c[1], N);
          return areSums(added, product, offset);
        });
      }),

    keepsRowsApart(transposeB, add, { bounds, first, last }, N, K, b) {
      const [begin, rows] = [bounds[first], bounds[last] - bounds[first]];
      const variant = 2 * Number(transposeB) + Number(add);
      return remember(K * 2 ** 26 + N, (rows * 2 ** 13 + last - first) * 4 + variant, () => {
        const sizes = { a: rows * K, b: 0, M: rows, N };
        return succeeds(bound, bytes, sizes, ({ a, c, results: [whole, parts], offset }) => {
          const bRow = transposeB ? K : N;
          gemm(false, transposeB, rows, N, K, a, K, b, bRow, add, c[0], N);
          for (let shard = first; shard < last; shard++) {
            const from = bounds[shard] - begin;
            const count = bounds[shard + 1] - bounds[shard];
            const [aAt, cAt] = [a + bytes * from * K, c[1] + 4 * from * N];
            gemm(false, transposeB, count, N, K, aAt, K, b, bRow, add, cAt, N);
          }
          return areEqual(whole, parts, offset);
        });
      });
    },
  };
}

/**
 * Returns a function that runs a trial for shapes that are new and remembers the outcome. Both keys are
 * shapes packed into a number, `matrix` those of the layer and `call` those of one product, because every
 * product looks its outcome up. The two trials have keys of different sign.
 */
function createMemory(): (matrix: number, call: number, trial: () => boolean) => boolean {
  const outcomes = new Map<number, Map<number, boolean>>();
  return (matrix, call, trial) => {
    const ofMatrix = outcomes.get(matrix) ?? new Map<number, boolean>();
    outcomes.set(matrix, ofMatrix);
    const outcome = ofMatrix.get(call) ?? trial();
    ofMatrix.set(call, outcome);
    return outcome;
  };
}

/**
 * Runs a trial on operands full of numbers, with the same numbers in both places of c, and repeats it with
 * others until enough columns have been seen. Returns whether it succeeded each time. The memory is given
 * back at once, because it may be as much as the weights take.
 */
function succeeds(
  { offsetOf }: BoundGemm,
  bytes: 2 | 4,
  sizes: TrialSizes,
  trial: (arrays: TrialArrays) => boolean,
): boolean {
  const [operands, cLength] = [sizes.a + sizes.b, sizes.M * sizes.N];
  const floats = operands + 2 * cLength;
  if (floats > MOST_FLOATS) return false;
  const buffer = new ArrayBuffer(4 * floats, { maxByteLength: 4 * floats });
  const view = new Float32Array(buffer);
  const base = offsetOf(buffer);
  const arrays = {
    a: base,
    b: base + bytes * sizes.a,
    c: [base + 4 * operands, base + 4 * (operands + cLength)],
    results: [view.subarray(operands, operands + cLength), view.subarray(operands + cLength)],
  };
  let succeeded = true;
  for (let columns = 0; succeeded && columns < FEWEST_COLUMNS; columns += sizes.N) {
    fill(view, operands + cLength, columns * floats);
    if (bytes === 2) narrow(new Uint16Array(buffer), operands);
    arrays.results[1].set(arrays.results[0]);
    succeeded = trial({ ...arrays, offset: columns * floats + operands });
  }
  buffer.resize(0);
  return succeeded;
}

/** Fills the first values with pattern(offset), pattern(offset + 1), … */
function fill(values: Float32Array, count: number, offset: number): void {
  for (let i = 0; i < count; i++) values[i] = pattern(offset + i);
}

/** Returns whether each value is pattern(offset + i) + added[i], rounded once. */
function areSums(values: Float32Array, added: Float32Array, offset: number): boolean {
  for (let i = 0; i < values.length; i++) {
    if (values[i] !== Math.fround(pattern(offset + i) + added[i])) return false;
  }
  return true;
}

/**
 * Returns whether two results are equal, and nearly all of their values prove something: they are neither 0
 * nor what was there before.
 */
function areEqual(a: Float32Array, b: Float32Array, offset: number): boolean {
  let telling = 0;
  for (let i = 0; i < a.length; i++) {
    if (a[i] !== b[i]) return false;
    if (a[i] !== 0 && a[i] !== pattern(offset + i)) telling++;
  }
  return telling >= TELLING * a.length;
}

/** Returns a number between −1 and 1 that uses all the bits of a float32. */
function pattern(i: number): number {
  return Math.fround((Math.imul(i + 1, 2654435761) >>> 8) / 2 ** 23 - 1);
}

/** Turns the float32 values of an area into bfloat16 values, their upper halves, at its beginning. */
function narrow(halves: Uint16Array, count: number): void {
  for (let i = 0; i < count; i++) halves[i] = halves[2 * i + 1];
}
