/**
 * Returns a·b + c of float32 numbers, rounded once to float32. The product is exact in float64. The sum is
 * rounded to odd there, so that rounding again to float32 gives what one rounding would give.
 */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const sum = product + c;
  if (!Number.isFinite(sum)) return Math.fround(sum);
  // Knuth's exact error of the sum.
  const back = sum - product;
  const error = product - (sum - back) + (c - back);
  if (error === 0) return Math.fround(sum);
  WORD.float[0] = sum;
  if ((WORD.bits[0] & 1n) === 0n) {
    // One step towards the error; away from 0 where both have the same sign.
    WORD.bits[0] += error > 0 === sum > 0 ? 1n : -1n;
  }
  return Math.fround(WORD.float[0]);
}

const BUFFER = new ArrayBuffer(8);
const WORD = { float: new Float64Array(BUFFER), bits: new BigUint64Array(BUFFER) };

/** Returns a number as the instructions of AVX512_BF16 and AMX take and give it: 0 without a leading bit. */
const flushed = (x: number): number => (Math.abs(x) < 2 ** -126 ? 0 * x : x);

const SINGLE = new Float32Array(1);
const SINGLE_BITS = new Uint32Array(SINGLE.buffer);

/**
 * Returns what vdpbf16ps makes of a sum and of two pairs of bfloat16 numbers: the upper product comes first.
 */
export function dotPair(sum: number, a: number, b: number): number {
  const value = (word: number) => {
    SINGLE_BITS[0] = word;
    return flushed(SINGLE[0]);
  };
  const upper = fusedMultiplyAdd(value(a & 0xffff0000), value(b & 0xffff0000), flushed(sum));
  return flushed(fusedMultiplyAdd(value(a << 16), value(b << 16), flushed(upper)));
}

/**
 * Returns what tdpbf16ps makes of a number of the result, a row of A and a column of B, of pairs of bfloat16
 * numbers each: the products of the lower numbers and those of the upper ones are added up apart.
 */
export function dotBlock(start: number, a: ArrayLike<number>, b: ArrayLike<number>): number {
  const value = (word: number) => {
    SINGLE_BITS[0] = word;
    return flushed(SINGLE[0]);
  };
  let [lower, upper] = [0, 0];
  for (let pair = 0; pair < a.length; pair++) {
    lower = flushed(fusedMultiplyAdd(value(a[pair] << 16), value(b[pair] << 16), lower));
    upper = flushed(fusedMultiplyAdd(value(a[pair] & 0xffff0000), value(b[pair] & 0xffff0000), upper));
  }
  return flushed(Math.fround(flushed(start) + flushed(Math.fround(lower + upper))));
}

/** Returns the bits of the bfloat16 number that vcvtne2ps2bf16 makes of a float's bits. */
export function narrow(bits: number): number {
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return (bits >>> 16) | 0x40;
  if (magnitude < 0x800000) return (bits >>> 16) & 0x8000;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}
