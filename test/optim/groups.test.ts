/** Learning rates and weight decay of single parameters against PyTorch (test/fixtures/pytorch/groups.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { groupArrays, groupHyper, groupKinds, parameterGroups } from '#src/optim/groups.js';
import {
  hyperParameters,
  type ParameterBlock,
  RULE_NAMES,
  RULES,
  type RuleName,
  type UpdateRule,
} from '#src/optim/rules.js';
import { implementations, numbers, sameBits } from '../kernels/implementations.js';

const fixture: {
  readonly parameters: { rateFactor: number; weight: boolean; shape: number[] }[];
  readonly starts: number[][];
  readonly gradients: number[][][];
  readonly cases: {
    rule: RuleName;
    lr: number;
    weightDecay: number;
    decayBiases: boolean;
    weights: number[][];
  }[];
} = JSON.parse(readFileSync(new URL('../fixtures/pytorch/groups.json', import.meta.url), 'utf8'));

const NO_LOSS = { value: Number.NaN, evaluate: () => Number.NaN };
/** Floats from the beginning of one parameter to that of the next, as in the network's layout. */
const STRIDE = 16;
const LENGTH = STRIDE * fixture.parameters.length;

/** The fixture's parameters in a block; a factor of 1 is left out, as layers do. */
const views: ParameterBlock[] = fixture.parameters.map(({ rateFactor, weight, shape }, index) => ({
  offset: index * STRIDE,
  length: fixture.starts[index].length,
  spec: {
    shape,
    ...(rateFactor === 1 ? {} : { rateFactor }),
    ...(weight ? {} : { decay: false as const }),
  },
}));

const padded = (parameters: readonly number[][]) =>
  parameters.flatMap((values) => [...values, ...Array<number>(STRIDE - values.length).fill(0)]);

describe.each(implementations)('$label', (where) => {
  it.each(fixture.cases)('$rule, decayBiases $decayBiases: as PyTorch', async (test) => {
    where.reset();
    const { rule: name, lr, weightDecay, decayBiases } = test;
    const rule: UpdateRule = RULES[name];
    const hyper = hyperParameters(name, { weightDecay });
    const weights = where.array(padded(fixture.starts));
    const slots = rule.slots(hyper).map(() => where.zeros(LENGTH));
    for (const [index, gradients] of fixture.gradients.entries()) {
      const arrays = { weights, gradient: where.array(padded(gradients)), slots, views };
      for (const group of parameterGroups(views, LENGTH, decayBiases)) {
        const scale = { step: index + 1, lr: lr * group.rateFactor, gradientScale: 1 };
        await rule.step(where.kernels, groupArrays(arrays, group), groupHyper(hyper, group), scale, NO_LOSS);
      }
    }
    padded(test.weights).forEach((value, i) => {
      expect(Math.abs(weights[i] - value)).toBeLessThan(100 * where.unit * (1 + Math.abs(value)) + 1e-15);
    });
  });
});

describe('the groups', () => {
  it('are as long as neighbours are alike, and leave no gap', () => {
    const all = parameterGroups(views, LENGTH, true);
    expect(all.map(({ first, last, rateFactor }) => [first, last, rateFactor])).toEqual([
      [0, 32, 1],
      [32, 64, 0.1],
      [64, 80, 6],
    ]);
    const apart = parameterGroups(views, LENGTH, false);
    expect(apart.map(({ first, last, decays }) => [first, last, decays])).toEqual([
      [0, 16, true],
      [16, 32, false],
      [32, 64, true],
      [64, 80, false],
    ]);
  });

  it('of one kind share a number', () => {
    const groups = parameterGroups([...views, { ...views[0], offset: LENGTH }], LENGTH + STRIDE, false);
    expect(groups.map(({ kind }) => kind)).toEqual([0, 1, 2, 3, 0]);
    expect(groupKinds(groups).map(({ kind }) => kind)).toEqual([0, 1, 2, 3]);
  });

  const divisible = RULE_NAMES.filter((name) => !(RULES[name] as UpdateRule).lineSearch);
  it.each(divisible)('with equal numbers make the same step as the whole, in bits: %s', async (name) => {
    const rule: UpdateRule = RULES[name];
    const hyper = hyperParameters(name, { weightDecay: 0.1 });
    const [where] = implementations.slice(-1);
    const run = async (groups: ReturnType<typeof parameterGroups>) => {
      const weights = where.array(numbers(LENGTH, 1));
      const slots = rule.slots(hyper).map(() => where.zeros(LENGTH));
      for (let step = 1; step <= 3; step++) {
        const arrays = { weights, gradient: where.array(numbers(LENGTH, 1 + step)), slots, views };
        for (const group of groups) {
          const scale = { step, lr: 0.01, gradientScale: 1 };
          await rule.step(where.kernels, groupArrays(arrays, group), hyper, scale, NO_LOSS);
        }
      }
      return weights;
    };
    where.reset();
    const whole = await run(parameterGroups(views.slice(0, 2), LENGTH, true));
    expect(sameBits(await run(parameterGroups(views, LENGTH, false)), whole)).toBe(true);
  });
});
