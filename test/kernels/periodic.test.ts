/** The periodic embedding and the element-wise products against float64, at odd sizes and over shards. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { FloatArray, PeriodicShape, ShardRows } from '#src/kernels/kernels.js';
import { type Implementation, implementations, numbers, oracle, sameBits } from './implementations.js';

/** R, K, C, F, V: frequencies that fill vectors or do not, few and many values, inputs behind the columns. */
const SHAPES = [
  [1, 1, 1, 1, 1],
  [2, 3, 2, 4, 3],
  [5, 6, 6, 16, 3],
  [7, 4, 1, 5, 6],
  [33, 9, 7, 18, 2],
  [40, 2, 2, 3, 64],
] as const;
const BOUNDS: Readonly<Record<number, number[]>> = { 1: [0, 1], 2: [0, 1, 2], 5: [0, 1, 2, 4, 5] };

const shardsOf = (bounds: readonly number[]): ShardRows => ({
  bounds: Int32Array.from(bounds),
  first: 0,
  last: bounds.length - 1,
});
const shardsFor = (R: number) =>
  shardsOf(BOUNDS[R] ?? [0, 2, 3, 5, 6, R - 1, R].filter((b, i, all) => b > (all[i - 1] ?? -1)));

/** Embeds R rows and takes all gradients; returns values, cosines, sines, dx, and those of the parameters. */
function run(
  where: Implementation,
  [R, K, C, F, V]: readonly number[],
  shards: readonly ShardRows[],
): FloatArray[] {
  const shape: PeriodicShape = { inputs: K, columns: C, frequencies: F, values: V };
  const N = K + C * V;
  const x = where.array(numbers(R * K, 1));
  const sizes = [C * F, C * F, C * V * F, C * V];
  const parameters = sizes.map((size, index) => where.array(numbers(size, 2 + index)));
  const [y, cosines, sines, dx] = [R * N, R * C * F, R * C * F, R * K].map((size) => where.zeros(size));
  where.kernels.periodic(y, cosines, sines, x, parameters, R, shape);
  const dy = where.array(numbers(R * N, 9));
  const gradients = sizes.map((size) => where.zeros(size).fill(7));
  for (const [index, part] of shards.entries()) {
    const mode = index === 0 ? 'start' : 'continue';
    where.kernels.periodicGradients(gradients, dy, cosines, sines, x, parameters, part, shape, mode);
  }
  where.kernels.periodicInputGradient(dx, dy, sines, parameters, R, shape);
  return [y, cosines, sines, dx, ...gradients];
}

describe.each(implementations)('$label', (where) => {
  beforeEach(() => where.reset());

  it.each(SHAPES)('agrees with float64, R=%i K=%i C=%i F=%i V=%i', (...shape) => {
    const [R, , , F, V] = shape;
    const shards = [shardsFor(R)];
    const exact = run(oracle, shape, shards);
    const terms = 20 * (F * V + R * V + 8);
    run(where, shape, shards).forEach((array, index) => {
      array.forEach((value, i) => {
        expect(Math.abs(value - exact[index][i]), `${index}[${i}]`).toBeLessThan(terms * where.unit);
      });
    });
  });

  it('goes on with a shard that takes several passes, in bits', () => {
    const shape = SHAPES[4];
    const whole = run(where, shape, [shardsOf([0, 33])]);
    const parts = run(where, shape, [shardsOf([0, 10]), shardsOf([10, 11]), shardsOf([11, 33])]);
    whole.forEach((array, index) => {
      expect(sameBits(parts[index], array), `array ${index}`).toBe(true);
    });
  });

  it('adds shards along the tree, in bits', () => {
    const shape = SHAPES[4];
    const bounds = [0, 5, 9, 20, 21, 33];
    const whole = run(where, shape, [shardsOf(bounds)]).slice(4);
    const single = bounds.slice(1).map((end, s) => run(where, shape, [shardsOf([bounds[s], end])]).slice(4));
    for (let stride = 1; stride < single.length; stride *= 2) {
      for (let s = 0; s + stride < single.length; s += 2 * stride) {
        single[s].forEach((sum, index) => {
          where.kernels.add(sum, single[s + stride][index], sum.length);
        });
      }
    }
    whole.forEach((array, index) => {
      expect(sameBits(single[0][index], array), `gradient ${index}`).toBe(true);
    });
  });

  it.each([
    [1, 1],
    [3, 5],
    [4, 8],
    [7, 33],
  ])('multiplies, scales and mixes as the loops say, R=%i N=%i', (R, N) => {
    const [x, f, d] = [1, 2, 3].map((seed) => numbers(R * N, seed));
    const a = numbers(N, 4);
    const { kernels } = where;
    const check = (compute: (y: FloatArray) => void, expected: (i: number) => number) => {
      const y = where.zeros(R * N + 4).fill(7);
      compute(y);
      for (let i = 0; i < R * N; i++) expect(Math.abs(y[i] - expected(i))).toBeLessThan(8 * where.unit);
      expect([...y.subarray(R * N)]).toEqual([7, 7, 7, 7]);
    };
    const at = (values: ArrayLike<number>) => where.array(values);
    check(
      (y) => kernels.scale(y, at(x), R * N, 0.25),
      (i) => 0.25 * x[i],
    );
    check(
      (y) => kernels.multiply(y, at(x), at(f), R * N),
      (i) => x[i] * f[i],
    );
    check(
      (y) => kernels.multiplyDifference(y, at(d), at(f), at(x), R * N),
      (i) => d[i] * (f[i] - x[i]),
    );
    check(
      (y) => kernels.scaleColumns(y, at(x), at(a), R, N),
      (i) => a[i % N] * x[i],
    );
    check(
      (y) => kernels.mixColumns(y, at(x), at(f), at(a), R, N),
      (i) => x[i] + a[i % N] * (f[i] - x[i]),
    );
  });
});
