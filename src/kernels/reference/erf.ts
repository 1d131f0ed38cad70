const TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

/** Returns erfc(x) = 1 − erf(x) in float64, with a small relative error in the right tail too. */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 2 - erfc(-x);
  return x < 2 ? 1 - erfSeries(x) : erfcFraction(x);
}

/**
 * Returns erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)) (DLMF 7.6.2). Every term is positive, so
 * nothing cancels.
 */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return TWO_OVER_SQRT_PI * Math.exp(-x * x) * sum;
}

/**
 * Returns erfc(x) from √π e^(x²) erfc(x) = 1/(x + ½/(x + 1/(x + 3⁄2/(x + …)))) (DLMF 7.9.1), evaluated from
 * the inside out.
 */
function erfcFraction(x: number): number {
  let tail = x;
  for (let n = 120; n >= 1; n--) tail = x + n / 2 / tail;
  return (Math.exp(-x * x) / tail) * (TWO_OVER_SQRT_PI / 2);
}
