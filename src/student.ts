/**
 * Student's distribution, central and noncentral, by the incomplete beta function. The functions use no
 * Math.exp and its like, so that a comparison reads the same on every machine.
 */
import { exp, ln } from './elementary.js';

const LN_SQRT_2PI = 0.9189385332046727;

/** Returns ln Γ(x) for x > 0, by Stirling's series once x is large and Γ(x + 1) = x Γ(x) before. */
function lnGamma(x: number): number {
  let shift = 0;
  let z = x;
  while (z < 15) {
    shift += ln(z);
    z++;
  }
  const w = 1 / (z * z);
  const series =
    1 / 12 - w * (1 / 360 - w * (1 / 1260 - w * (1 / 1680 - w * (1 / 1188 - (w * 691) / 360360))));
  return (z - 0.5) * ln(z) - z + LN_SQRT_2PI + series / z - shift;
}

/** Returns ln(1 + x), exact for small x too, where 1 + x is rounded. */
function lnOnePlus(x: number): number {
  const sum = 1 + x;
  return sum === 1 ? x : (ln(sum) * x) / (sum - 1);
}

/** Returns the regularised incomplete beta function I_x(a, b), given x and 1 − x, both exact. */
function incompleteBeta(a: number, b: number, x: number, rest: number): number {
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(b, a, rest, x);
  const lnX = x < rest ? ln(x) : lnOnePlus(-rest);
  const lnRest = x < rest ? lnOnePlus(-x) : ln(rest);
  const front = exp(a * lnX + b * lnRest + lnGamma(a + b) - lnGamma(a) - lnGamma(b));
  return (front * betaFraction(a, b, x)) / a;
}

/** Evaluates the continued fraction of the incomplete beta function by Lentz's method (DLMF 8.17.22). */
function betaFraction(a: number, b: number, x: number): number {
  const least = 1e-300;
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1), least);
  let value = d;
  for (let m = 1; m <= 100_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d, least);
      c = away(1 + term / c, least);
      factor = c * d;
      value *= factor;
    }
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return value;
}

/** Keeps a divisor from 0. */
function away(value: number, least: number): number {
  return Math.abs(value) < least ? least : value;
}

/** Returns P(|T| > t), the p-value of a two-sided test, exact also where it is tiny. */
export function studentTails(t: number, degrees: number): number {
  const square = t * t;
  if (square === Number.POSITIVE_INFINITY) return 0;
  return incompleteBeta(degrees / 2, 0.5, degrees / (degrees + square), square / (degrees + square));
}

/** Returns the t with P(T ≤ t) = p for 0 < p < 1, by halving an interval until its ends are neighbours. */
export function studentQuantile(p: number, degrees: number): number {
  if (p === 0.5) return 0;
  if (p < 0.5) return -positiveQuantile(2 * p, degrees);
  return positiveQuantile(2 * (1 - p), degrees);
}

/** Returns the t ≥ 0 with P(|T| > t) = tails. */
function positiveQuantile(tails: number, degrees: number): number {
  let high = 1;
  while (studentTails(high, degrees) > tails && high < 1e300) high *= 2;
  let low = high === 1 ? 0 : high / 2;
  for (let step = 0; step < 200; step++) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    if (studentTails(middle, degrees) > tails) low = middle;
    else high = middle;
  }
  return high;
}

/**
 * Returns P(|T'| > t) for a noncentral T' with noncentrality δ: the power of a two-sided t-test whose
 * statistic is δ on average. The tails' weights are Poisson's, by Guenther's series (1978).
 */
export function noncentralTails(t: number, degrees: number, delta: number): number {
  const half = (delta * delta) / 2;
  const [x, rest] = [(t * t) / (degrees + t * t), degrees / (degrees + t * t)];
  // T'² is F' with 1 numerator degree: P(F' ≤ t²) = Σ Poisson(j; δ²/2) I_x(1/2 + j, ν/2).
  let sum = 0;
  const spread = 12 * Math.sqrt(half) + 40;
  const from = Math.max(0, Math.floor(half - spread));
  for (let j = from; j <= half + spread; j++) {
    const weight = half === 0 ? (j === 0 ? 1 : 0) : exp(j * ln(half) - half - lnGamma(j + 1));
    sum += weight * incompleteBeta(0.5 + j, degrees / 2, x, rest);
  }
  return Math.min(1, Math.max(0, 1 - sum));
}
