/** Estimates with their intervals, and what they say of scaling. */
import { describe, expect, it } from 'vitest';
import {
  breakEvenBatch,
  growthExponent,
  karpFlatt,
  medianOf,
  pairedRatio,
  per,
  ratio,
} from '#src/bench/statistics.js';
import { Stream } from '#src/random.js';

const stream = (counter: number) => new Stream(11, 98, counter);
/** Exponential times with mean 1: their median is ln 2. */
const exponential = (draws: Stream, count: number) =>
  Array.from({ length: count }, () => -Math.log(1 - draws.uniform()));

describe('bootstrap intervals', () => {
  const coverage = (hit: (trial: number) => boolean, trials = 100) =>
    Array.from({ length: trials }, (_, trial) => hit(trial)).filter(Boolean).length / trials;

  it('of a median are not moved by an outlier', () => {
    expect(medianOf([1, 1, 1, 1, 1, 1, 1, 1, 1000])).toEqual({ value: 1, low: 1, high: 1 });
  });

  it('hold the true median 95 times in 100', () => {
    const covered = coverage((trial) => {
      const { low, high } = medianOf(exponential(stream(trial), 40));
      return low <= Math.LN2 && Math.LN2 <= high;
    });
    expect(covered).toBeGreaterThan(0.9);
    expect(covered).toBeLessThan(0.995);
  });

  it('hold the true ratio of two medians', () => {
    const covered = coverage((trial) => {
      const a = exponential(stream(2 * trial), 40).map((time) => 3 * time);
      const { low, high } = ratio(a, exponential(stream(2 * trial + 1), 40));
      return low <= 3 && 3 <= high;
    });
    expect(covered).toBeGreaterThan(0.9);
    expect(covered).toBeLessThan(0.995);
  });

  it('grow narrower as the root of the rounds', () => {
    const width = (rounds: number) => {
      const { low, high } = medianOf(exponential(stream(rounds), rounds));
      return high - low;
    };
    expect(width(50) / width(800)).toBeGreaterThan(2);
    expect(width(50) / width(800)).toBeLessThan(8);
  });

  it('of paired rounds do not widen when both are slowed', () => {
    const noise = exponential(stream(1), 30).map((time) => 1 + time);
    const paired = pairedRatio(
      noise.map((time) => 2 * time),
      noise,
    );
    expect(paired.low).toBeCloseTo(2, 12);
    expect(paired.high).toBeCloseTo(2, 12);
    const unpaired = ratio(
      noise.map((time) => 2 * time),
      noise,
    );
    expect(unpaired.high - unpaired.low).toBeGreaterThan(0.1);
  });

  it('of the same times are the same', () => {
    const times = exponential(stream(5), 20);
    expect(medianOf(times)).toEqual(medianOf(times));
  });
});

describe('Karp–Flatt', () => {
  it.each([0, 0.05, 0.2, 1])('finds the serial fraction %d of Amdahl', (serial) => {
    for (const workers of [2, 3, 8]) {
      const speedup = 1 / (serial + (1 - serial) / workers);
      expect(karpFlatt(speedup, workers)).toBeCloseTo(serial, 12);
    }
  });

  it('is not defined for a single worker', () => {
    expect(karpFlatt(0.95, 1)).toBeNull();
  });
});

describe('break-even', () => {
  const at = (...lows: number[]) =>
    lows.map((low, index) => ({
      batch: 16 * 2 ** index,
      speedup: { value: low + 0.1, low, high: low + 0.2 },
    }));

  it.each([
    ['the crossing', at(0.7, 0.95, 1.2, 1.5), 64],
    ['everywhere', at(1.1, 1.2), 16],
    ['nowhere', at(0.5, 0.9), null],
    ['not before the last doubt', at(1.2, 0.98, 1.3), 64],
    ['an interval that ends at 1 is doubt', at(1, 1.2), 32],
  ])('%s', (_, points, expected) => {
    expect(breakEvenBatch(points)).toBe(expected);
    expect(breakEvenBatch([...points].reverse())).toBe(expected);
  });
});

it('the exponent of growth is the power of the size', () => {
  const points = (power: number) =>
    [1e4, 1e5, 1e6, 1e7].map((size) => ({
      size,
      times: exponential(stream(size), 25).map((noise) => 1e-9 * size ** power * (1 + 0.05 * noise)),
    }));
  for (const power of [0, 0.9, 2]) {
    const { value, low, high } = growthExponent(points(power));
    expect(value).toBeCloseTo(power, 2);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
  }
});

it('a rate has its interval the other way round', () => {
  expect(per(12, { value: 3, low: 2, high: 4 })).toEqual({ value: 4, low: 3, high: 6 });
});
