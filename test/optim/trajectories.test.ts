/**
 * Ten steps of every update rule on three networks, against PyTorch in float64
 * (test/fixtures/pytorch/trajectories.py).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ActivationName } from '#src/network/activations.js';
import { DIVERGENCES, type Divergence, type DivergenceName } from '#src/network/divergences.js';
import {
  type HyperOptions,
  hyperParameters,
  RULES,
  type RuleName,
  type UpdateRule,
} from '#src/optim/rules.js';
import {
  type Arithmetic,
  setParameters,
  type TestNetwork,
  testNetwork,
  withoutPadding,
} from '../support/network.js';

interface Trajectory {
  readonly title: string;
  readonly rule: RuleName;
  readonly hyper: HyperOptions & { lr: number };
  /** the mean over the rows before each step */
  readonly losses: number[];
  /** all weights after these steps */
  readonly first: number[];
  readonly fifth: number[];
  readonly last: number[];
}

interface Fixture {
  readonly rows: number;
  readonly widths: number[];
  readonly networks: {
    readonly activation: ActivationName;
    readonly loss: DivergenceName;
    readonly x: number[];
    readonly d: number[];
    readonly start: number[];
    readonly trajectories: Trajectory[];
  }[];
}

const { rows, widths, networks }: Fixture = JSON.parse(
  readFileSync(new URL('../fixtures/pytorch/trajectories.json', import.meta.url), 'utf8'),
);
const cases = networks.flatMap(({ trajectories, ...network }) =>
  trajectories.map((trajectory) => ({ ...network, ...trajectory })),
);
type Case = (typeof cases)[number];

/** What the fixture calls float32 errors: relative to the largest weight of the network, which is about 1. */
const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));
const difference = (a: readonly number[], b: readonly number[]) => largest(a.map((value, i) => value - b[i]));

function start({ activation, loss, start }: Case, arithmetic: Arithmetic): TestNetwork {
  const { fused }: Divergence = DIVERGENCES[loss];
  const last = fused ? [fused.activation] : [];
  const hidden = widths.slice(1, -1).flatMap((units) => [{ dense: units }, activation]);
  const layers = [...hidden, { dense: widths[widths.length - 1] }, ...last];
  const network = testNetwork({ layers, inputs: widths[0], loss, rows, arithmetic });
  setParameters(network, start);
  return network;
}

/** The largest relative errors of the ten losses, and of all weights after steps 1, 5 and 10. */
function errors(
  test: Case,
  arithmetic: Arithmetic,
  change: HyperOptions = {},
): { loss: number; weight: number } {
  const network = start(test, arithmetic);
  const rule: UpdateRule = RULES[test.rule];
  const hyper = hyperParameters(test.rule, { momentum: 0, ...test.hyper, ...change });
  const slots = rule.slots(hyper).map(() => network.block());
  const { parameters: weights, gradient, kernels, layout } = network;
  let loss = 0;
  let weight = 0;
  for (let step = 1; step <= test.losses.length; step++) {
    const expected = test.losses[step - 1];
    loss = Math.max(loss, Math.abs(network.differentiate(test.x, test.d) / rows / expected - 1));
    const scale = { step, lr: test.hyper.lr, gradientScale: 1 / rows };
    rule.step(kernels, { weights, gradient, slots }, hyper, scale, {
      value: expected,
      evaluate: () => expected,
    });
    const known = { 1: test.first, 5: test.fifth, 10: test.last }[step];
    if (known) weight = Math.max(weight, difference(withoutPadding(layout, weights), known) / largest(known));
  }
  return { loss, weight };
}

const title = '$title, $activation, $loss';

describe('float64', () => {
  it.each(cases)(title, (test) => {
    const { loss, weight } = errors(test, 'float64');
    expect(loss).toBeLessThan(1e-10);
    expect(weight).toBeLessThan(1e-10);
  });

  it('has the rules that most people take; the others are in rules.test.ts', () => {
    expect(new Set(cases.map(({ rule }) => rule))).toEqual(new Set(['sgd', 'adam', 'adamw']));
  });
});

describe.each(['reference', 'portable', 'wasm'] as const)('float32, %s', (arithmetic) => {
  it.each(cases)(title, (test) => {
    const { loss, weight } = errors(test, arithmetic);
    expect(loss).toBeLessThan(1e-5);
    expect(weight).toBeLessThan(1e-5);
  });
});

describe('the comparison fails', () => {
  const of = (title: string) => cases.find((test) => test.title === title)!;
  const faults: [string, string, HyperOptions][] = [
    ['without momentum', 'momentum', { momentum: 0 }],
    ['with the plain momentum for Nesterov', 'Nesterov', { nesterov: false }],
    ['without decay', 'AdamW with decay', { weightDecay: 0 }],
    ['with decay a thousandth off', 'momentum with decay', { weightDecay: 0.02 * 1.001 }],
    ['with another epsilon', 'Adam', { eps: 1e-6 }],
    ['with the second moment forgotten faster', 'Adam', { betas: [0.9, 0.998] }],
  ];
  it.each(faults)('%s', (_, title, change) => {
    expect(errors(of(title), 'float64', change).weight).toBeGreaterThan(1e-8);
  });

  it('with decay that is decoupled where it should not be', () => {
    const coupled = of('Adam with decay');
    expect(errors({ ...coupled, rule: 'adamw' }, 'float64').weight).toBeGreaterThan(1e-4);
  });
});
