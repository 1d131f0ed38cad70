/** Summaries of a few numbers, and which of them outliers move. */
import { describe, expect, it } from 'vitest';
import { interquartileMean, mean, median, middleHalf, quantile, rootMeanSquare } from '#src/statistics.js';

describe('median', () => {
  it.each([
    [[3], 3],
    [[3, 1], 2],
    [[5, 1, 100], 5],
    [[4, 1, 3, 2], 2.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('quantile', () => {
  it.each([
    [0, 10],
    [0.5, 30],
    [0.6, 30],
    [0.7, 40],
    [1, 50],
  ])('%d of the sorted values is one of them: %d', (p, expected) => {
    expect(quantile([50, 10, 40, 20, 30], p)).toBe(expected);
  });

  it('takes the larger of two values in the middle', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(3);
    expect(quantile([2, 1], 0.5)).toBe(2);
  });
});

describe('the middle half', () => {
  it.each([
    [
      [5, 1, 9, 3],
      [3, 0],
    ],
    [
      [5, 1, 9, 3, 4, 2, 8, 7],
      [3, 4, 0, 7],
    ],
    [[2], [0]],
    [
      [3, 1, 2],
      [1, 2, 0],
    ],
  ])('of %j lies at %j', (values, indices) => {
    expect(middleHalf(values)).toEqual(indices);
  });

  it('has a mean that an outlier does not move', () => {
    expect(interquartileMean([1, 2, 3, 4])).toBe(2.5);
    expect(interquartileMean([1, 2, 3, 4000])).toBe(2.5);
    expect(mean([1, 2, 3, 4000])).toBe(1001.5);
  });
});

it('the root mean square is the square root of the mean of the squares', () => {
  expect(rootMeanSquare([3, -3])).toBe(3);
  expect(rootMeanSquare([1, 7])).toBe(5);
});
