/**
 * Tests a library before it is used: it must multiply correctly whatever the shapes and wherever the matrices
 * lie.
 */
import type { Gemm } from './gemm.js';

/**
 * M, N and K of the products that are tried, each with either operand transposed, with rows longer than the
 * matrix, and both with and without adding to c.
 */
const SHAPES = [
  [1, 1, 1],
  [16, 10, 33],
  [5, 64, 17],
  [48, 33, 64],
] as const;

/** Floats of memory for each of a, b and c. */
const FLOATS = 1 << 13;
/** The largest relative error of one rounding, 2⁻²⁴. */
const UNIT = 2 ** -24;
/** The memory that a test needs: a, b and c side by side. */
export const TEST_BYTES = 3 * 4 * FLOATS;

/** Says how operands are stored. */
export interface Operands {
  /** Bytes of an operand's element. */
  readonly bytes: 2 | 4;
  /** Returns the nearest number that an element can hold. */
  round(value: number): number;
  /** Writes numbers that elements can hold to an offset in the memory. */
  write(offset: number, values: Float32Array): void;
}

/**
 * Tests a gemm. Throws Error in one line if it is wrong.
 * @param name the name of the function that is tested, for the message
 */
export function testGemm(gemm: Gemm, name: string, memory: WebAssembly.Memory, operands: Operands): void {
  for (const [M, N, K] of SHAPES) {
    const product = expectedProduct(M, N, K, operands);
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
    ]) {
      testProduct({ gemm, name, memory, operands, product, transposeA, transposeB });
    }
  }
}

interface Product {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** a[M,K], b[K,N] and their product in float64. */
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly c: Float64Array;
  /** Σ |terms| of each element; rounding errors are proportional to it. */
  readonly sizes: Float64Array;
}

function expectedProduct(M: number, N: number, K: number, { round }: Operands): Product {
  const a = numbers(M * K, 89).map(round);
  const b = numbers(K * N, 55).map(round);
  const c = new Float64Array(M * N);
  const sizes = new Float64Array(M * N);
  for (let i = 0; i < M; i++) {
    for (let k = 0; k < K; k++) {
      for (let j = 0; j < N; j++) {
        const term = a[i * K + k] * b[k * N + j];
        c[i * N + j] += term;
        sizes[i * N + j] += Math.abs(term);
      }
    }
  }
  return { M, N, K, a, b, c, sizes };
}

/** Returns numbers between −1 and 1 that use all the bits of a float32. */
function numbers(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (2 * ((i * step) % 251)) / 251 - 1);
}

/**
 * Lays a matrix out, transposed or not, in rows that are `beyond` numbers longer: those must not count.
 * Returns the numbers and the length of a row.
 */
function layOut(
  matrix: Float32Array,
  rows: number,
  columns: number,
  transpose: boolean,
  beyond: number,
): [Float32Array, number] {
  const [height, width] = transpose ? [columns, rows] : [rows, columns];
  const row = width + beyond;
  const values = new Float32Array(height * row).fill(0.75);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      values[transpose ? j * row + i : i * row + j] = matrix[i * columns + j];
    }
  }
  return [values, row];
}

interface Case {
  readonly gemm: Gemm;
  readonly name: string;
  readonly memory: WebAssembly.Memory;
  readonly operands: Operands;
  readonly product: Product;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function testProduct({ gemm, name, memory, operands, product, transposeA, transposeB }: Case): void {
  const { M, N, K } = product;
  const [a, aRow] = layOut(product.a, M, K, transposeA, 3);
  const [b, bRow] = layOut(product.b, K, N, transposeB, 1);
  const cRow = N + 2;
  const [B, C] = [4 * FLOATS, 8 * FLOATS];
  operands.write(B, b);
  const c = new Float32Array(memory.buffer, C, M * cRow);
  for (const add of [false, true]) {
    // The second place is aligned to one element only, as the first row of a shard may be.
    for (const A of [0, operands.bytes]) {
      operands.write(A, a);
      c.fill(0.5);
      gemm(transposeA, transposeB, M, N, K, A, aRow, B, bRow, add, C, cRow);
      checkResult(name, product, c, cRow, add);
    }
  }
}

/** Throws Error if c is not the product, added to 0.5 or not, or if anything was written beyond its rows. */
function checkResult(name: string, product: Product, c: Float32Array, cRow: number, add: boolean): void {
  const { M, N, K, sizes } = product;
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < cRow; j++) {
      const wanted = j < N ? product.c[i * N + j] + (add ? 0.5 : 0) : 0.5;
      const bound = j < N ? (K + 2) * UNIT * (sizes[i * N + j] + 0.5) : 0;
      const found = c[i * cRow + j];
      if (!(Math.abs(found - wanted) <= bound)) {
        throw new Error(
          `${name} is wrong: element (${i},${j}) of a [${M},${K}]·[${K},${N}] product is ${found}, not ${wanted}`,
        );
      }
    }
  }
}
