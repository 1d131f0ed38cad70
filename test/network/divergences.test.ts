/** The divergences against PyTorch, or against their closed form where it has none. */
import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DivergenceKernel, ROW_DIVERGENCES } from '#src/kernels/reference/divergences.js';
import { DIVERGENCE_NAMES, DIVERGENCES, type Divergence } from '#src/network/divergences.js';
import { objective, unfused } from '#src/network/network.js';
import { buildLayers } from '#src/network/spec.js';
import { implementations } from '../kernels/implementations.js';

interface Case {
  readonly name: DivergenceKernel;
  readonly p: number;
  readonly y: number[][];
  readonly d: number[][] | number[];
  readonly losses: number[];
  readonly dy: number[][];
}
const fixture: { readonly cases: Case[] } = JSON.parse(
  readFileSync('test/fixtures/pytorch/divergences.json', 'utf8'),
);

const softmax = (z: number[]) => {
  const top = Math.max(...z);
  const sum = z.reduce((total, value) => total + Math.exp(value - top), 0);
  return z.map((value) => Math.exp(value - top) / sum);
};
const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
const gamma = 2;
const focal = (y: number) => -((1 - y) ** gamma) * Math.log(y);
const focalSlope = (y: number) => gamma * (1 - y) * Math.log(y) - (1 - y) ** gamma / y;

/** Div and ∂Div/∂y of one row, of what PyTorch has not. */
const CLOSED: Partial<
  Record<DivergenceKernel, { p: number; levels?: true; of: (y: number[], d: number[]) => [number, number[]] }>
> = {
  logCosh: {
    p: 0,
    of: (y, d) => [sum(y.map((v, i) => Math.log(Math.cosh(v - d[i])))), y.map((v, i) => Math.tanh(v - d[i]))],
  },
  quantile: {
    p: 0.9,
    of: (y, d) => [
      sum(y.map((v, i) => (v < d[i] ? 0.9 : -0.1) * (d[i] - v))),
      y.map((v, i) => (v < d[i] ? -0.9 : 0.1)),
    ],
  },
  quantiles: {
    p: 3,
    levels: true,
    of: (y, d) => [
      sum(y.map((v, i) => (v < d[i] ? d[y.length + i] : d[y.length + i] - 1) * (d[i] - v))) / 3,
      y.map((v, i) => (v < d[i] ? -d[y.length + i] : 1 - d[y.length + i]) / 3),
    ],
  },
  hinge: {
    p: 0,
    of: (y, d) => [
      sum(y.map((v, i) => Math.max(0, 1 - (2 * d[i] - 1) * v))),
      y.map((v, i) => ((2 * d[i] - 1) * v < 1 ? 1 - 2 * d[i] : 0)),
    ],
  },
  squaredHinge: {
    p: 0,
    of: (y, d) => [
      sum(y.map((v, i) => Math.max(0, 1 - (2 * d[i] - 1) * v) ** 2)),
      y.map((v, i) => -2 * (2 * d[i] - 1) * Math.max(0, 1 - (2 * d[i] - 1) * v)),
    ],
  },
  focal: {
    p: gamma,
    of: (y, [c]) => [focal(y[c]), y.map((v, j) => (j === c ? focalSlope(v) : 0))],
  },
  softmaxFocal: {
    p: gamma,
    of(z, [c]) {
      const y = softmax(z);
      return [focal(y[c]), y.map((v, j) => focalSlope(y[c]) * y[c] * ((j === c ? 1 : 0) - v))];
    },
  },
};

