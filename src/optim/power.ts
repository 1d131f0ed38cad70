/**
 * Computes base^n for a whole n ≥ 0 by repeated squaring; multiplications alone give the same bits
 * everywhere.
 */
export function power(base: number, n: number): number {
  let result = 1;
  let square = base;
  for (let exponent = n; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
