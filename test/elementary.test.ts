/** exp, ln and cos against the engine's, which are right to the last bit or two. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cos, exp, ln, lnSumExp } from '#src/elementary.js';

const LIMIT = 4e-16; // what the header claims
const double = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const RUNS = { numRuns: 20_000, seed: 1 };

describe('exp', () => {
  it('has a relative error below 4e-16 (and the engine half a bit)', () => {
    fc.assert(
      fc.property(double(-700, 700), (x) => Math.abs(exp(x) / Math.exp(x) - 1) <= LIMIT + 2 ** -53),
      RUNS,
    );
  });

  it('is exact where it can be, and goes to its limits', () => {
    expect(exp(0)).toBe(1);
    expect(exp(1)).toBeCloseTo(Math.E, 15);
    expect([exp(710), exp(Infinity), exp(-746), exp(-Infinity), exp(Number.NaN)]).toEqual([
      Infinity,
      Infinity,
      0,
      0,
      Number.NaN,
    ]);
    expect(exp(709.7) / Math.exp(709.7)).toBeCloseTo(1, 14);
    expect(Math.abs(exp(-740) - Math.exp(-740))).toBeLessThanOrEqual(5e-324); // subnormal
  });
});

describe('ln', () => {
  it('has a relative error below 4e-16', () => {
    const wide = fc.tuple(double(1, 2), fc.integer({ min: -1000, max: 1000 })).map(([m, k]) => m * 2 ** k);
    fc.assert(
      fc.property(
        fc.oneof(wide, double(0.5, 2)),
        (x) => x === 1 || Math.abs(ln(x) / Math.log(x) - 1) <= LIMIT + 2 ** -53,
      ),
      RUNS,
    );
  });

  it('knows its edges', () => {
    expect([ln(1), ln(0), ln(-0), ln(-1), ln(Infinity), ln(Number.NaN)]).toEqual([
      0,
      -Infinity,
      -Infinity,
      Number.NaN,
      Infinity,
      Number.NaN,
    ]);
    expect(ln(5e-324)).toBeCloseTo(Math.log(5e-324), 12);
  });

  it('undoes exp', () => {
    fc.assert(
      fc.property(double(-300, 300), (x) => Math.abs(ln(exp(x)) - x) <= 1e-13),
      RUNS,
    );
  });
});

describe('cos', () => {
  it('has an absolute error below 4e-16 for the arguments of schedules, and up to a few thousand', () => {
    fc.assert(
      fc.property(double(-Math.PI, Math.PI), (x) => Math.abs(cos(x) - Math.cos(x)) <= LIMIT + 2 ** -54),
      RUNS,
    );
    fc.assert(
      fc.property(double(-3000, 3000), (x) => Math.abs(cos(x) - Math.cos(x)) <= LIMIT + 2 ** -54),
      RUNS,
    );
  });

  it('is right at the quarters', () => {
    [1, 0, -1, 0, 1].forEach((value, i) => {
      expect(cos((i * Math.PI) / 2)).toBeCloseTo(value, 15);
    });
    expect([cos(0), cos(Math.PI)]).toEqual([1, -1]);
  });
});

describe('lnSumExp', () => {
  it('is the logarithm of a sum of exponentials, of part of the values and with a factor', () => {
    const values = [9, 1, 2, -3, 9];
    const expected = (factor: number) =>
      Math.log(values.slice(1, 4).reduce((sum, v) => sum + Math.exp(factor * v), 0));
    for (const factor of [1, 0.25, 7])
      expect(lnSumExp(values, 1, 3, factor)).toBeCloseTo(expected(factor), 14);
  });

  it('does not overflow', () => {
    expect(lnSumExp([1000, 1000], 0, 2)).toBeCloseTo(1000 + Math.log(2), 10);
    expect(lnSumExp([-1000, -1000], 0, 2)).toBeCloseTo(-1000 + Math.log(2), 10);
  });
});
