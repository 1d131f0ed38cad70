import { beforeEach, describe, expect, it } from 'vitest';
import type { FloatArray, Kernels } from '#src/kernels/kernels.js';
import { type DivergenceKernel, ROW_DIVERGENCES } from '#src/kernels/reference/divergences.js';
import { bits, implementations, numbers, oracle } from './implementations.js';

const NAMES = Object.keys(ROW_DIVERGENCES) as DivergenceKernel[];
const OF_CLASS: readonly DivergenceKernel[] = [
  'crossEntropy',
  'softmaxCrossEntropy',
  'focal',
  'softmaxFocal',
  'nll',
];
const ON_PROBABILITIES: readonly DivergenceKernel[] = [
  'crossEntropy',
  'binaryCrossEntropy',
  'kl',
  'focal',
  'poisson',
];
const ofClass = (name: DivergenceKernel) => OF_CLASS.includes(name);
const onProbabilities = (name: DivergenceKernel) => ON_PROBABILITIES.includes(name);
/** The parameters to try; the first is used where one is enough. */
const PARAMETERS: Partial<Record<DivergenceKernel, number[]>> = {
  crossEntropy: [0, 0.1],
  softmaxCrossEntropy: [0, 0.1],
  huber: [0.5, 2],
  quantile: [0.3],
  quantiles: [2],
  focal: [2, 0, 0.5, 3.7],
  softmaxFocal: [2, 0, 0.5, 3.7],
};
const parametersOf = (name: DivergenceKernel) => PARAMETERS[name] ?? [0];
const CASES = NAMES.flatMap((name) => parametersOf(name).map((p) => [name, p] as const));
const SHAPES = [
  [1, 1],
  [1, 4],
  [2, 2],
  [3, 3],
  [5, 7],
  [4, 10],
  [33, 129],
] as const;

/** Outputs and targets of R rows as the divergence wants them. */
function example(name: DivergenceKernel, R: number, N: number): { y: Float64Array; d: Float64Array } {
  const raw = numbers(R * N, 1);
  const y = raw.map((v) => Math.fround(onProbabilities(name) ? 0.01 + 0.49 * (v + 1) : 6 * v));
  if (name === 'quantiles') return { y, d: targetsAndLevels(R, N) };
  const d = ofClass(name)
    ? Float64Array.from({ length: R }, (_, r) => (r * 7) % N)
    : numbers(R * N, 2).map((v) => (name.endsWith('inge') ? Number(v > 0) : Math.fround(Math.abs(v))));
  return { y, d };
}

/** Targets of R rows, each row followed by a level for each of its outputs. */
function targetsAndLevels(R: number, N: number): Float64Array {
  return numbers(2 * R * N, 2).map((v, i) =>
    Math.fround(Math.floor(i / N) % 2 === 0 ? Math.abs(v) : (1 + v) / 2),
  );
}

function run(
  kernels: Kernels,
  name: DivergenceKernel,
  y: FloatArray,
  d: FloatArray,
  dy: FloatArray,
  losses: FloatArray,
  N: number,
  p = 0,
) {
  kernels.divergence(name, losses, dy, y, d, losses.length, N, p);
  return { losses, dy };
}

