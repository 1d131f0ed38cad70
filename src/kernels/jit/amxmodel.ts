/**
 * What AMX computes, in plain loops: the definition of the bits of `--kernels amx`, by which its machine code
 * is tested. Intel describes the order of tdpbf16ps ("Intel 64 and IA-32 Architectures Software Developer's
 * Manual", volume 2): products are added up in blocks of 32, those at even places and those at odd ones
 * apart, each by a fused multiply-add from 0 on; the two sums are added, and that is added to the sum of the
 * blocks before. A number without a leading bit (below 2^−126) counts as 0, among operands, sums and
 * results.
 */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';

/** Numbers whose products are added up before they are added to the sum of those before them. */
export const AMX_BLOCK = 32;

/** Returns 0, with the sign, for a number without a leading bit. */
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 * x : x);

const FLOAT = new Float32Array(1);
const BITS = new Uint32Array(FLOAT.buffer);

/** Rounds a float to bfloat16, to nearest, ties to even. */
function toBfloat16(x: number): number {
  FLOAT[0] = flushed(x);
  if (Number.isNaN(x)) return x;
  BITS[0] = (BITS[0] + 0x7fff + ((BITS[0] >>> 16) & 1)) & 0xffff0000;
  return FLOAT[0];
}

/**
 * sum + a·b of bfloat16 numbers a and b, rounded once: float64 holds the product, and where it does not hold
 * all of the sum, one of the two is too small to change the other one.
 */
const multiplyAdd = (sum: number, a: number, b: number): number =>
  flushed(Math.fround(sum + flushed(a) * flushed(b)));

/**
 * Returns start + Σ a_k·b_k over `depth` numbers of bfloat16, as AMX adds them up.
 * @param a returns a_k; b likewise
 */
export function amxDot(
  start: number,
  depth: number,
  a: (k: number) => number,
  b: (k: number) => number,
): number {
  let sum = flushed(start);
  for (let block = 0; block < depth; block += AMX_BLOCK) {
    const sums = [0, 0];
    for (let k = block; k < Math.min(block + AMX_BLOCK, depth); k++) {
      sums[k % 2] = multiplyAdd(sums[k % 2], a(k), b(k));
    }
    sum = flushed(Math.fround(sum + flushed(Math.fround(sums[0] + sums[1]))));
  }
  return sum;
}

/** Returns the products as AMX computes them, on a shared memory. */
export function modelProducts(memory: WasmMemory): Products {
  const floats = (place: number, length: number) => new Float32Array(memory.buffer, place, length);
  const rounded = (place: number, length: number) => floats(place, length).map(toBfloat16);

  /** C[R,columns] = b + A[R,inner]·B, where numbers of B lie `step` apart down and `next` apart across. */
  const multiply = (
    [c, a, b]: readonly [c: Float32Array, a: Float32Array, b: Float32Array],
    bias: Float32Array | null,
    inner: number,
    columns: number,
    [step, next]: readonly [step: number, next: number],
  ) => {
    for (let i = 0; i < c.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const left = (k: number) => a[row * inner + k];
      const right = (k: number) => b[k * step + column * next];
      c[i] = amxDot(bias?.[column] ?? 0, inner, left, right);
    }
  };

  return {
    affine(z, x, w, b, { bounds, first, last }, K, N) {
      const [from, R] = [4 * bounds[first], bounds[last] - bounds[first]];
      const operands = [
        floats(z + from * N, R * N),
        rounded(x + from * K, R * K),
        rounded(w, K * N),
      ] as const;
      multiply(operands, b === 0 ? null : floats(b, N), K, N, [N, 1]);
    },
    affineInputGradient(dx, dz, w, { bounds, first, last }, K, N) {
      const [from, R] = [4 * bounds[first], bounds[last] - bounds[first]];
      const operands = [
        floats(dx + from * K, R * K),
        rounded(dz + from * N, R * N),
        rounded(w, K * N),
      ] as const;
      multiply(operands, null, N, K, [1, N]);
    },
    affineWeightGradient(dw, x, dz, { bounds, first, last }, K, N, mode) {
      const [result, xs, dzs] = [
        floats(dw, K * N),
        rounded(x, bounds[last] * K),
        rounded(dz, bounds[last] * N),
      ];
      for (let i = 0; i < K * N; i++) {
        const [k, n] = [Math.floor(i / N), i % N];
        const sums = Array.from({ length: last - first }, (_, shard) => {
          const from = bounds[first + shard];
          const rows = bounds[first + shard + 1] - from;
          const left = (r: number) => xs[(from + r) * K + k];
          const right = (r: number) => dzs[(from + r) * N + n];
          return amxDot(mode === 'continue' ? result[i] : 0, rows, left, right);
        });
        for (let stride = 1; stride < sums.length; stride *= 2) {
          for (let j = 0; j + stride < sums.length; j += 2 * stride) {
            sums[j] = Math.fround(sums[j] + sums[j + stride]);
          }
        }
        result[i] = sums[0];
      }
      return undefined;
    },
  };
}
