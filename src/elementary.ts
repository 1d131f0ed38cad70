/**
 * Computes exp, ln and cos from additions, multiplications and divisions alone, so that schedules and initial
 * weights have the same bits on every machine: ECMAScript leaves the last bits of Math.exp and the like to
 * the engine. The relative error (for cos, the absolute one) is below 4e-16. Only the coordinator and the
 * layers written in TypeScript call these functions; the kernels have their own in float32.
 */
const LN2_HIGH = 0.6931471803691238; // has 33 bits, so k·LN2_HIGH is exact for |k| < 2^20
const LN2_LOW = 1.9082149292705877e-10;
const HALF_PI_HIGH = 1.5707963267341256;
const HALF_PI_LOW = 6.077100506506192e-11;

/** Returns e^x, by e^x = 2^k e^r with |r| ≤ ln2/2 and the Taylor series of e^r. */
export function exp(x: number): number {
  if (x > 709.78) return Infinity;
  if (!(x > -745.2)) return x <= -745.2 ? 0 : Number.NaN;
  const k = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let series = 1;
  for (let n = 15; n >= 2; n--) series = 1 + (r / n) * series;
  const half = k >> 1; // 2^k in two factors: near the ends of the range, 2^k alone would overflow or become 0
  return (1 + r * series) * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Returns 2^k, exactly if the result is a normal number. */
function powerOfTwo(k: number): number {
  let power = 1;
  for (let i = 0; i < Math.abs(k); i++) power *= k > 0 ? 2 : 0.5;
  return power;
}

/** Returns the natural logarithm of x, by x = 2^k m with m in [√½, √2) and ln m = 2 artanh((m−1)/(m+1)). */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let k = 0;
  let m = x;
  while (m >= Math.SQRT2) {
    m /= 2;
    k++;
  }
  while (m < Math.SQRT1_2) {
    m *= 2;
    k--;
  }
  const s = (m - 1) / (m + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 25; n >= 3; n -= 2) sum = square * (1 / n + sum);
  return k * LN2_HIGH + (2 * s * (1 + sum) + k * LN2_LOW);
}

/** Returns cos x for |x| up to a few thousand, by reduction to |r| ≤ π/4 and the Taylor series. */
export function cos(x: number): number {
  const k = Math.round(x / (HALF_PI_HIGH + HALF_PI_LOW));
  const r = x - k * HALF_PI_HIGH - k * HALF_PI_LOW;
  const quadrant = ((k % 4) + 4) % 4;
  const value = cosineOrSine(r, quadrant % 2 === 0 ? 0 : 1);
  return quadrant === 0 || quadrant === 3 ? value : -value;
}

/** Returns Σ (−1)^i r^{2i+odd}/(2i+odd)!: the cosine (odd = 0) or the sine (odd = 1) of a small r. */
function cosineOrSine(r: number, odd: 0 | 1): number {
  let sum = 1;
  for (let n = 18 + odd; n >= 2 + odd; n -= 2) sum = 1 - ((r * r) / (n * (n - 1))) * sum;
  return odd === 1 ? r * sum : sum;
}

/**
 * Returns ln Σ e^{factor·v} over `count` values from `from` on. The largest is taken out of the sum, so that
 * nothing overflows.
 */
export function lnSumExp(values: ArrayLike<number>, from: number, count: number, factor = 1): number {
  let largest = values[from];
  for (let i = from + 1; i < from + count; i++) largest = Math.max(largest, values[i]);
  let sum = 0;
  for (let i = from; i < from + count; i++) sum += exp(factor * (values[i] - largest));
  return factor * largest + ln(sum);
}