describe.each(implementations.filter(({ label }) => label !== 'reference float32'))(
  '$label',
  (implementation) => {
    const { kernels, array, zeros, unit } = implementation;
    beforeEach(() => implementation.reset());
    const tolerance = unit < 1e-10 ? 1e-6 : 1e-5;
    /** Relative to the value, or to the rounding of the row's largest terms where it is what they leave. */
    const near = (actual: number, expected: number, terms: number, where: string) => {
      const size = Math.abs(expected) + (unit < 1e-10 ? 1e-9 : 0.1) * terms;
      expect(Math.abs(actual - expected) / size, where).toBeLessThanOrEqual(tolerance);
    };
    const check = ({ name, p, y, d, losses, dy }: Case) => {
      const [R, N] = [y.length, y[0].length];
      const [found, slopes] = [zeros(R), zeros(R * N)];
      kernels.divergence(name, found, slopes, array(y.flat()), array(d.flat()), R, N, p);
      losses.forEach((loss, r) => {
        near(found[r], loss, Math.min(10, Math.max(1, ...y[r].map(Math.abs))), `row ${r}`);
      });
      dy.flat().forEach((slope, i) => {
        near(slopes[i], slope, 1, `row ${Math.floor(i / N)}, output ${i % N}`);
      });
    };

    it.each(fixture.cases)('$name, p = $p: value and gradient are those of PyTorch', check);

    it.each(Object.entries(CLOSED))(
      '%s: value and gradient are those of its formula',
      (key, { p, levels, of }) => {
        const name = key as DivergenceKernel;
        const softmaxed = fixture.cases.find((one) => one.name === 'crossEntropy')!;
        const { y } = name === 'focal' ? softmaxed : fixture.cases.find((one) => one.name === 'huber')!;
        const d = y.map((row, r) =>
          name.endsWith('ocal')
            ? [r % row.length]
            : [...row.map((_, j) => (r + j) % 2), ...(levels ? row.map((_, j) => (j + 1) / 8) : [])],
        );
        const rows = y.map((row, r) => of(row, d[r]));
        check({ name, p, y, d, losses: rows.map(([loss]) => loss), dy: rows.map(([, slopes]) => slopes) });
      },
    );
  },
);

describe('the list', () => {
  it('has a fixture or a closed form for every divergence of the kernels, and uses each', () => {
    const names = Object.keys(ROW_DIVERGENCES).toSorted();
    const compared = new Set([...fixture.cases.map(({ name }) => name), ...Object.keys(CLOSED)]);
    expect([...compared].toSorted()).toEqual(names);
    const used = DIVERGENCE_NAMES.flatMap((name) => {
      const { fused }: Divergence = DIVERGENCES[name];
      return fused ? [name, fused.kernel] : [name];
    });
    expect([...new Set(used)].toSorted()).toEqual(names);
  });

  it.each(DIVERGENCE_NAMES)('%s: fused exactly with its activation, its parameter passed on', (name) => {
    const { fused, parameter, levels = [] }: Divergence = DIVERGENCES[name];
    const layers = buildLayers([{ dense: 3 }, fused?.activation ?? 'tanh'], 2);
    const given = levels.length > 0 ? [0.2, 0.25] : 0.25;
    const target = objective(layers, name, given);
    expect(target.parameter).toBe(levels.length > 0 ? 2 : 0.25);
    expect(target.levels).toEqual(levels.length > 0 ? given : []);
    expect(target.layers).toHaveLength(fused ? 1 : 2);
    expect(target.fused).toBe(fused ? layers[1] : null);
    expect(target.divergence).toBe(fused?.kernel ?? name);
    expect(objective(layers, name).parameter).toBe(levels.length || (parameter?.default ?? 0));
    expect(objective(layers, name).levels).toEqual(levels);
    expect(objective(buildLayers([{ dense: 3 }, 'relu'], 2), name)).toMatchObject({ fused: null });
    expect(unfused(layers, name, given)).toMatchObject({ layers, fused: null, divergence: name });
  });

  it.each([
    ['poisson', [0, 3, 1e9], [-1e-9, Number.NaN]],
    ['kl', [0, 0.5, 1], [-0.1, 1.1]],
    ['binaryCrossEntropy', [0, 0.5, 1], [-0.1, 1.1]],
    ['hinge', [0, 1, -1], [0.5, 2]],
    ['squaredHinge', [0, 1, -1], [0.5, 2]],
  ] as const)('%s knows its domain', (name, inside, outside) => {
    const { domain } = DIVERGENCES[name];
    expect(inside.map(domain.holds)).toEqual(inside.map(() => true));
    expect(outside.map(domain.holds)).toEqual(outside.map(() => false));
  });
});
