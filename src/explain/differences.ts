/** Derivatives by differences, which know nothing of backpropagation (lecture, section 1). */

export interface Comparison {
  readonly numeric: number;
  /** |analytic − numeric| over the largest of both and `scale`; at a kink, the distance from the subgradients */
  readonly error: number;
  /** the coarse difference straddled a kink, or stood on one */
  readonly kink: boolean;
}

/** Differences are refined until they agree with the derivative to a tenth of this. */
export const TOLERANCE = 1e-7;

/** Central differences err by h²f‴/6 and by rounding over h: the second are extrapolated, so that they err by h⁴. */
const COARSE = 1e-5;
const EXTRAPOLATED = 1e-4;
/** Near a kink the step must be short enough to stay on its side. */
const SHORT = 1e-7;

/**
 * Compares the derivative at 0 of f with its difference quotients. A value that no quotient confirms is excused only
 * where the one-sided quotients differ however short the step, and it lies between them: a subgradient at a kink.
 */
export function compare(f: (step: number) => number, analytic: number, scale: number): Comparison {
  const central = (h: number) => (f(h) - f(-h)) / (2 * h);
  const errorOf = (numeric: number) =>
    Math.abs(analytic - numeric) / Math.max(Math.abs(analytic), Math.abs(numeric), scale);
  const quotients = [
    () => central(COARSE),
    () => (4 * central(EXTRAPOLATED) - central(2 * EXTRAPOLATED)) / 3,
    () => central(SHORT),
  ];
  let best: Comparison = { numeric: Number.NaN, error: Number.POSITIVE_INFINITY, kink: false };
  for (const [index, quotient] of quotients.entries()) {
    const numeric = quotient();
    const error = errorOf(numeric);
    // a kink between the short step and the others is what only the short one can step over
    const kink = index === 2 && best.error > TOLERANCE && error <= TOLERANCE;
    if (!(error >= best.error)) best = { numeric, error, kink };
    if (best.error <= TOLERANCE / 10) return best;
  }
  return best.error <= TOLERANCE ? best : atKink(f, analytic, scale, best);
}

function atKink(
  f: (step: number) => number,
  analytic: number,
  scale: number,
  smooth: Comparison,
): Comparison {
  const sides = (h: number) => [(f(0) - f(-h)) / h, (f(h) - f(0)) / h];
  const [left, right] = sides(SHORT);
  const [wideLeft, wideRight] = sides(10 * SHORT);
  const jump = Math.abs(right - left);
  // a curve's one-sided quotients differ by h·f″, so ten times more at ten times the step
  const size = Math.max(Math.abs(left), Math.abs(right), scale);
  if (!(jump > 1e-4 * size) || jump < 0.5 * Math.abs(wideRight - wideLeft)) return smooth;
  const nearest = Math.min(Math.max(analytic, Math.min(left, right)), Math.max(left, right));
  const error = Math.abs(analytic - nearest) / size;
  return { numeric: nearest, error: error <= 1e-6 ? 0 : error, kink: true };
}

/**
 * The slope of log |f(h) − f(0) − h·derivative| over log h: 2 where the derivative is right, 1 where it is wrong. Null
 * where f is linear and nothing is left but rounding. `step` is where h begins; kinks and third derivatives
 * disturb, so shorter steps are tried and the slope nearest to 2 is taken: a wrong derivative has it at none.
 */
export function taylorSlope(f: (step: number) => number, derivative: number, step = 4e-4): number | null {
  const at0 = f(0);
  const noise = 1e-14 * Math.max(1, Math.abs(at0));
  const remainder = (h: number) => Math.abs(f(h) - at0 - h * derivative);
  let nearest: number | null = null;
  for (let h = step; h > step / 100; h /= 8) {
    const [long, short] = [remainder(h), remainder(h / 4)];
    if (short < noise) break;
    const slope = Math.log2(long / short) / 2;
    if (nearest === null || Math.abs(slope - 2) < Math.abs(nearest - 2)) nearest = slope;
  }
  return nearest;
}
