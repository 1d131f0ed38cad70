/**
 * Schedules and clipping against PyTorch (test/fixtures/pytorch/schedules.py and optim.py), warm-up against
 * its formula.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createReferenceKernels } from '#src/kernels/reference/index.js';
import { clippingFactor } from '#src/optim/clipping.js';
import { SCHEDULE_SHAPE } from '#src/optim/options.js';
import { afterEpoch, FRESH_PLATEAU, type PlateauState } from '#src/optim/plateau.js';
import { power } from '#src/optim/rules.js';
import {
  SCHEDULE_NAMES,
  type ScheduleName,
  type ScheduleOptions,
  scheduleFactor,
} from '#src/optim/schedules.js';

const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/pytorch/${name}.json`, import.meta.url), 'utf8'));

const torch: {
  readonly step: { stepSize: number; gamma: number; factors: number[] };
  readonly exponential: { gamma: number; factors: number[] };
  readonly cosine: { minFactor: number; steps: number; factors: number[] }[];
  readonly clipping: { gradient: number[]; maxNorm: number; clipped: number[] }[];
} = read('schedules');

const {
  schedules,
}: {
  readonly schedules: {
    polynomial: { power: number; steps: number; factors: number[] }[];
    cosineRestarts: { firstCycle: number; cycleMult: number; minFactor: number; factors: number[] }[];
    oneCycle: {
      pctStart: number;
      divFactor: number;
      finalDivFactor: number;
      steps: number;
      factors: number[];
    }[];
    plateau: { gamma: number; patience: number; minFactor: number; losses: number[]; factors: number[] }[];
  };
} = read('optim');

const OPTIONS: ScheduleOptions = z.object(SCHEDULE_SHAPE).parse({});
const STEPS_PER_EPOCH = 5;

/** The factor at each of `totalSteps` steps. */
function factors(name: ScheduleName, totalSteps: number, options: Partial<ScheduleOptions>): number[] {
  return Array.from({ length: totalSteps }, (_, step) =>
    scheduleFactor(name, { step, stepsPerEpoch: STEPS_PER_EPOCH, totalSteps }, { ...OPTIONS, ...options }),
  );
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expect(Math.max(...actual.map((value, i) => Math.abs(value - expected[i])))).toBeLessThan(1e-13);
}

/** PyTorch's schedules step once an epoch. */
const perStep = (epochs: readonly number[]) =>
  epochs.flatMap((value) => new Array<number>(STEPS_PER_EPOCH).fill(value));

describe('schedules', () => {
  it('constant', () => {
    expect(factors('constant', 7, {})).toEqual(new Array(7).fill(1));
  });

  it('step, as StepLR', () => {
    const { stepSize, gamma, factors: expected } = torch.step;
    expectClose(factors('step', 60, { stepSize, gamma }), perStep(expected));
  });

  it('exponential, as ExponentialLR', () => {
    const { gamma, factors: expected } = torch.exponential;
    expectClose(factors('exponential', 60, { gamma }), perStep(expected));
  });

  it.each(torch.cosine)(
    'cosine, as CosineAnnealingLR over $steps steps down to $minFactor',
    ({ minFactor, steps, factors: expected }) => {
      expectClose(factors('cosine', steps, { minFactor }), expected.slice(0, -1));
      const end = { step: steps, stepsPerEpoch: STEPS_PER_EPOCH, totalSteps: steps };
      expect(scheduleFactor('cosine', end, { ...OPTIONS, minFactor })).toBeCloseTo(minFactor, 15);
    },
  );

  it.each(schedules.polynomial)(
    'polynomial, as PolynomialLR to the power $power',
    ({ power, steps, factors: expected }) => {
      expectClose(factors('polynomial', steps, { power }), expected);
    },
  );

  it.each(schedules.cosineRestarts)(
    'cosineRestarts, as CosineAnnealingWarmRestarts with T_0 $firstCycle and T_mult $cycleMult',
    ({ factors: expected, ...options }) => {
      expectClose(factors('cosineRestarts', expected.length, options), expected);
    },
  );

  it.each(schedules.oneCycle)(
    'oneCycle, as OneCycleLR over $steps steps',
    ({ steps, factors: expected, ...options }) => {
      expectClose(factors('oneCycle', steps, options), expected);
    },
  );

  it.each([1, 2, 3, 4, 10])('oneCycle over %i steps has a factor for each', (steps) => {
    for (const pctStart of [0.1, 0.3, 0.5, 0.9]) {
      for (const factor of factors('oneCycle', steps, { pctStart })) {
        expect(factor).toBeGreaterThan(0);
        expect(factor).toBeLessThanOrEqual(1);
      }
    }
  });
});

