/** Ranks against scipy 1.10.1 (rankdata), intervals against R 4.2 (qt), variances against numpy 1.24.2. */
import { describe, expect, it } from 'vitest';
import { interval, ranks, variance } from './statistics.mjs';

describe('ranks', () => {
  it('equal values share the mean of their ranks, as in scipy.stats.rankdata', () => {
    expect(ranks([3, 1, 2, 1, 5])).toEqual([4, 1.5, 3, 1.5, 5]);
  });
});

describe('interval', () => {
  it('is t·√(s²·(1/J + 1/2)) around the mean', () => {
    const { mean, half } = interval([0.8, 0.83, 0.79, 0.81, 0.86, 0.82, 0.78, 0.84, 0.8]);
    expect(mean).toBeCloseTo(0.8144444444444443, 14);
    expect(half).toBeCloseTo(0.046057764254823788, 12);
  });

  it('without shared rows is Student’s interval of a mean', () => {
    // scipy.stats.t.interval(0.95, 2, 2, scipy.stats.sem([1, 2, 3]))
    expect(interval([1, 2, 3], 0).half).toBeCloseTo(2.484137711, 8);
  });

  it('of a single split is unknown', () => {
    expect(interval([4]).mean).toBe(4);
    expect(interval([4]).half).toBeNaN();
  });
});

describe('variance', () => {
  it('divides by the number of values, as R² does', () => {
    expect(variance([1, 2, 4])).toBeCloseTo(14 / 9, 14);
  });
});