describe.each(implementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each(CASES)('%s, p = %d', (name, p) => {
    it.each(SHAPES)('value and derivative agree with float64, R=%i N=%i', (R, N) => {
      const { y, d } = example(name, R, N);
      const actual = run(kernels, name, array(y), array(d), zeros(R * N), zeros(R), N, p);
      const expected = run(oracle.kernels, name, y, d, new Float64Array(R * N), new Float64Array(R), N, p);
      const near = (a: number, b: number, size: number) =>
        expect(Math.abs(a - b)).toBeLessThanOrEqual(16 * unit * size);
      const size = Math.max(...expected.losses);
      actual.losses.forEach((loss, r) => {
        near(loss, expected.losses[r], 20 + N + size);
      });
      actual.dy.forEach((value, i) => {
        near(value, expected.dy[i], 2 * Math.abs(expected.dy[i]) + 1);
      });
      const losses = zeros(R);
      kernels.divergence(name, losses, null, array(y), array(d), R, N, p);
      expect(bits(losses)).toEqual(bits(actual.losses));
    });

    it('a row has the same bits alone and among others, and nothing past the end is written', () => {
      for (const [R, N] of SHAPES) {
        const { y, d } = example(name, R, N);
        const [all, targets] = [array(y), array(d)];
        const D = targets.length / R;
        const whole = run(kernels, name, all, targets, zeros(R * N), zeros(R), N, p);
        for (let r = 0; r < R; r++) {
          const dy = zeros(N + 4).fill(7);
          const row = all.subarray(r * N, (r + 1) * N);
          const { losses } = run(
            kernels,
            name,
            row,
            targets.subarray(r * D, (r + 1) * D),
            dy,
            zeros(1),
            N,
            p,
          );
          expect(bits(losses)).toEqual(bits(whole.losses.slice(r, r + 1)));
          expect(bits(dy.subarray(0, N))).toEqual(bits(whole.dy.slice(r * N, (r + 1) * N)));
          expect([...dy.subarray(N)]).toEqual([7, 7, 7, 7]);
        }
      }
    });

    it('extreme outputs give no NaN', () => {
      const high = name === 'expPoisson' ? 80 : 1e4; // e^80 is a float32
      const y = onProbabilities(name) ? [1, 0, 0, 1, 1] : [high, -high, 0, high, -high];
      for (let c = 0; c < 5; c++) {
        const values = [c, 1, 0, 1, 1].map((v) => Math.min(v, 1));
        const levels = name === 'quantiles' ? [0.1, 0.5, 0.9, 0.99, 0.3] : [];
        const d = ofClass(name) ? [c] : [...values, ...levels];
        const { losses, dy } = run(kernels, name, array(y), array(d), zeros(5), zeros(1), 5, p);
        expect(kernels.allFinite(losses, 1) && kernels.allFinite(dy, 5)).toBe(true);
      }
    });

    it('NaN comes out', () => {
      for (let bad = 0; bad < 5; bad++) {
        const { y, d } = example(name, 1, 5);
        y[bad] = NaN;
        if (ofClass(name)) d[0] = bad;
        const { losses, dy } = run(kernels, name, array(y), array(d), zeros(5), zeros(1), 5, p);
        expect(losses[0]).toBeNaN();
        if (name !== 'nll') expect(dy[bad]).toBeNaN(); // it is linear
      }
    });

    it.runIf(ofClass(name))('a class that does not exist makes the row NaN', () => {
      for (const c of [-1, 5, NaN, 1e9]) {
        const { y } = example(name, 1, 5);
        const { losses, dy } = run(kernels, name, array(y), array([c]), zeros(5), zeros(1), 5, p);
        expect([losses[0], ...dy]).toEqual(Array(6).fill(NaN));
      }
    });
  });

  it.each([
    ['softmaxCrossEntropy', 'crossEntropy', 'softmax', 0],
    ['softmaxCrossEntropy', 'crossEntropy', 'softmax', 0.1],
    ['softmaxCrossEntropy', 'nll', 'logSoftmax', 0],
    ['softmaxFocal', 'focal', 'softmax', 2],
    ['softmaxFocal', 'focal', 'softmax', 0.5],
    ['softmaxKl', 'kl', 'softmax', 0],
    ['sigmoidCrossEntropy', 'binaryCrossEntropy', 'sigmoid', 0],
    ['expPoisson', 'poisson', 'exp', 0],
  ] as const)('%s is %s of %s, p = %d', (fused, name, activation, p) => {
    const [R, N] = [6, 7];
    const z = array(numbers(R * N, 3).map((v) => 5 * v));
    const d = ofClass(name)
      ? array(Float64Array.from({ length: R }, (_, r) => r))
      : array(numbers(R * N, 4).map((v) => (v > 0 ? 1 : v > -0.5 ? -v : 0)));
    const [y, dy, dz] = [zeros(R * N), zeros(R * N), zeros(R * N)];
    const scalar = activation === 'exp' ? 'exp' : 'sigmoid';
    if (activation === 'softmax') kernels.softmax(y, z, R, N);
    else if (activation === 'logSoftmax') kernels.logSoftmax(y, z, R, N);
    else kernels.activate(scalar, y, z, R * N, 0);
    const apart = run(kernels, name, y, d, dy, zeros(R), N, p);
    if (activation === 'softmax') kernels.softmaxBackward(dz, dy, y, R, N);
    else if (activation === 'logSoftmax') kernels.logSoftmaxBackward(dz, dy, y, R, N);
    else kernels.activateBackward(scalar, dz, dy, z, y, R * N, 0);

    const together = run(kernels, fused, z, d, zeros(R * N), zeros(R), N, p);
    const tolerance = unit < 1e-10 ? 1e-12 : 1e-5;
    together.losses.forEach((loss, r) => {
      expect(Math.abs(loss - apart.losses[r])).toBeLessThanOrEqual(tolerance * Math.max(10, loss));
    });
    together.dy.forEach((value, i) => {
      expect(Math.abs(value - dz[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(value)));
    });
  });

  it('at kinks the subgradient is 0, and hinges tell sides by the sign of d', () => {
    const at = (name: DivergenceKernel, y: number, d: number, p: number) => {
      const { losses, dy } = run(kernels, name, array([y]), array([d]), zeros(1), zeros(1), 1, p);
      return [losses[0], dy[0] + 0];
    };
    expect(at('absoluteError', 2, 2, 0)).toEqual([0, 0]);
    expect(at('quantile', 2, 2, 0.25)).toEqual([0, 0]);
    expect(at('quantile', 1, 3, 0.25)).toEqual([0.5, -0.25]);
    expect(at('quantile', 3, 1, 0.25)).toEqual([1.5, 0.75]);
    expect(at('huber', 3, 2, 1)).toEqual([0.5, 1]);
    expect(at('huber', 5, 2, 1)).toEqual([2.5, 1]);
    expect(at('hinge', 1, 1, 0)).toEqual([0, 0]);
    expect(at('hinge', -1, 0, 0)).toEqual([0, 0]);
    for (const negative of [0, -1]) {
      expect(at('hinge', 0.5, negative, 0)).toEqual([1.5, 1]);
      expect(at('squaredHinge', 0.5, negative, 0)).toEqual([2.25, 3]);
    }
    expect(at('hinge', 0.5, 1, 0)).toEqual([0.5, -1]);
    expect(at('squaredHinge', 0.5, 1, 0)).toEqual([0.25, -1]);
    expect(at('meanSquaredError', 3, 1, 0)).toEqual([4, 4]);
  });

  it('log cosh keeps its relative accuracy from tiny to huge errors', () => {
    for (const error of [1e-6, 1e-3, 0.1, 0.9, 0.999, 1, 1.1, 5, 100, 1e4]) {
      const { losses } = run(kernels, 'logCosh', array([error]), array([0]), zeros(1), zeros(1), 1);
      const e = unit < 1e-10 ? error : Math.fround(error);
      const exact = e < 1e-2 ? (e * e) / 2 - e ** 4 / 12 : e > 20 ? e - Math.LN2 : Math.log(Math.cosh(e));
      expect(Math.abs(losses[0] / exact - 1)).toBeLessThanOrEqual(Math.max(16 * unit, 1e-11));
    }
  });

  it('a saturated softmax under cross-entropy, focal and KL: the loss is the difference of the logits', () => {
    const z = array([1e4, -1e4, 0]);
    const of = (name: DivergenceKernel, d: number[], p: number) =>
      run(kernels, name, z, array(d), zeros(3), zeros(1), 3, p);
    for (const name of ['softmaxCrossEntropy', 'softmaxFocal'] as const) {
      const p = name === 'softmaxFocal' ? 2 : 0;
      expect(of(name, [1], p).losses[0]).toBe(2e4);
      expect(Array.from(of(name, [1], p).dy, (v) => v + 0)).toEqual([1, -1, 0]);
      expect([...of(name, [0], p).losses, ...of(name, [0], p).dy].map(Math.abs)).toEqual([0, 0, 0, 0]);
    }
    expect(of('softmaxKl', [0, 1, 0], 0).losses[0]).toBe(2e4);
    const tie = array([1e4, 1e4]); // 1e4 + ln 2 would be rounded to a thousandth
    const half = run(kernels, 'softmaxKl', tie, array([0.5, 0.5]), zeros(2), zeros(1), 2);
    expect(Math.abs(half.losses[0])).toBeLessThanOrEqual(4 * unit);
    expect(Array.from(of('softmaxKl', [0, 1, 0], 0).dy, (v) => v + 0)).toEqual([1, -1, 0]);
  });
});

describe.each(CASES)('%s, p = %d, against central differences in float64', (name, p) => {
  it('agrees, and does not once it is wrong by a thousandth', () => {
    const [R, N, h] = [5, 6, 1e-6];
    const { y, d } = example(name, R, N);
    const { dy } = run(oracle.kernels, name, y, d, new Float64Array(R * N), new Float64Array(R), N, p);
    const loss = (i: number, step: number) => {
      const moved = y.slice();
      moved[i] += step;
      const losses = new Float64Array(R);
      oracle.kernels.divergence(name, losses, null, moved, d, R, N, p);
      return losses[Math.floor(i / N)];
    };
    const errors = Array.from(dy, (exact, i) => {
      const numeric = (loss(i, h) - loss(i, -h)) / (2 * h);
      return [exact, 1.001 * exact].map((v) => Math.abs(numeric - v) / (1 + Math.abs(exact)));
    });
    expect(Math.max(...errors.map(([right]) => right))).toBeLessThanOrEqual(1e-7);
    expect(Math.max(...errors.map(([, wrong]) => wrong))).toBeGreaterThan(1e-5);
  });
});
