/**
 * What AMX computes, in plain loops: the definition of the bits of `--kernels amx`, by which its machine code
 * is tested. Intel describes the order of tdpbf16ps ("Intel 64 and IA-32 Architectures Software Developer's
 * Manual", volume 2): products are added up in blocks of 32, those at even places and those at odd ones
 * apart, each by a fused multiply-add from 0 on; the two sums are added, and that is added to the sum of the
 * blocks before. A number without a leading bit (below 2^−126) counts as 0, among operands, sums and
 * results.
 */
import type { ShardRows } from '../kernels.js';
import type { Products } from '../products.js';
import { toBfloat16 } from '../reference/bfloat16.js';
import type { WasmMemory } from '../wasm/types.js';

/** Numbers whose products are added up before they are added to the sum of those before them. */
export const AMX_BLOCK = 32;

/** Returns 0, with the sign, for a number without a leading bit. */
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 * x : x);

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
  const rounded = (place: number, length: number) => floats(place, length).map((x) => toBfloat16(flushed(x)));

  /** C[R,columns] = bias + A[R,inner]·B, where numbers of B lie `step` apart down and `next` apart across. */
  const multiply = (
    [c, a, b, bias]: readonly [c: number, a: number, b: number, bias: number],
    { bounds, first, last }: ShardRows,
    inner: number,
    columns: number,
    [step, next]: readonly [step: number, next: number],
  ) => {
    const [from, R] = [4 * bounds[first], bounds[last] - bounds[first]];
    const result = floats(c + from * columns, R * columns);
    const [as, bs] = [rounded(a + from * inner, R * inner), rounded(b, inner * columns)];
    const starts = bias === 0 ? null : floats(bias, columns);
    for (let i = 0; i < result.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const left = (k: number) => as[row * inner + k];
      const right = (k: number) => bs[k * step + column * next];
      result[i] = amxDot(starts?.[column] ?? 0, inner, left, right);
    }
  };

  return {
    affine: (z, x, w, b, shards, K, N) => multiply([z, x, w, b], shards, K, N, [N, 1]),
    affineInputGradient: (dx, dz, w, shards, K, N) => multiply([dx, dz, w, 0], shards, N, K, [1, N]),
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
