/**
 * The check of all derivatives: what it covers, that it passes, and that it fails for each derivative that is
 * wrong.
 */
import { describe, expect, it } from 'vitest';
import { GateError } from '#src/errors.js';
import { CHECKED_KINDS, caseOf, instanceOf, kinkCases } from '#src/explain/cases.js';
import { compare, taylorSlope } from '#src/explain/differences.js';
import { distance, float32Tolerance } from '#src/explain/float32.js';
import { assertPassed, failuresOf, gradcheck, withScaledDerivatives } from '#src/explain/gradcheck.js';
import { checkGradient } from '#src/explain/gradient.js';
import { DIFFERENTIABLE_NAMES } from '#src/network/activations.js';
import { DIVERGENCE_NAMES } from '#src/network/divergences.js';
import { EXAMPLE_INPUTS } from '#src/network/kind.js';
import { LAYER_KINDS } from '#src/network/kinds.js';
import { buildLayers } from '#src/network/spec.js';

describe('a difference quotient', () => {
  const at = (f: (x: number) => number, x: number, analytic: number) =>
    compare((step) => f(x + step), analytic, 1e-3);

  it('confirms a right derivative and refuses one that is 1e-6 wrong', () => {
    expect(at(Math.sin, 1, Math.cos(1)).error).toBeLessThan(1e-8);
    expect(at(Math.sin, 1, Math.cos(1) * (1 + 1e-6)).error).toBeGreaterThan(5e-7);
  });

  it('is extrapolated where the function is strongly curved', () => {
    const { error } = at((x) => Math.sin(300 * x), 0.01, 300 * Math.cos(3));
    expect(error).toBeLessThan(1e-8);
  });

  it('is extrapolated where rounding leaves a short step no digits', () => {
    const { error } = at((x) => 1e6 + Math.sin(30 * x), 0.02, 30 * Math.cos(0.6));
    expect(error).toBeLessThan(1e-7);
  });

  it('stays on its side of a near kink', () => {
    expect(at(Math.abs, 3e-6, 1)).toMatchObject({ kink: true });
    expect(at(Math.abs, 3e-6, 1).error).toBeLessThan(1e-8);
    expect(at(Math.abs, 3e-6, -1).error).toBeGreaterThan(0.5);
  });

  it('takes any subgradient on a kink, and nothing else', () => {
    for (const subgradient of [-1, 0.3, 1]) {
      expect(at(Math.abs, 0, subgradient)).toMatchObject({ error: 0, kink: true });
    }
    expect(at(Math.abs, 0, 1.01).error).toBeCloseTo(0.01, 4);
  });

  it('excuses no smooth function as a kink', () => {
    expect(at((x) => 1e3 * x * x, 0, 0.5)).toMatchObject({ kink: false });
  });
});

describe('the Taylor slope', () => {
  it('is 2 for the derivative, 1 for another, and nothing where f is linear', () => {
    expect(taylorSlope((h) => Math.exp(h), 1)).toBeCloseTo(2, 3);
    expect(taylorSlope((h) => Math.exp(h), 1.01)).toBeLessThan(1.2);
    expect(taylorSlope((h) => 3 + 2 * h, 2)).toBeNull();
  });
});

describe('the cases', () => {
  it.each(Object.entries(LAYER_KINDS))('%s: its examples can be built', (name, { examples }) => {
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples)
      expect(buildLayers([{ [name]: example }], EXAMPLE_INPUTS)).toHaveLength(1);
  });

  it('show every example, and every divergence both ways', () => {
    for (const layer of CHECKED_KINDS) {
      const shapes = DIFFERENTIABLE_NAMES.flatMap((activation) =>
        DIVERGENCE_NAMES.map((divergence) => {
          const { layers, divergence: kernel } = caseOf(layer, activation, divergence).objective;
          return `${divergence} ${kernel} ${layers.flatMap(({ parameters }) => parameters.map(({ shape }) => shape))}`;
        }),
      );
      expect(new Set(shapes).size).toBeGreaterThanOrEqual(LAYER_KINDS[layer].examples.length);
    }
    const kernels = DIFFERENTIABLE_NAMES.flatMap((activation) =>
      DIVERGENCE_NAMES.map((divergence) => caseOf('layerNorm', activation, divergence).objective.divergence),
    );
    expect(new Set(kernels).size).toBeGreaterThan(DIVERGENCE_NAMES.length);
  });

  it('on kinks have kinks, and the subgradient is one', () => {
    for (const one of kinkCases()) {
      const { parameters } = checkGradient(instanceOf(one));
      expect(
        parameters.some(({ kinks }) => kinks > 0),
        `${one.layer} ${one.activation}`,
      ).toBe(true);
      expect(Math.max(...parameters.map(({ error }) => error))).toBeLessThanOrEqual(1e-7);
    }
  });

  it('have gradients that are not zero', () => {
    for (const layer of CHECKED_KINDS) {
      expect(checkGradient(instanceOf(caseOf(layer, 'tanh', 'squaredError')), 1).size).toBeGreaterThan(1e-3);
    }
  });
});

