/** The schedules that schedules.test.ts leaves out, against PyTorch (test/fixtures/pytorch/optim.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SCHEDULE_SHAPE } from '#src/optim/options.js';
import { afterEpoch, FRESH_PLATEAU, type PlateauState } from '#src/optim/plateau.js';
import { type ScheduleName, type ScheduleOptions, scheduleFactor } from '#src/optim/schedules.js';

const { schedules } = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/optim.json', import.meta.url), 'utf8'),
) as {
  schedules: {
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
};

const DEFAULTS: ScheduleOptions = z.object(SCHEDULE_SHAPE).parse({});
const STEPS_PER_EPOCH = 5;

function factors(name: ScheduleName, totalSteps: number, options: Partial<ScheduleOptions>): number[] {
  const progress = (step: number) => ({ step, stepsPerEpoch: STEPS_PER_EPOCH, totalSteps });
  return Array.from({ length: totalSteps }, (_, step) =>
    scheduleFactor(name, progress(step), { ...DEFAULTS, ...options }),
  );
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const error = Math.max(...actual.map((value, i) => Math.abs(value - expected[i])));
  expect(error).toBeLessThan(1e-12);
}

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
    expect(scheduleFactor('plateau', progress, DEFAULTS)).toBe(0.25);
  });
});

it.each(['polynomial', 'oneCycle', 'cosineRestarts'] as const)('%s begins anew after the warm-up', (name) => {
  const warmed = factors(name, 40, { warmup: 2, firstCycle: 3 });
  expectClose(warmed.slice(10), factors(name, 30, { firstCycle: 3 }));
});
