/** What acts on gradient and weights beside the rule, kernel by kernel, and averages of the weights. */
import { describe, expect, it } from 'vitest';
import { type AveragingOptions, averageShare, isAveraged, updateAverage } from '#src/optim/averaging.js';
import { limitNorms, regularizeGradient } from '#src/optim/regularizers.js';
import { implementations, numbers } from '../kernels/implementations.js';

const COUNT = 37;

describe.each(implementations)('$label', (where) => {
  const { kernels, unit } = where;
  const place = () => ({ weights: where.array(numbers(COUNT, 1)), gradient: where.array(numbers(COUNT, 2)) });

  it('without penalties and limits the gradient is left as it is', () => {
    where.reset();
    const arrays = place();
    expect(regularizeGradient(kernels, arrays, 1 / 8, { l1: 0 })).toBe(1 / 8);
    expect([...arrays.gradient]).toEqual([...numbers(COUNT, 2)]);
  });

  it('norm, then components, then L1: as the loops say', () => {
    where.reset();
    const arrays = place();
    const scale = regularizeGradient(kernels, arrays, 1 / 2, { clip: 1.5, clipValue: 0.2, l1: 0.03 });
    const w = numbers(COUNT, 1);
    const mean = numbers(COUNT, 2).map((g) => g / 2);
    const norm = Math.sqrt(mean.reduce((sum, g) => sum + g * g, 0));
    expect(norm).toBeGreaterThan(1.5);
    mean.forEach((g, i) => {
      const clipped = Math.min(0.2, Math.max(-0.2, (g * 1.5) / (norm + 1e-6)));
      expect(Math.abs(arrays.gradient[i] * scale - (clipped + 0.03 * Math.sign(w[i])))).toBeLessThan(
        8 * unit,
      );
    });
  });

  it('ema: the weights enter with 1 − decay, the first alone', () => {
    where.reset();
    const average = where.zeros(COUNT);
    const options: AveragingOptions = { averaging: 'ema', emaDecay: 0.9, emaWarmup: false, epochs: 10 };
    const exact = new Float64Array(COUNT);
    expect(isAveraged(options, 0, 5)).toBe(false);
    for (let step = 1; step <= 6; step++) {
      const w = numbers(COUNT, step);
      updateAverage(kernels, average, where.array(w), averageShare(options, step, 5));
      w.forEach((value, i) => {
        exact[i] = step === 1 ? value : 0.9 * exact[i] + 0.1 * value;
      });
    }
    expect(isAveraged(options, 1, 5)).toBe(true);
    exact.forEach((value, i) => {
      expect(Math.abs(average[i] - value)).toBeLessThan(8 * unit);
    });
  });

  it('swa: the mean of the weights at the ends of the epochs from swaStart on', () => {
    where.reset();
    const average = where.zeros(COUNT);
    const options: AveragingOptions = {
      averaging: 'swa',
      emaDecay: 0.9,
      emaWarmup: false,
      epochs: 6,
      swaStart: 3,
    };
    for (let step = 1; step <= 24; step++) {
      const share = averageShare(options, step, 4);
      updateAverage(kernels, average, where.array(numbers(COUNT, step)), share);
      expect(isAveraged(options, step, 4)).toBe(step >= 12);
    }
    for (let i = 0; i < COUNT; i++) {
      const mean = [12, 16, 20, 24].reduce((sum, step) => sum + numbers(COUNT, step)[i] / 4, 0);
      expect(Math.abs(average[i] - mean)).toBeLessThan(8 * unit);
    }
  });
});

it('swa begins after 75 % of the epochs', () => {
  const options: AveragingOptions = { averaging: 'swa', emaDecay: 0.9, emaWarmup: false, epochs: 8 };
  expect([6, 7].map((epoch) => isAveraged(options, epoch, 1))).toEqual([false, true]);
});

describe('max-norm', () => {
  it('scales the columns that are too long, and nothing else', () => {
    const views = [
      { offset: 0, length: 6, spec: { shape: [3, 2] } },
      { offset: 8, length: 3, spec: { shape: [3] } },
    ];
    const w = Float64Array.of(3, 0.1, 0, 0.2, 4, 0.2, 0, 0, 7, 7, 7);
    limitNorms(w, views, 2);
    const expected = [1.2, 0.1, 0, 0.2, 1.6, 0.2, 0, 0, 7, 7, 7];
    expected.forEach((value, i) => {
      expect(w[i]).toBeCloseTo(value, 15);
    });
  });
});

it('ema warms up, and auto keeps an epoch of steps', () => {
  const options: AveragingOptions = { averaging: 'ema', emaDecay: 0.9, emaWarmup: true, epochs: 9 };
  const kept = (change: Partial<AveragingOptions>, step: number, stepsPerEpoch: number) =>
    1 - averageShare({ ...options, ...change }, step, stepsPerEpoch);
  expect(averageShare(options, 1, 5)).toBe(1);
  expect(kept({}, 2, 5)).toBeCloseTo(3 / 12, 14);
  expect(kept({}, 40, 5)).toBeCloseTo(41 / 50, 14);
  expect(kept({}, 80, 5)).toBeCloseTo(81 / 90, 14);
  expect(kept({}, 1000, 5)).toBeCloseTo(0.9, 14);
  expect(kept({ emaDecay: 'auto' }, 1000, 5)).toBeCloseTo(0.9, 14);
  expect(kept({ emaDecay: 'auto' }, 1000, 50)).toBeCloseTo(0.98, 14);
  expect(kept({ emaDecay: 'auto', emaWarmup: false }, 2, 50)).toBeCloseTo(0.98, 14);
});