describe('gradcheck', () => {
  // One layer's derivatives are wrong. That all pass where none is, the test of the command sees.
  const report = gradcheck((layer) =>
    layer.kind === 'layerNorm' ? withScaledDerivatives(layer, 1 + 1e-5) : layer,
  );
  const others = report.layers.filter(({ name }) => name !== 'layerNorm');

  it('passes over every layer kind x activation x divergence', () => {
    const combinations = CHECKED_KINDS.length * DIFFERENTIABLE_NAMES.length * DIVERGENCE_NAMES.length;
    expect(report.all.cases).toBe(combinations + kinkCases().length);
    for (const { name, error, slope } of others) {
      expect(error, name).toBeLessThanOrEqual(1e-7);
      if (slope !== null) expect(Math.abs(slope - 2), name).toBeLessThanOrEqual(0.05);
    }
    expect(report.all.kinks).toBeGreaterThan(10);
    for (const group of [...report.layers, ...report.activations, ...report.divergences]) {
      expect(group.cases, group.name).toBeGreaterThan(0);
    }
  });

  it('fails with exit code 5 when one layer has a wrong derivative', () => {
    expect(report.layers.find(({ name }) => name === 'layerNorm')!.error).toBeGreaterThan(report.tolerance);
    expect(report.failures).toHaveLength(2); // its error, and the slope of its Taylor test
    expect(() => assertPassed(report)).toThrow(GateError);
    expect(() => assertPassed(report)).toThrow(/^gradcheck: layerNorm x .*: relative error .* > 1e-7/);
    expect(new GateError('').exitCode).toBe(5);
  });

  it('catches every derivative that is 1e-5 wrong, and a slope that is not 2', () => {
    const { total, caught, error, slope } = report.controls;
    expect({ total, caught }).toEqual({
      total: CHECKED_KINDS.length + DIFFERENTIABLE_NAMES.length + DIVERGENCE_NAMES.length,
      caught: total,
    });
    expect(error).toBeGreaterThan(10 * report.tolerance);
    expect(slope).toBeLessThan(1.5);
  });

  it('holds the training kernels to what rounding allows', () => {
    expect(report.float32.map(({ kernels }) => kernels)).toContain('portable');
    for (const { share, distance } of report.float32) {
      expect(share).toBeLessThanOrEqual(1);
      expect(distance).toBeGreaterThan(0);
    }
    const instance = instanceOf(caseOf('dense', 'tanh', 'squaredError'));
    const tolerance = float32Tolerance(instance);
    const gradient = instance.gradient();
    expect(tolerance).toBeLessThan(1e-4);
    expect(
      distance(
        gradient.map((g) => g * (1 + 1e-4)),
        gradient,
      ),
    ).toBeGreaterThan(tolerance);
  });

  it('fails when a wrong derivative, slope or kernel is not what it must be', () => {
    const { float32, controls } = report;
    const all = { ...report.all, error: 0, slope: 2 };
    const failures = (change: object) => failuresOf({ all, float32, controls, ...change }).length;
    expect(failures({})).toBe(0);
    expect(failures({ all: { ...all, error: 2e-7 } })).toBe(1);
    expect(failures({ all: { ...all, error: Number.NaN } })).toBe(1);
    expect(failures({ all: { ...all, slope: 1.9 } })).toBe(1);
    expect(failures({ float32: [{ ...float32[0], share: 1.1 }] })).toBe(1);
    expect(failures({ controls: { ...controls, caught: controls.total - 1 } })).toBe(1);
    expect(failures({ controls: { ...controls, slope: 2 } })).toBe(1);
  });
});
