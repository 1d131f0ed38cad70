/** Estimates derivatives by differences, which owe nothing to backpropagation (lecture, section 1). */
import type { FloatArray } from '../kernels/kernels.js';

/** Says how a derivative compares with its difference quotient. */
interface DerivativeComparison {
  readonly numeric: number;
  /**
   * |analytic − numeric| over the largest of both and `scale`; at a kink, the distance from a subgradient.
   */
  readonly error: number;
  /** Whether the coarse difference crossed a kink, or started on one. */
  readonly kink: boolean;
}

/** The largest relative error that passes; differences are refined until they agree to a tenth of it. */
export const TOLERANCE = 1e-7;

/** Step of a plain central difference, which errs by h²f‴/6 + rounding/h. */
const COARSE = 1e-5;
/** Step of an extrapolated central difference. It errs by the order of h⁴ only, so its step may be longer. */
const EXTRAPOLATED = 1e-4;
/** Step so short that it stays on its side of a near kink. */
const SHORT = 1e-7;

/**
 * Compares the derivative of f at 0 with its difference quotients. If no quotient confirms it, it passes only
 * as a subgradient at a kink: where the one-sided quotients differ however short the step, and the value lies
 * between them.
 */
export function compare(f: (step: number) => number, analytic: number, scale: number): DerivativeComparison {
  const central = (h: number) => (f(h) - f(-h)) / (2 * h);
  const errorOf = (numeric: number) =>
    Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric), scale);
  const quotients = [
    () => central(COARSE),
    () => (4 * central(EXTRAPOLATED) - central(2 * EXTRAPOLATED)) / 3,
    () => central(SHORT),
  ];
  let best: DerivativeComparison = { numeric: Number.NaN, error: Number.POSITIVE_INFINITY, kink: false };
  for (const [index, quotient] of quotients.entries()) {
    const numeric = quotient();
    const error = errorOf(numeric);
    // Where only the short step confirms the derivative, a kink lies between it and the longer ones.
    const kink = index === 2 && best.error > TOLERANCE && error <= TOLERANCE;
    if (!(error >= best.error)) best = { numeric, error, kink };
    if (best.error <= TOLERANCE / 10) return best;
  }
  return best.error <= TOLERANCE ? best : atKink(f, analytic, scale, best);
}

/** Compares with the subgradients where 0 is a kink, and else returns `smooth`, the comparison so far. */
function atKink(
  f: (step: number) => number,
  analytic: number,
  scale: number,
  smooth: DerivativeComparison,
): DerivativeComparison {
  const oneSided = (h: number) => [(f(0) - f(-h)) / h, (f(h) - f(0)) / h];
  const [left, right] = oneSided(SHORT);
  const [wideLeft, wideRight] = oneSided(10 * SHORT);
  const jump = Math.abs(right - left);
  const size = Math.max(Math.abs(left), Math.abs(right), scale);
  // On a smooth curve the one-sided quotients differ by h·f″, ten times as much at ten times the step; at a
  // kink they differ by about as much at any step.
  if (!(jump > 1e-4 * size) || jump < 0.5 * Math.abs(wideRight - wideLeft)) return smooth;
  const nearest = Math.min(Math.max(analytic, Math.min(left, right)), Math.max(left, right));
  const error = Math.abs(analytic - nearest) / size;
  return { numeric: nearest, error: error <= 1e-6 ? 0 : error, kink: true };
}

/** Returns the function that computes `loss` with entry i of an array changed by a step. */
export function nudged(array: FloatArray, i: number, loss: () => number): (step: number) => number {
  const original = array[i];
  return (step) => {
    array[i] = original + step;
    const found = loss();
    array[i] = original;
    return found;
  };
}

/** Says along which steps a Taylor slope is looked for. */
interface TaylorSteps {
  /** The longest step. */
  readonly longest?: number;
  readonly shortest?: number;
  /** What rounding may add to f(h) − f(0) − h·derivative. */
  readonly noise?: (h: number) => number;
}

/**
 * Returns the slope of log |f(h) − f(0) − h·derivative| over log h: 2 if the derivative is right, 1 if it is
 * wrong. Null if f is linear, so that only rounding is left. Kinks and third derivatives disturb the slope,
 * so shorter steps than the longest are tried as well and the slope nearest to 2 counts: a wrong derivative
 * does not come near 2 at any step.
 */
export function taylorSlope(
  f: (step: number) => number,
  derivative: number,
  { longest = 4e-4, shortest = longest / 100, noise }: TaylorSteps = {},
): number | null {
  const at0 = f(0);
  const noiseAt = noise ?? (() => 1e-14 * Math.max(1, Math.abs(at0)));
  const remainder = (h: number) => Math.abs(f(h) - at0 - h * derivative);
  let nearest: number | null = null;
  for (let h = longest; h > shortest; h /= 8) {
    const [long, short] = [remainder(h), remainder(h / 4)];
    if (!(short >= noiseAt(h / 4))) break;
    const slope = Math.log2(long / short) / 2;
    if (nearest === null || Math.abs(slope - 2) < Math.abs(nearest - 2)) nearest = slope;
  }
  return nearest;
}
