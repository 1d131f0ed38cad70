import { beforeEach, describe, expect, it } from 'vitest';
import { ordered, STEPS, type StepName, type StepScalars } from '#src/kernels/steps.js';
import { bits, linearImplementations, numbers, oracle } from './implementations.js';

/** A step, the slots it is given (null: not kept), and its scalars at step t. */
interface Case {
  readonly name: StepName;
  readonly title: string;
  readonly slots: readonly (1 | null)[];
  scalars(t: number): Readonly<Record<string, number>>;
}

/** Typed, so that a case without one of its scalars does not compile. */
function step<Name extends StepName>(
  name: Name,
  title: string,
  slots: Case['slots'],
  scalars: StepScalars<Name> | ((t: number) => StepScalars<Name>),
): Case {
  return { name, title, slots, scalars: typeof scalars === 'function' ? scalars : () => scalars };
}

const SGD = { lr: 0.1, momentum: 0, nesterov: 0, weightDecay: 0, gradientScale: 1 };
const ADAM = {
  lr: 0.01,
  gradientShare: 0,
  beta1: 0.9,
  beta2: 0.999,
  root: 1,
  eps: 1e-8,
  weightDecay: 0,
  shrink: 1,
  gradientScale: 1,
};
const corrected = (change: Partial<typeof ADAM>) => (t: number) => ({
  ...ADAM,
  lr: 0.01 / (1 - 0.9 ** t),
  root: Math.sqrt(1 - 0.999 ** t),
  ...change,
});
const DECAY = { weightDecay: 0.05, gradientScale: 1 / 3 };

const CASES: Case[] = [
  step('sgd', 'plain', [null], SGD),
  step('sgd', 'weight decay and a scale', [null], { ...SGD, weightDecay: 0.01, gradientScale: 1 / 48 }),
  step('sgd', 'momentum', [1], { ...SGD, momentum: 0.9, weightDecay: 0.01 }),
  step('sgd', 'Nesterov', [1], { ...SGD, momentum: 0.9, nesterov: 1, weightDecay: 0.01 }),
  step('adam', 'plain', [1, 1, null], corrected({})),
  step('adam', 'L2', [1, 1, null], corrected({ weightDecay: 0.1, gradientScale: 1 / 48 })),
  step('adam', 'decoupled decay', [1, 1, null], corrected({ shrink: 0.999 })),
  step('adam', 'the largest square', [1, 1, 1], corrected({ beta2: 0.5 })),
  step('adam', 'a share of the gradient', [1, 1, null], corrected({ gradientShare: 0.7 })),
  step('adam', 'the mean alone', [1, 1, null], corrected({ root: Number.POSITIVE_INFINITY, eps: 1 })),
  step('adagrad', '', [1], { lr: 0.1, eps: 1e-10, ...DECAY }),
  step('adadelta', '', [1, 1], { lr: 1, rho: 0.9, eps: 1e-6, ...DECAY }),
  step('rmsprop', 'plain', [1, null, null], { lr: 0.01, alpha: 0.9, eps: 1e-8, momentum: 0, ...DECAY }),
  step('rmsprop', 'momentum', [1, null, 1], { lr: 0.01, alpha: 0.9, eps: 1e-8, momentum: 0.9, ...DECAY }),
  step('rmsprop', 'centered', [1, 1, 1], { lr: 0.01, alpha: 0.9, eps: 1e-3, momentum: 0.5, ...DECAY }),
  step('adamax', '', [1, 1], { lr: 0.01, beta1: 0.9, beta2: 0.99, eps: 1e-8, ...DECAY }),
  step('lion', '', [1], { lr: 0.01, beta1: 0.9, beta2: 0.99, shrink: 0.999, gradientScale: 1 / 3 }),
  step('rprop', '', [1, 1], { etaMinus: 0.5, etaPlus: 1.2, smallest: 1e-3, largest: 0.1, ...DECAY }),
  step('regularize', '', [], { clipValue: 0.2, l1: 0.01, gradientScale: 1 / 3 }),
  step('regularize', 'L1 alone', [], { clipValue: Number.POSITIVE_INFINITY, l1: 0.01, gradientScale: 1 }),
];

/** The slots of each step that decay while gradients are 0. */
const DECAYING: Partial<Record<StepName, readonly number[]>> = {
  sgd: [0],
  adam: [0, 1],
  adadelta: [0, 1],
  rmsprop: [0, 1, 2],
  adamax: [0],
  lion: [0],
};

it('every step has a case', () => {
  expect(new Set(CASES.map(({ name }) => name))).toEqual(new Set(Object.keys(STEPS)));
});

