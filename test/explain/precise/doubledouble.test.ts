/** Arithmetic with 31 digits against exact fractions, and its functions against mpmath. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DoubleDouble, preciseOf } from '#src/explain/precise/doubledouble.js';

/** A fraction n/2^s, in which every float64 and so every DoubleDouble is exact. */
interface Dyadic {
  readonly n: bigint;
  readonly s: bigint;
}

function dyadic(value: number): Dyadic {
  if (!Number.isFinite(value)) throw new RangeError(`${value} is no fraction`);
  let [n, s] = [value, 0n];
  while (!Number.isInteger(n)) {
    n *= 2;
    s++;
  }
  return { n: BigInt(n), s };
}

const times = (a: Dyadic, b: Dyadic): Dyadic => ({ n: a.n * b.n, s: a.s + b.s });
const plus = (a: Dyadic, b: Dyadic): Dyadic => ({ n: (a.n << b.s) + (b.n << a.s), s: a.s + b.s });
const negated = ({ n, s }: Dyadic): Dyadic => ({ n: -n, s });
const exactly = ({ high, low }: DoubleDouble): Dyadic => plus(dyadic(high), dyadic(low));

/** Returns log2 of |found − expected| over |scale|. */
function digits(found: Dyadic, expected: Dyadic, scale: Dyadic): number {
  const error = plus(found, negated(expected));
  const size = (n: bigint) => (n < 0n ? -n : n).toString(2).length;
  return error.n === 0n
    ? Number.NEGATIVE_INFINITY
    : size(error.n) - Number(error.s) - (size(scale.n) - Number(scale.s));
}

const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => Number(x.toPrecision(17)));
const precise = fc
  .tuple(number, fc.double({ min: -0.5, max: 0.5, noNaN: true }))
  .filter(([x, part]) => Math.abs(x) > 1e-6 && (part === 0 || Math.abs(part) > 1e-6))
  .map(([x, part]) => preciseOf(x).plus(x * part * 2 ** -53));

describe('numbers with 31 digits', () => {
  it('add, subtract, multiply and divide like fractions', () => {
    fc.assert(
      fc.property(precise, precise, (a, b) => {
        const [p, q] = [exactly(a), exactly(b)];
        const sum = plus(p, q);
        expect(digits(exactly(a.plus(b)), sum, sum)).toBeLessThanOrEqual(-102);
        expect(digits(exactly(a.minus(b)), plus(p, negated(q)), plus(p, negated(q)))).toBeLessThanOrEqual(
          -102,
        );
        expect(digits(exactly(a.times(b)), times(p, q), times(p, q))).toBeLessThanOrEqual(-100);
        expect(digits(times(exactly(a.over(b)), q), p, p)).toBeLessThanOrEqual(-99);
      }),
    );
  });

  const fixture = JSON.parse(
    readFileSync(new URL('../../fixtures/doubledouble/doubledouble.json', import.meta.url), 'utf8'),
  ) as Record<'exp' | 'ln' | 'sin' | 'cos' | 'erf' | 'sqrt', { x: number; high: number; low: number }[]>;
  it.each(Object.entries(fixture))('%s has 30 digits', (name, values) => {
    for (const { x, high, low } of values) {
      const expected = new DoubleDouble(high, low);
      const error = preciseOf(x)[name as keyof typeof fixture]().minus(expected).high;
      // the sine of a large number has as many digits less as the number has before the point
      expect(Math.abs(error), `${name} ${x}`).toBeLessThanOrEqual(
        1e-29 * Math.abs(high) + (name === 'sin' || name === 'cos' ? 1e-32 * Math.abs(x) : 0),
      );
    }
  });

  it('compare, and stay what they are at the ends of the range', () => {
    const one = preciseOf(1);
    expect(one.plus(1e-30).exceeds(1)).toBe(true);
    expect(one.exceeds(1)).toBe(false);
    expect(preciseOf(Number.NaN).exceeds(0)).toBe(false);
    expect(preciseOf(Number.NaN).atLeast(0).high).toBeNaN();
    expect(preciseOf(1000).exp().high).toBe(Number.POSITIVE_INFINITY);
    expect(preciseOf(-1000).exp().high).toBe(0);
    expect(one.over(preciseOf(1000).exp()).high).toBe(0);
    expect(preciseOf(0).ln().high).toBe(Number.NEGATIVE_INFINITY);
    expect(preciseOf(-1).ln().high).toBeNaN();
  });
});
