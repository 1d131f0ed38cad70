/** What holds for every one of RULES, and the rules that PyTorch lacks against their papers' formulas. */
import { describe, expect, it } from 'vitest';
import type { FloatArray } from '#src/kernels/kernels.js';
import {
  type HyperOptions,
  hyperParameters,
  RULE_NAMES,
  RULES,
  type RuleName,
  type UpdateRule,
} from '#src/optim/rules.js';
import { bits, type Implementation, implementations, numbers, oracle } from '../kernels/implementations.js';

const COUNT = 103;
const GIVEN: HyperOptions = { momentum: 0.9, weightDecay: 0.03, centered: true, historySize: 3, eps: 1e-4 };
/** Two parameters with padding between and behind them. */
const VIEWS = [
  { offset: 0, length: 40, spec: { shape: [8, 5] } },
  { offset: 48, length: 50, spec: { shape: [50] } },
];
const isPadding = (i: number) => (i >= 40 && i < 48) || i >= 98;

const rule = (name: RuleName): UpdateRule => RULES[name];
const hyper = (name: RuleName) => hyperParameters(name, GIVEN);
const withPadding = (values: Float64Array) => values.map((value, i) => (isPadding(i) ? 0 : value));
const gradientAt = (step: number) => withPadding(numbers(COUNT, 100 + step));
const LOSS = { value: 1, evaluate: () => 1 };

interface Arrays {
  readonly weights: FloatArray;
  readonly slots: readonly FloatArray[];
}

function fresh(name: RuleName, { array, zeros }: Implementation): Arrays {
  const slots = rule(name)
    .slots(hyper(name))
    .map(() => zeros(COUNT));
  return { weights: array(withPadding(numbers(COUNT, 1))), slots };
}

/** Steps `from` … `to`, each slice [a, b) of `cuts` updated by itself. */
async function run(
  name: RuleName,
  where: Implementation,
  arrays: Arrays,
  from: number,
  to: number,
  cuts = [0, COUNT],
) {
  for (let step = from; step <= to; step++) {
    const gradient = where.array(gradientAt(step));
    for (let k = 0; k + 1 < cuts.length; k++) {
      const slice = (a: FloatArray) => a.subarray(cuts[k], cuts[k + 1]);
      const part = {
        weights: slice(arrays.weights),
        gradient: slice(gradient),
        slots: arrays.slots.map(slice),
        ...(rule(name).wholeBlock ? { views: VIEWS } : {}),
      };
      await rule(name).step(where.kernels, part, hyper(name), { step, lr: 0.01, gradientScale: 1 / 3 }, LOSS);
    }
  }
  return arrays;
}

const all = ({ weights, slots }: Arrays) => [weights, ...slots].map(bits);

describe.each(implementations)('$label', (where) => {
  it.each(RULE_NAMES.filter((name) => !rule(name).wholeBlock))(
    '%s: slices make the whole, in bits',
    async (name) => {
      where.reset();
      const whole = await run(name, where, fresh(name, where), 1, 4);
      const sliced = await run(name, where, fresh(name, where), 1, 4, [0, 16, 17, 48, 103]);
      expect(all(sliced)).toEqual(all(whole));
    },
  );

  it.each(RULE_NAMES)('%s: padding stays zero', async (name) => {
    where.reset();
    const { weights } = await run(name, where, fresh(name, where), 1, 5);
    weights.forEach((value, i) => {
      if (isPadding(i)) expect(value).toBe(0);
      else expect(Number.isFinite(value)).toBe(true);
    });
  });

  it.each(RULE_NAMES)('%s: weights and slots are all there is to go on from', async (name) => {
    where.reset();
    const whole = await run(name, where, fresh(name, where), 1, 9);
    const { weights, slots } = await run(name, where, fresh(name, where), 1, 4);
    const restored = { weights: where.array(weights), slots: slots.map((slot) => where.array(slot)) };
    expect(all(await run(name, where, restored, 5, 9))).toEqual(all(whole));
  });

  it.each(RULE_NAMES)('%s: five steps agree with float64', async (name) => {
    where.reset();
    const { weights } = await run(name, where, fresh(name, where), 1, 5);
    const exact = await run(name, oracle, fresh(name, oracle), 1, 5);
    weights.forEach((value, i) => {
      expect(Math.abs(value - exact.weights[i])).toBeLessThan(300 * where.unit);
    });
  });
});

