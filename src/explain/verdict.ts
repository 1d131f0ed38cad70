/**
 * Judges a derivative by difference quotients with 31 digits. These owe nothing to backpropagation, and
 * rounding and steps are so small in them that only what float64 rounded in the derivative itself is left to
 * allow for.
 */
import type { DoubleDouble } from './precise/doubledouble.js';

/** What can be said of a derivative, and how it is printed. */
export const VERDICTS = {
  right: 'OK',
  wrong: 'WRONG',
  /** A float64 derivative of this size is rounded so much that an error of 1e-6 could not be told. */
  small: 'too small to check',
} as const;

type Verdict = keyof typeof VERDICTS;

/** Says how a derivative compares with its difference quotient. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly numeric: number;
  /**
   * |analytic − numeric| over the larger of the two; at a kink, the distance from a subgradient. What
   * rounding explains of an error that is too large is taken off.
   */
  readonly error: number;
  /** Whether there is a kink here, so that any subgradient is right. */
  readonly kink: boolean;
}

/** The difference quotients of a function at 0. */
interface Quotient {
  /** The quotients to the left and to the right; they differ at a kink. */
  readonly left: number;
  readonly right: number;
  readonly kink: boolean;
  /** How far rounding may have moved them. */
  readonly noise: number;
}

/** The largest relative error that passes. */
const RELATIVE = 1e-7;
/** Where rounding may have moved a derivative by a larger share, nothing is said of it. */
const TOLD = 1e-6;

/** The longest step, and how much shorter each further one is. */
const LONGEST = 1e-6;
const SHORTER = 1e-3;
/** The rounding error of a value of Div with 31 digits, relative to 1 or to Div where that is larger. */
const ROUNDING = 1e-30;
/** How much the quotients of the two sides may differ: the mean of the two then errs by about the square. */
const ONE_SIDED = 1e-5;

/**
 * Returns the difference quotients of f at 0. Steps become shorter until both sides agree, which also keeps
 * them inside the domain of a logarithm, or until rounding leaves no digits. If the difference between the
 * sides has not shrunk with the steps, there is a kink.
 */
function quotientOf(f: (step: number) => DoubleDouble, at0: DoubleDouble, longest: number): Quotient {
  let wider = Number.POSITIVE_INFINITY;
  let best: Quotient = { left: Number.NaN, right: Number.NaN, kink: false, noise: Number.POSITIVE_INFINITY };
  if (!Number.isFinite(at0.high)) return best;
  for (let h = longest; ; h *= SHORTER) {
    const left = at0.minus(f(-h)).high / h;
    const right = f(h).minus(at0).high / h;
    const size = Math.max(Math.abs(left), Math.abs(right));
    const noise = (ROUNDING * Math.max(1, Math.abs(at0.high))) / h;
    const jump = Math.abs(right - left);
    if (jump <= ONE_SIDED * size) return { left, right, kink: false, noise };
    if (h < 1e-24 || noise > RELATIVE * size) return best;
    if (Number.isFinite(jump)) {
      best = { left, right, kink: jump > 0.5 * wider, noise: jump > 0.5 * wider ? noise : jump };
      wider = jump;
    }
  }
}

/**
 * A function of a step, which may be asked for a quick value: one whose change has 15 digits unless terms
 * cancel.
 */
type Stepped = (step: number, quick: boolean) => DoubleDouble;

/**
 * Difference quotients of one function, which are measured when they are asked for: number 0 is the quick
 * one, and after it steps begin at 1e-6 and are a thousand times shorter each time.
 */
type Quotients = (n: number) => Quotient;

export function quotientsOf(f: Stepped, at0: DoubleDouble): Quotients {
  const known: Quotient[] = [];
  return (n) =>
    (known[n] ??= quotientOf((step) => f(step, n === 0), at0, LONGEST * SHORTER ** Math.max(0, n - 1)));
}

const meanOf = ({ left, right }: Quotient) => (left + right) / 2;

/**
 * Judges a derivative that rounding in float64 may have moved by `rounding`. Before it is called wrong, a
 * quotient with shorter steps must say so too: where f is as flat as x³ at 0, one with long steps is too
 * large.
 */
export function judge(quotients: Quotients, analytic: number, rounding: number): Judgement {
  const quick = judgeBy(quotients(0), analytic, rounding);
  if (quick.verdict === 'right' && !quick.kink) return quick;
  for (let n = 1; ; n++) {
    const quotient = quotients(n);
    const judged = judgeBy(quotient, analytic, rounding);
    if (judged.verdict !== 'wrong' || Number.isNaN(analytic)) return judged;
    const shorter = quotients(n + 1);
    const [mean, next] = [meanOf(quotient), meanOf(shorter)];
    const size = Math.max(Math.abs(mean), Math.abs(next), Math.abs(analytic));
    if (!(shorter.noise <= 1e-3 * size)) return { ...judged, verdict: 'small', error: 0 };
    if (Math.abs(mean - next) <= TOLD * size + shorter.noise) return judged;
  }
}

function judgeBy({ left, right, kink, noise }: Quotient, analytic: number, rounding: number): Judgement {
  const [low, high] = [Math.min(left, right), Math.max(left, right)];
  const numeric = kink ? Math.min(Math.max(analytic, low), high) : (low + high) / 2;
  if (!Number.isFinite(numeric)) return { verdict: 'small', numeric, error: 0, kink: false };
  const size = Math.max(Math.abs(analytic), Math.abs(low), Math.abs(high));
  if (size === 0) return { verdict: 'right', numeric, error: 0, kink };
  const difference = Math.abs(analytic - numeric);
  const unsure = noise + rounding;
  const explained = difference <= RELATIVE * size ? 0 : unsure;
  const error = Math.max(0, difference - explained) / size;
  if (!(error <= RELATIVE)) return { verdict: 'wrong', numeric, error, kink };
  return unsure <= TOLD * size
    ? { verdict: 'right', numeric, error, kink }
    : { verdict: 'small', numeric, error: 0, kink };
}
