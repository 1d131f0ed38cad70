/**
 * Products of operands rounded to bfloat16, by AVX512_BF16, with the bits of the emulation (bfloat16.ts):
 * each number's products are added one after the other, with one rounding each. What differs is that the
 * processor takes numbers without a leading bit for 0, in operands and in sums. They occur only where
 * operands are tiny: a number of at least 2^e rounds to a multiple of 2^(e − 7), so all sums of products are
 * multiples of 2^(eA + eB − 14), and none is tiny while that is at least 2^−126. So the code notes the
 * smallest magnitudes that it meets, and where they are too small, the product is computed once more, by the
 * emulation.
 */
import type { Products } from '../products.js';
import type { WasmMemory } from '../wasm/types.js';
import { callProducts } from './calls.js';
import type { ProductAddresses } from './compile.js';
import { type Processor, THIS_PROCESSOR } from './processor.js';
import { fits } from './products.js';
import { blockWriter } from './words.js';

/** The least sum of two exponents, with the 127 that a float adds to each: 2·127 − 126 + 14. */
const LEAST_SUM = 142;
/** The least exponent with which all bits of a float are multiples of 2^−126: that of 2^−103. */
const LEAST_BIAS = 24;

/**
 * Returns the products on a shared memory, for the calling thread.
 * @param scratch byte offset of BLOCK_BYTES in the memory that belong to this instance alone, 64-byte aligned
 * @param emulated products with the same bits, for tiny operands and for shapes that the areas have no room
 *   for
 */
export function narrowProducts<Emulated extends Products>(
  code: ProductAddresses,
  memory: WasmMemory,
  scratch: number,
  emulated: Emulated,
  processor: Processor = THIS_PROCESSOR,
): Emulated {
  const fill = blockWriter('avx512', memory, scratch, true);
  const place = { memory, scratch, processor, fill };
  const { affine, affineInputGradient, weightGradient } = callProducts(code, place);
  /** Whether the product just computed has the bits of the emulation. */
  const holds = () => {
    const [a, b] = fill.smallestExponents();
    return a > 0 && b > 0 && a + b >= LEAST_SUM;
  };
  const bits = new Uint32Array(memory.buffer);
  /** Whether sums may begin at a bias. */
  const fitting = (bias: number, N: number) => {
    if (bias === 0) return true;
    for (let i = bias / 4; i < bias / 4 + N; i++) {
      const magnitude = bits[i] & 0x7fffffff;
      if (magnitude !== 0 && magnitude >>> 23 < LEAST_BIAS) return false;
    }
    return true;
  };
  return {
    ...emulated,
    affine(z, x, w, b, shards, K, N) {
      if (fitting(b, N)) {
        fill.forget();
        affine(z, x, w, b, shards, K, N);
        if (holds()) return;
      }
      emulated.affine(z, x, w, b, shards, K, N);
    },
    affineInputGradient(dx, dz, w, shards, K, N) {
      fill.forget();
      affineInputGradient(dx, dz, w, shards, K, N);
      if (!holds()) emulated.affineInputGradient(dx, dz, w, shards, K, N);
    },
    affineWeightGradient(dw, x, dz, shards, K, N, mode) {
      // What dw holds may be tiny where a sum goes on.
      if (mode === 'start' && fits(shards)) {
        const largest = weightGradient(dw, x, dz, shards, K, N, mode);
        if (holds()) return largest;
      }
      return emulated.affineWeightGradient(dw, x, dz, shards, K, N, mode);
    },
  };
}