describe('against the formula of the paper', () => {
  const norm = (values: readonly number[]) =>
    Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const b1 = 0.9;

  it('Lion (Chen et al. 2023, algorithm 2)', async () => {
    const { weights } = await run('lion', oracle, fresh('lion', oracle), 1, 6);
    const [w, m] = [[...withPadding(numbers(COUNT, 1))], new Array<number>(COUNT).fill(0)];
    for (let step = 1; step <= 6; step++) {
      gradientAt(step).forEach((sum, i) => {
        const g = sum / 3;
        w[i] -= 0.01 * (Math.sign(b1 * m[i] + (1 - b1) * g) + 0.03 * w[i]);
        m[i] = 0.99 * m[i] + (1 - 0.99) * g;
      });
    }
    w.forEach((value, i) => {
      expect(weights[i]).toBeCloseTo(value, 14);
    });
  });

  it('LAMB (You et al. 2020, algorithm 2), parameter by parameter', async () => {
    const { weights } = await run('lamb', oracle, fresh('lamb', oracle), 1, 6);
    const w = [...withPadding(numbers(COUNT, 1))];
    for (const { offset, length } of VIEWS) {
      const [m, v] = [new Array<number>(length).fill(0), new Array<number>(length).fill(0)];
      for (let step = 1; step <= 6; step++) {
        const r = m.map((_, i) => {
          const g = gradientAt(step)[offset + i] / 3;
          m[i] = b1 * m[i] + (1 - b1) * g;
          v[i] = 0.999 * v[i] + (1 - 0.999) * g * g;
          const [mean, square] = [m[i] / (1 - b1 ** step), v[i] / (1 - 0.999 ** step)];
          return mean / (Math.sqrt(square) + 1e-4) + 0.03 * w[offset + i];
        });
        const trust = norm(w.slice(offset, offset + length)) / norm(r);
        r.forEach((value, i) => {
          w[offset + i] -= 0.01 * trust * value;
        });
      }
    }
    w.forEach((value, i) => {
      expect(weights[i]).toBeCloseTo(value, 13);
    });
  });

  it('LAMB begins at weights of zero with a trust of 1', async () => {
    const w = new Float64Array(2);
    const arrays = {
      weights: w,
      gradient: Float64Array.of(3, -1),
      slots: [0, 1, 2].map(() => new Float64Array(2)),
    };
    const plain = hyperParameters('lamb', { eps: 1e-12 });
    await rule('lamb').step(oracle.kernels, arrays, plain, { step: 1, lr: 0.1, gradientScale: 1 }, LOSS);
    expect(w[0]).toBeCloseTo(-0.1, 10);
    expect(w[1]).toBeCloseTo(0.1, 10);
  });

  it("NAdam's momenta after ten thousand steps: the product has vanished", async () => {
    const step = 10_000;
    const mu = (t: number) => 0.9 * (1 - 0.5 * 0.96 ** (t * 0.004));
    const [w, m, v] = [1, 0.2, 0.04].map((value) => Float64Array.of(value));
    const arrays = { weights: w, gradient: Float64Array.of(0.5), slots: [m, v] };
    await rule('nadam').step(
      oracle.kernels,
      arrays,
      hyperParameters('nadam', {}),
      { step, lr: 0.1, gradientScale: 1 },
      LOSS,
    );
    const denominator = Math.sqrt((0.999 * 0.04 + 0.001 * 0.25) / (1 - 0.999 ** step)) + 1e-8;
    const mean = 0.9 * 0.2 + 0.1 * 0.5;
    expect(w[0]).toBeCloseTo(1 - (0.1 * ((1 - mu(step)) * 0.5 + mu(step + 1) * mean)) / denominator, 13);
  });
});
