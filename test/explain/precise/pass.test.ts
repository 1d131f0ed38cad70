/**
 * The forward passes with 31 digits beside those in float64, and their difference quotients beside
 * backpropagation.
 */
import { describe, expect, it } from 'vitest';
import { type Case, CHECKED_KINDS, caseOf, instanceOf } from '#src/explain/cases.js';
import { ownGradientCheck } from '#src/explain/owngradient.js';
import { PRECISE_LAYERS } from '#src/explain/precise/layers.js';
import { preciseLoss } from '#src/explain/precise/pass.js';
import { DIFFERENTIABLE_NAMES } from '#src/network/activations.js';
import { DIVERGENCE_NAMES } from '#src/network/divergences.js';
import { LAYER_KINDS } from '#src/network/kinds.js';

const cases: [string, Case][] = [
  ...CHECKED_KINDS.flatMap((kind) => [
    caseOf(kind, 'tanh', 'squaredError'),
    caseOf(kind, 'sigmoid', 'squaredError'),
    caseOf(kind, 'softplus', 'squaredError'),
  ]),
  ...DIFFERENTIABLE_NAMES.map((name) => caseOf('dense', name, 'squaredError')),
  ...DIVERGENCE_NAMES.flatMap((name) => [caseOf('dense', 'tanh', name), caseOf('dense', 'sine', name)]),
].map((one) => [`${one.layer} x ${one.activation} x ${one.objective.divergence}`, one]);

describe('with 31 digits', () => {
  it('every kind of layer has a forward pass', () => {
    expect(Object.keys(PRECISE_LAYERS).sort()).toEqual(Object.keys(LAYER_KINDS).sort());
  });

  it.each(cases)('%s: Div is the same, and the quotients are the gradient', (_, one) => {
    const instance = instanceOf(one);
    const options = { objective: one.objective, rows: instance.pass.rows, training: true };
    const { at0 } = preciseLoss(instance, one.objective);
    expect(Math.abs(at0.high - instance.loss())).toBeLessThanOrEqual(1e-13 * Math.max(1, at0.high));
    const { check } = ownGradientCheck(instance, options, 4);
    const gradient = instance.gradient().slice();
    const right = check(gradient).parameters;
    expect(Math.max(...right.map(({ error }) => error))).toBeLessThan(1e-9);
    expect(right.every(({ small, checked }) => small < checked)).toBe(true);
    const wrong = check(gradient.map((value) => value * (1 + 1e-5))).judgements.flat();
    // where the terms of several rows cancel, nothing but their rounding is left
    const told = wrong.filter(({ derivative, kink }) => Math.abs(derivative) > 1e-12 && !kink);
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter(({ verdict }) => verdict !== 'wrong')).toEqual([]);
  });
});
