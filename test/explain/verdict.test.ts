/**
 * What is said of a derivative, on functions whose derivatives are known, and on networks at the ends of
 * float64.
 */
import { describe, expect, it } from 'vitest';
import { explain } from '#src/explain/explain.js';
import { assertPassed, withScaledDerivatives } from '#src/explain/gradcheck.js';
import { type DoubleDouble, preciseOf } from '#src/explain/precise/doubledouble.js';
import type { Subject } from '#src/explain/subject.js';
import { judge, quotientsOf } from '#src/explain/verdict.js';
import type { DivergenceName } from '#src/network/divergences.js';
import { parameterLayout } from '#src/network/layout.js';
import { buildLayers, type LayerSpec } from '#src/network/spec.js';

const judged = (f: (x: DoubleDouble) => DoubleDouble, x: number, analytic: number, rounding = 0) =>
  judge(
    quotientsOf((step) => f(preciseOf(x).plus(step)), f(preciseOf(x))),
    analytic,
    rounding,
  );
const cube = (x: DoubleDouble) => x.times(x).times(x);

describe('a derivative', () => {
  it('is right to 1e-7, and wrong where it errs by 1e-6', () => {
    expect(judged((x) => x.sin(), 1, Math.cos(1))).toMatchObject({ verdict: 'right', kink: false });
    expect(judged((x) => x.sin(), 1, Math.cos(1)).error).toBeLessThan(1e-12);
    expect(judged((x) => x.sin(), 1, Math.cos(1) * (1 + 1e-6))).toMatchObject({ verdict: 'wrong' });
  });

  it('is judged inside the domain of a logarithm', () => {
    expect(judged((x) => x.ln(), 1.5e-12, 1 / 1.5e-12)).toMatchObject({ verdict: 'right' });
    expect(judged((x) => x.ln(), 1.5e-12, 1.00001 / 1.5e-12)).toMatchObject({ verdict: 'wrong' });
  });

  it('is judged where the function is as flat as a cube', () => {
    expect(judged(cube, 1e-5, 3e-10)).toMatchObject({ verdict: 'right' });
    expect(judged(cube, 1e-5, 3.00003e-10)).toMatchObject({ verdict: 'wrong' });
    expect(judged(cube, 1e-13, 3e-26)).toMatchObject({ verdict: 'small' });
  });

  it('is too small to check where rounding may have moved it by more than a millionth', () => {
    expect(judged((x) => x.sin(), 1, Math.cos(1) + 1e-5, 1e-4)).toMatchObject({ verdict: 'small', error: 0 });
    expect(judged((x) => x.sin(), 1, Math.cos(1) + 1e-3, 1e-4)).toMatchObject({ verdict: 'wrong' });
    expect(judged((x) => x.times(1e-40), 1, 1e-40)).toMatchObject({ verdict: 'small' });
  });

  it('of 0 is right where nothing changes, and NaN never is', () => {
    expect(judged(() => preciseOf(3), 1, 0)).toMatchObject({ verdict: 'right', error: 0 });
    expect(judged((x) => x, 1, Number.NaN)).toMatchObject({ verdict: 'wrong' });
    expect(judged((x) => x.ln(), -1, 1)).toMatchObject({ verdict: 'small' });
  });

  it('at a kink may be any subgradient', () => {
    for (const slope of [-1, 0.3, 1]) {
      expect(judged((x) => x.magnitude(), 0, slope)).toMatchObject({ verdict: 'right', kink: true });
    }
    expect(judged((x) => x.magnitude(), 0, 1.00001)).toMatchObject({ verdict: 'wrong', kink: true });
    expect(judged((x) => x.magnitude(), 1e-8, -1)).toMatchObject({ verdict: 'wrong', kink: false });
    expect(judged((x) => x.times(x).times(1e9), 0, 0.5)).toMatchObject({ verdict: 'wrong', kink: false });
  });
});

function subjectOf(
  specs: readonly LayerSpec[],
  weights: readonly number[],
  loss: DivergenceName,
  d: number[],
): Subject {
  const layers = buildLayers(specs, 2);
  const all = new Float64Array(parameterLayout(layers).length);
  for (const { offset, length } of parameterLayout(layers).views) {
    for (let i = 0; i < length; i++) all[offset + i] = weights[(offset + i) % weights.length];
  }
  const x = Float64Array.of(0.6, -0.4);
  const instance = { instance: 'a row', rows: 1, x, d: Float64Array.from(d), classes: null };
  return { layers, loss, weights: all, origin: 'given', ...instance };
}