/** By hand from PyTorch's formulas: w = 2, g = 1, then g = 0.5. */
it('golden steps', () => {
  const of = (value: number) => Float64Array.of(value);
  const { kernels } = oracle;
  const [w, v] = [of(2), of(0)];
  const sgd = { lr: 0.1, momentum: 0.5, nesterov: 1, weightDecay: 0.1, gradientScale: 1 };
  kernels.update('sgd', w, of(1), [v], 1, ordered('sgd', sgd));
  expect([w[0], v[0]]).toEqual([2 - 0.1 * (1.2 + 0.5 * 1.2), 1.2]);

  const [a, m, s] = [of(2), of(0), of(0)];
  kernels.update('adam', a, of(1), [m, s, null], 1, ordered('adam', corrected({ eps: 0 })(1)));
  expect(a[0]).toBeCloseTo(2 - 0.01, 14);
  kernels.update('adam', a, of(0.5), [m, s, null], 1, ordered('adam', corrected({ eps: 0 })(2)));
  const mean = (0.9 * 0.1 + 0.1 * 0.5) / (1 - 0.81);
  const square = (0.999 * 0.001 + 0.001 * 0.25) / (1 - 0.999 ** 2);
  expect(a[0]).toBeCloseTo(2 - 0.01 - (0.01 * mean) / Math.sqrt(square), 12);
  const decayed = of(2);
  kernels.update(
    'adam',
    decayed,
    of(0),
    [of(0), of(0), null],
    1,
    ordered('adam', corrected({ shrink: 0.999 })(1)),
  );
  expect(decayed[0]).toBeCloseTo(2 * 0.999, 14);

  const g = Float64Array.of(9, -9, 0.1);
  const scalars = { clipValue: 2, l1: 0.5, gradientScale: 1 / 3 };
  kernels.update('regularize', Float64Array.of(3, -2, 0), g, [], 3, ordered('regularize', scalars));
  expect([...g]).toEqual([2.5, -2.5, 0.1 / 3]);
});

describe.each(linearImplementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each([1, 2, 3, 4, 5, 103])('%i parameters', (count) => {
    it.each(CASES)(
      '$name $title: ten steps agree with float64, and nothing is written past the end',
      (one) => {
        const place = (values: Float64Array, make: (length: number) => typeof values) => {
          const longer = make(count + 4).fill(7);
          longer.set(values);
          return longer;
        };
        const start = (make: (length: number) => Float64Array) => ({
          w: place(numbers(count, 1), make),
          slots: one.slots.map((kept) => kept && place(new Float64Array(count), make)),
        });
        const actual = start(zeros as (length: number) => Float64Array);
        const expected = start((length) => new Float64Array(length));
        for (let t = 1; t <= 10; t++) {
          const [g, exact] = [array(numbers(count, 1 + t)), numbers(count, 1 + t)];
          kernels.update(
            one.name,
            actual.w,
            g,
            actual.slots,
            count,
            ordered(one.name, one.scalars(t) as never),
          );
          oracle.kernels.update(
            one.name,
            expected.w,
            exact,
            expected.slots,
            count,
            ordered(one.name, one.scalars(t) as never),
          );
          exact.forEach((value, i) => {
            expect(Math.abs(g[i] - value)).toBeLessThanOrEqual(10 * unit);
          });
        }
        expected.w.forEach((value, i) => {
          expect(Math.abs(actual.w[i] - value)).toBeLessThanOrEqual(200 * unit);
        });
        expected.slots.forEach((slot, k) => {
          slot?.forEach((value, i) => {
            expect(Math.abs(actual.slots[k]![i] - value)).toBeLessThanOrEqual(
              100 * unit * Math.max(1, value),
            );
          });
        });
      },
    );
  });

  it.each(CASES)('$name $title: a parameter has the same bits at any place', (one) => {
    const update = (from: number, to: number) => {
      const part = (seed: number) => array(numbers(11, seed).slice(from, to));
      const [w, g] = [part(1), part(4)];
      const slots = one.slots.map((kept, k) => kept && array(part(5 + k).map(Math.abs)));
      kernels.update(one.name, w, g, slots, to - from, ordered(one.name, one.scalars(3) as never));
      return [w, g, ...slots.filter((slot) => slot !== null)];
    };
    const whole = update(0, 11);
    for (let i = 0; i < 11; i++) {
      expect(update(i, i + 1).map(bits)).toEqual(whole.map((a) => bits(a.slice(i, i + 1))));
    }
  });

  const decaying = CASES.filter(({ name, slots }) => DECAYING[name]?.some((slot) => slots[slot]));
  it.each(decaying)('$name $title: averages decay to 0, not to a subnormal number', (one) => {
    const count = 21; // whole vectors of each width, and a rest
    const scalars = ordered(one.name, { ...one.scalars(1), weightDecay: 0 } as never);
    const slots = one.slots.map((kept) => kept && array(new Float64Array(count).fill(2e-38)));
    const averages = DECAYING[one.name]!.map((slot) => slots[slot]).filter((slot) => slot !== null);
    const [w, g] = [zeros(count), zeros(count)];
    for (let t = 0; t < 600; t++) {
      kernels.update(one.name, w, g, slots, count, scalars);
      for (const average of averages) {
        expect(average.every((x) => x === 0 || x >= 2 ** -126)).toBe(true);
      }
    }
    for (const average of averages) expect(bits(average).every((word) => word === 0)).toBe(true);
  });
});