describe('plateau', () => {
  it.each(schedules.plateau)(
    'as ReduceLROnPlateau with factor $gamma and patience $patience',
    ({ gamma, patience: plateauPatience, minFactor, losses, factors: expected }) => {
      let state: PlateauState = FRESH_PLATEAU;
      const found = losses.map((loss) => {
        state = afterEpoch(state, loss, { gamma, minFactor, plateauPatience });
        return state.factor;
      });
      expectClose(found, expected);
      expect(new Set(expected).size).toBeGreaterThan(1);
    },
  );

  it('is what the state says', () => {
    const progress = { step: 7, stepsPerEpoch: 5, totalSteps: 50, plateauFactor: 0.25 };
    expect(scheduleFactor('plateau', progress, OPTIONS)).toBe(0.25);
  });
});

describe('warm-up', () => {
  it.each(SCHEDULE_NAMES)('before %s: k/(W+1) at the k-th of W steps, and never beyond 1', (name) => {
    const warmed = factors(name, 40, { warmup: 2 });
    expectClose(
      warmed.slice(0, 10),
      Array.from({ length: 10 }, (_, k) => (k + 1) / 11),
    );
    expect(Math.max(...warmed)).toBeLessThanOrEqual(1);
  });

  it('takes fractions of an epoch', () => {
    expectClose(factors('constant', 4, { warmup: 0.5 }), [1 / 3, 2 / 3, 1, 1]);
  });

  it('leaves the whole cosine to the steps after it', () => {
    const expected = Array.from({ length: 30 }, (_, k) => (1 + Math.cos((Math.PI * k) / 30)) / 2);
    expectClose(factors('cosine', 40, { warmup: 2 }).slice(10), expected);
  });

  it.each(['polynomial', 'oneCycle', 'cosineRestarts'] as const)(
    '%s begins anew after the warm-up',
    (name) => {
      const warmed = factors(name, 40, { warmup: 2, firstCycle: 3 });
      expectClose(warmed.slice(10), factors(name, 30, { firstCycle: 3 }));
    },
  );

  it('does not shift the drops of the others', () => {
    expectClose(
      factors('step', 60, { warmup: 1, stepSize: 3 }).slice(5),
      factors('step', 60, { stepSize: 3 }).slice(5),
    );
  });
});

describe('clipping by global norm, as clip_grad_norm_', () => {
  const kernels = createReferenceKernels();

  it.each(torch.clipping)('to $maxNorm', ({ gradient, maxNorm, clipped }) => {
    const factor = clippingFactor(kernels, Float64Array.from(gradient), 1, maxNorm);
    expectClose(
      gradient.map((g) => g * factor),
      clipped,
    );
  });

  it('is that of the scaled gradient: a sum over T rows is clipped as its mean', () => {
    const { gradient, maxNorm } = torch.clipping[0];
    const sums = Float64Array.from(gradient, (g) => g * 12);
    const ofMean = clippingFactor(kernels, Float64Array.from(gradient), 1, maxNorm);
    expect(ofMean).toBeLessThan(1);
    expect(clippingFactor(kernels, sums, 1 / 12, maxNorm)).toBeCloseTo(ofMean, 15);
  });
});

describe('power', () => {
  it('is the repeated product', () => {
    for (const n of [0, 1, 2, 3, 10, 31, 1000, 123_456])
      expect(power(0.999, n) / 0.999 ** n).toBeCloseTo(1, 9);
    expect(power(2, 40)).toBe(2 ** 40);
  });
});

it.each(['cosLog4', 'flatCosine'] as const)('%s as in pytabkit', (name) => {
  const expected: number[] = read('realmlp_schedules')[name];
  expectClose(factors(name, expected.length, {}), expected);
});