describe('explain', () => {
  const networks: [string, LayerSpec[], number, DivergenceName, number[]][] = [
    ['a saturated softmax that is right', [{ dense: 3 }, 'softmax'], 40, 'crossEntropy', [0]],
    ['a saturated softmax that is wrong', [{ dense: 3 }, 'softmax'], 40, 'crossEntropy', [1]],
    ['a saturated logSoftmax', [{ dense: 3 }, 'logSoftmax'], 112, 'nll', [2]],
    ['a saturated sigmoid', [{ dense: 2 }, 'sigmoid'], 60, 'binaryCrossEntropy', [1, 0]],
    ['saturated hidden units', [{ dense: 3 }, 'tanh', { dense: 1 }], 30, 'squaredError', [1]],
    ['dead hidden units', [{ dense: 3 }, 'relu', { dense: 1 }], -5, 'squaredError', [1]],
    ['weights of zero', [{ dense: 3 }, 'relu', { dense: 3 }, 'softmax'], 0, 'focal', [1]],
    ['an output on a kink', [{ dense: 2 }], 0, 'absoluteError', [0, 0]],
    ['a threshold', [{ dense: 3 }, 'threshold', { dense: 1 }], 1, 'squaredError', [1]],
    ['an estimate', [{ dense: 3 }, { threshold: 'straightThrough' }, { dense: 1 }], 1, 'squaredError', [0.3]],
  ];
  it.each(networks)('calls nothing wrong: %s', (_, specs, scale, loss, d) => {
    const { trace } = explain(subjectOf(specs, [scale, -scale, scale / 2, scale / 3, 0], loss, d));
    expect(trace.failures).toEqual([]);
    expect(trace.error).toBeLessThanOrEqual(1e-7);
  });

  it('compares no estimates with differences', () => {
    const { trace } = explain(
      subjectOf(
        [{ dense: 3 }, { threshold: 'straightThrough' }, { dense: 1 }],
        [1, -1, 2],
        'squaredError',
        [0.3],
      ),
    );
    expect(trace.x).toMatchObject({ estimate: true, compared: 0 });
    expect(trace.layers[0].weights).toEqual([]);
    expect(trace.layers[1].y).toMatchObject({ estimate: false, compared: 1 });
  });

  it('says which derivative is wrong, however small it is', () => {
    const subject = subjectOf(
      [{ dense: 3 }, 'tanh', { dense: 3 }, 'softmax'],
      [2, -3, 4, 1],
      'crossEntropy',
      [2],
    );
    const layers = subject.layers.map((layer, k) =>
      k === 1 ? withScaledDerivatives(layer, 1 + 1e-5) : layer,
    );
    const { trace } = explain({ ...subject, layers });
    expect(trace.failures.length).toBeGreaterThan(5);
    expect(() => assertPassed(trace, 'explain')).toThrow(
      /^explain: dDiv\/d\S+: relative error 1\.0e-5 > 1e-7 \(and/,
    );
  });

  it('says how many kinks a change meets', () => {
    const subject = subjectOf([{ dense: 3 }, 'relu', { dense: 1 }], [1, 1, 1, 1, 1], 'squaredError', [1]);
    // z = 0.6 − 0.4 + 1 for every unit
    const kinks = (perturb: string) => explain(subject, { perturb }).perturbations[0].kinks;
    expect(kinks('x1=1e-3')).toBe(0);
    expect(kinks('x1=-1.3')).toBe(3);
    expect(kinks('w[1][0,2]=-1.2001')).toBe(1);
  });

  it('writes cross-entropy as the lecture does, unless labels are smoothed', () => {
    const subject = subjectOf([{ dense: 3 }, 'softmax'], [0.1, 0.2], 'crossEntropy', [1]);
    expect(explain(subject).formula).toEqual({ formula: '−log y_c', gradient: '−1/y_c at c, 0 elsewhere' });
    expect(explain({ ...subject, lossParameter: 0.1 }).formula.gradient).toContain('ε');
  });
});
