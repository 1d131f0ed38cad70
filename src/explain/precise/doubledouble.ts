/**
 * Numbers with 31 digits: the exact sum of two float64 numbers, the second below half a unit in the last
 * place of the first (Dekker 1971; Hida, Li & Bailey 2001). A difference of two values of Div then keeps 15
 * digits more than it does in float64, so that a difference quotient is as good as a derivative.
 */

/** A number in either precision. */
type Real = DoubleDouble | number;

/** 2^27 + 1: a product with it splits the 53 bits of a float64 in two halves. */
const SPLITTER = 134217729;

/** Returns the rounding error of `product`, which is a·b in float64. */
function productError(a: number, b: number, product: number): number {
  const [ta, tb] = [SPLITTER * a, SPLITTER * b];
  const [aHigh, bHigh] = [ta - (ta - a), tb - (tb - b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}

/** Returns a + b, where |a| ≥ |b| or a = 0. */
function quickSum(a: number, b: number): DoubleDouble {
  const sum = a + b;
  return new DoubleDouble(sum, Number.isFinite(sum) ? b - (sum - a) : 0);
}

export class DoubleDouble {
  constructor(
    readonly high: number,
    readonly low = 0,
  ) {}

  plus(other: Real): DoubleDouble {
    const [high, low] = typeof other === 'number' ? [other, 0] : [other.high, other.low];
    const sum = this.high + high;
    if (!Number.isFinite(sum)) return new DoubleDouble(sum);
    const part = sum - this.high;
    const error = this.high - (sum - part) + (high - part);
    const lows = this.low + low;
    const lowPart = lows - this.low;
    const lowError = this.low - (lows - lowPart) + (low - lowPart);
    const first = quickSum(sum, error + lows);
    return quickSum(first.high, first.low + lowError);
  }

  minus(other: Real): DoubleDouble {
    return this.plus(typeof other === 'number' ? -other : other.negated());
  }

  times(other: Real): DoubleDouble {
    const [high, low] = typeof other === 'number' ? [other, 0] : [other.high, other.low];
    const product = this.high * high;
    if (product === 0 || !Number.isFinite(product)) return new DoubleDouble(product);
    return quickSum(product, productError(this.high, high, product) + (this.high * low + this.low * high));
  }

  over(other: Real): DoubleDouble {
    const divisor = typeof other === 'number' ? new DoubleDouble(other) : other;
    const quotient = this.high / divisor.high;
    if (!Number.isFinite(quotient) || !Number.isFinite(divisor.high)) return new DoubleDouble(quotient);
    const rest = this.minus(divisor.times(quotient));
    const second = rest.high / divisor.high;
    const third = rest.minus(divisor.times(second)).high / divisor.high;
    return quickSum(quotient, second).plus(third);
  }

  negated(): DoubleDouble {
    return new DoubleDouble(-this.high, -this.low);
  }

  magnitude(): DoubleDouble {
    return this.high < 0 ? this.negated() : this;
  }

  /** Says whether this number is larger than the other; no number is larger than NaN, nor NaN than any. */
  exceeds(other: Real): boolean {
    return this.minus(other).high > 0;
  }

  /** Returns the larger of the two, or NaN if this is NaN. */
  atLeast(bound: number): DoubleDouble {
    return new DoubleDouble(bound).exceeds(this) ? new DoubleDouble(bound) : this;
  }

  /** Returns the smaller of the two, or NaN if this is NaN. */
  atMost(bound: number): DoubleDouble {
    return this.exceeds(bound) ? new DoubleDouble(bound) : this;
  }

  sqrt(): DoubleDouble {
    const root = Math.sqrt(this.high);
    if (!(root > 0 && Number.isFinite(root))) return new DoubleDouble(root);
    const exact = new DoubleDouble(root);
    return exact.plus(this.minus(exact.times(root)).high / (2 * root));
  }

  /**
   * Returns e^x from e^x = 2^k (e^r)^512 with |r| < 7e-4. Squaring e^r − 1 rather than e^r keeps the digits
   * of a small r.
   */
  exp(): DoubleDouble {
    if (!(this.high < 709.7 && this.high > -745)) return new DoubleDouble(Math.exp(this.high));
    const k = Math.round(this.high / LN2.high);
    const r = this.minus(LN2.times(k)).times(1 / 512);
    let series = new DoubleDouble(1);
    for (let n = 9; n >= 2; n--) series = r.times(series).times(RECIPROCALS[n]).plus(1);
    let power = r.times(series); // e^r − 1
    for (let i = 0; i < 9; i++) power = power.times(2).plus(power.times(power));
    const half = Math.trunc(k / 2); // 2^k may overflow where the result does not
    return power
      .plus(1)
      .scaled(2 ** half)
      .scaled(2 ** (k - half));
  }

  /** Multiplies by a power of two, which is exact. */
  private scaled(power: number): DoubleDouble {
    return new DoubleDouble(this.high * power, this.low * power);
  }

  /** Returns ln x: one step of Halley's method from the float64 logarithm triples its digits. */
  ln(): DoubleDouble {
    const near = Math.log(this.high);
    if (!Number.isFinite(near)) return new DoubleDouble(near);
    const power = new DoubleDouble(near).exp();
    return this.minus(power).over(this.plus(power)).times(2).plus(near);
  }

  sin(): DoubleDouble {
    return this.cosineOf(1);
  }

  cos(): DoubleDouble {
    return this.cosineOf(0);
  }

  /** Returns cos(x − shift·π/2) by reduction to |r| ≤ π/4 and the Taylor series. */
  private cosineOf(shift: number): DoubleDouble {
    if (!Number.isFinite(this.high)) return new DoubleDouble(Number.NaN);
    const k = Math.round(this.high / HALF_PI.high);
    const r = this.minus(HALF_PI.times(k));
    const quarter = (((k - shift) % 4) + 4) % 4;
    const odd = quarter % 2;
    const square = r.times(r);
    let series = new DoubleDouble(1);
    for (let n = 28 + odd; n >= 2 + odd; n -= 2) {
      series = square
        .times(series)
        .times(RECIPROCALS[n])
        .times(RECIPROCALS[n - 1])
        .negated()
        .plus(1);
    }
    const value = odd === 1 ? r.times(series) : series;
    return quarter === 1 || quarter === 2 ? value.negated() : value;
  }

  /** Returns erf x = 2/√π · e^(−x²) · Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)) (DLMF 7.6.2): nothing cancels. */
  erf(): DoubleDouble {
    if (Math.abs(this.high) > 9) return new DoubleDouble(Math.sign(this.high)); // 1 − erf 9 < 1e-36
    const square = this.times(this);
    let term: DoubleDouble = this;
    let sum = term;
    for (let n = 1; Math.abs(term.high) > 1e-33 * Math.abs(sum.high); n++) {
      term = term
        .times(square)
        .times(2)
        .over(2 * n + 1);
      sum = sum.plus(term);
    }
    return square.negated().exp().times(sum).times(TWO_OVER_SQRT_PI);
  }
}

export const ZERO = new DoubleDouble(0);
const ONE = new DoubleDouble(1);
export const LN2 = new DoubleDouble(Math.LN2, 2.3190468138462996e-17);
const HALF_PI = new DoubleDouble(Math.PI / 2, 6.123233995736766e-17);
const RECIPROCALS = Array.from({ length: 30 }, (_, n) => ONE.over(n));
const TWO_OVER_SQRT_PI = new DoubleDouble(2).over(HALF_PI.times(2).sqrt());

/** Returns a number in twice its precision. */
export const preciseOf = (value: number): DoubleDouble => new DoubleDouble(value);

export function preciseSum(values: readonly DoubleDouble[]): DoubleDouble {
  return values.reduce((sum, value) => sum.plus(value), ZERO);
}
