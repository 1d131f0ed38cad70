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
