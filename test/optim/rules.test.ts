/**
 * Update rules against PyTorch in float64 (test/fixtures/pytorch/optim.py), and what must hold for every one
 * of RULES.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type HyperOptions,
  hyperParameters,
  RULE_NAMES,
  RULES,
  type RuleName,
  type UpdateRule,
} from '#src/optim/rules.js';
import { type Arithmetic, setParameters, testNetwork, withoutPadding } from '../support/network.js';

type ProblemName = 'parabola' | 'rosenbrock' | 'network';
interface Case {
  readonly title: string;
  readonly rule: RuleName;
  readonly lr: number;
  readonly hyper: HyperOptions;
  /** all weights after each step */
  readonly weights: Record<ProblemName, number[][]>;
}

const fixture: {
  readonly curvatures: number[];
  readonly starts: Record<ProblemName, number[]>;
  readonly rows: number;
  readonly widths: number[];
  readonly x: number[];
  readonly d: number[];
  readonly rules: Case[];
} = JSON.parse(readFileSync(new URL('../fixtures/pytorch/optim.json', import.meta.url), 'utf8'));

/** The gradient at w in `gradient`, as a sum over `rows`; returns the mean loss. */
const FUNCTIONS: Record<'parabola' | 'rosenbrock', (w: ArrayLike<number>, gradient: number[]) => number> = {
  parabola(w, gradient) {
    const { curvatures } = fixture;
    curvatures.forEach((a, i) => {
      gradient[i] = a * w[i];
    });
    return curvatures.reduce((sum, a, i) => sum + (a * w[i] * w[i]) / 2, 0);
  },
  rosenbrock({ 0: x, 1: y }, gradient) {
    gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
    gradient[1] = 200 * (y - x * x);
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
  },
};

/** All weights after each step. */
async function trajectory(
  test: Case,
  problem: ProblemName,
  arithmetic: Arithmetic,
  change: HyperOptions = {},
): Promise<number[][]> {
  const { rows, widths, x, d, starts } = fixture;
  const inner = problem === 'network' ? [{ dense: widths[1] }, 'tanh'] : [];
  const outputs = problem === 'network' ? widths[2] : starts[problem].length;
  const inputs = problem === 'network' ? widths[0] : 1;
  const layers = [...inner, { dense: { units: outputs, bias: problem === 'network' } }];
  const network = testNetwork({ layers, inputs, loss: 'squaredError', rows, arithmetic });
  setParameters(network, starts[problem]);

  const { parameters: weights, gradient, kernels, layout } = network;
  const evaluate = () => {
    if (problem === 'network') return network.differentiate(x, d) / rows;
    const exact: number[] = [];
    const loss = FUNCTIONS[problem](weights, exact);
    gradient.set(exact.map((value) => value * rows));
    return loss;
  };
  const rule: UpdateRule = RULES[test.rule];
  const hyper = hyperParameters(test.rule, { momentum: 0, ...test.hyper, ...change });
  const slots = rule.slots(hyper).map(() => network.block());
  const found: number[][] = [];
  for (let step = 1; step <= test.weights[problem].length; step++) {
    const value = evaluate();
    const scale = { step, lr: test.lr, gradientScale: 1 / rows };
    const arrays = { weights, gradient, slots, views: layout.views };
    await rule.step(kernels, arrays, hyper, scale, { value, evaluate });
    found.push(withoutPadding(layout, weights));
  }
  return found;
}

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
/** The largest difference after any step, relative to the largest weight then. */
const error = (found: number[][], expected: number[][]) =>
  Math.max(
    ...found.map((w, t) => largest(w.map((value, i) => value - expected[t][i])) / largest(expected[t])),
  );

const cases = fixture.rules.flatMap((test) =>
  (['parabola', 'rosenbrock', 'network'] as const).map((problem) => ({ ...test, problem, test })),
);

describe('eight steps as PyTorch takes them', () => {
  it.each(cases)('$title, $problem, float64', async ({ test, problem, weights }) => {
    expect(error(await trajectory(test, problem, 'float64'), weights[problem])).toBeLessThan(1e-9);
  });

  describe.each(['reference', 'portable', 'wasm'] as const)('%s', (arithmetic) => {
    it.each(cases)('$title, $problem', async ({ test, problem, weights }) => {
      expect(error(await trajectory(test, problem, arithmetic), weights[problem])).toBeLessThan(1e-5);
    });
  });

  it('every rule that PyTorch has is among them', () => {
    const others = RULE_NAMES.filter((name) => RULES[name].torch.includes(' et al. '));
    expect([...new Set(fixture.rules.map(({ rule }) => rule)), ...others].sort()).toEqual(
      [...RULE_NAMES].sort(),
    );
  });
});

describe('the comparison fails', () => {
  const faults: [string, string, HyperOptions, RuleName?][] = [
    ['with the last v for the largest', 'AMSGrad', {}, 'adam'],
    ['with another growth of the momentum', 'NAdam', { momentumDecay: 0.0041 }],
    ['without rectification', 'RAdam, short memory', {}, 'adam'],
    ['with the root mean square for the largest magnitude', 'Adamax', {}, 'adam'],
    ['with epsilon a millionth', 'Adagrad', { eps: 1e-6 }],
    ['without the fall of the rate', 'Adagrad, lr decay', { lrDecay: 0 }],
    ['with a little more memory', 'Adadelta', { rho: 0.9001 }],
    ['uncentered', 'RMSprop, centered', { centered: false }],
    ['without momentum', 'RMSprop, momentum', { momentum: 0 }],
    ['without limits', 'Rprop, limits', { stepSizes: [1e-6, 50] }],
    ['with a longer history', 'LBFGS, short history', { historySize: 3 }],
    ['without decay', 'Adadelta, decay', { weightDecay: 0 }],
  ];
  it.each(faults)('%s', async (_, title, change, rule) => {
    const test = fixture.rules.find((other) => other.title === title)!;
    const found = await trajectory({ ...test, rule: rule ?? test.rule }, 'network', 'float64', change);
    expect(error(found, test.weights.network)).toBeGreaterThan(1e-7);
  });
});
