/** Before a library is used: does it multiply as it should, whatever the shapes and wherever they lie? */
import type { Gemm } from './gemm.js';

/** M, N, K with both transposes, row lengths beyond the matrix, both ways to begin a sum. */
const SHAPES = [
  [1, 1, 1],
  [16, 10, 33],
  [5, 64, 17],
  [48, 33, 64],
] as const;

/** Floats that each of a, b and c may take. */
const FLOATS = 1 << 13;
/** 2⁻²⁴, the relative error of one rounding */
const UNIT = 2 ** -24;
/** What a test takes: a, b and c side by side. */
export const TEST_BYTES = 3 * 4 * FLOATS;

export interface Operands {
  /** bytes of an operand's element */
  readonly bytes: 2 | 4;
  /** the nearest number that an element holds */
  round(value: number): number;
  /** writes such numbers */
  write(offset: number, values: Float32Array): void;
}

/** Throws Error in one line. @param name of the function that is tested, for the message */
export function testGemm(gemm: Gemm, name: string, memory: WebAssembly.Memory, operands: Operands): void {
  for (const [M, N, K] of SHAPES) {
    for (const [transposeA, transposeB] of [
      [false, false],
      [false, true],
      [true, false],
    ]) {
      testProduct({ gemm, name, memory, operands, M, N, K, transposeA, transposeB });
    }
  }
}

interface Case {
  readonly gemm: Gemm;
  readonly name: string;
  readonly memory: WebAssembly.Memory;
  readonly operands: Operands;
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

function testProduct({ gemm, name, memory, operands, M, N, K, transposeA, transposeB }: Case): void {
  const aRow = (transposeA ? M : K) + 3;
  const bRow = (transposeB ? K : N) + 1;
  const cRow = N + 2;
  const a = numbers((transposeA ? K : M) * aRow, 89).map(operands.round);
  const b = numbers((transposeB ? N : K) * bRow, 55).map(operands.round);
  const [B, C] = [4 * FLOATS, 8 * FLOATS];
  operands.write(B, b);
  const { product, sizes } = expectedProduct(a, aRow, b, bRow, { M, N, K, transposeA, transposeB });
  const c = new Float32Array(memory.buffer, C, FLOATS);
  for (const add of [false, true]) {
    // the second place is hardly aligned, as a shard in the middle of a batch may lie
    for (const A of [0, operands.bytes]) {
      operands.write(A, a);
      c.fill(0.5);
      gemm(transposeA, transposeB, M, N, K, A, aRow, B, bRow, add, C, cRow);
      for (let i = 0; i < M; i++) {
        for (let j = 0; j < cRow; j++) {
          const wanted = j < N ? product[i * N + j] + (add ? 0.5 : 0) : 0.5;
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
  }
}

/** Between −1 and 1, with all the bits of a float32. */
function numbers(length: number, step: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => (2 * ((i * step) % 251)) / 251 - 1);
}

function expectedProduct(
  a: Float32Array,
  aRow: number,
  b: Float32Array,
  bRow: number,
  { M, N, K, transposeA, transposeB }: Pick<Case, 'M' | 'N' | 'K' | 'transposeA' | 'transposeB'>,
): { product: Float64Array; sizes: Float64Array } {
  const product = new Float64Array(M * N);
  const sizes = new Float64Array(M * N); // Σ |terms|, to which rounding errors are proportional
  for (let i = 0; i < M; i++) {
    for (let j = 0; j < N; j++) {
      for (let k = 0; k < K; k++) {
        const left = a[transposeA ? k * aRow + i : i * aRow + k];
        const term = left * b[transposeB ? j * bRow + k : k * bRow + j];
        product[i * N + j] += term;
        sizes[i * N + j] += Math.abs(term);
      }
    }
  }
  return { product, sizes };
}
