import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type FloatArray, oneShard, type ShardRows } from '#src/kernels/kernels.js';
import { type Implementation, linearImplementations, numbers, oracle, sameBits } from './implementations.js';

/**
 * R, K, N: tiles and panels filled, one short, one over, more rows than a panel or a strip holds, more
 * columns than the panels.
 */
const SHAPES = [
  [1, 1, 1],
  [1, 5, 3],
  [2, 3, 1],
  [3, 1, 8],
  [4, 8, 8],
  [5, 7, 9],
  [7, 4, 10],
  [8, 513, 17],
  [9, 3, 1030],
  [13, 16, 31],
  [64, 33, 10],
  [70, 520, 73],
  [66, 73, 520],
  [1100, 6, 11],
] as const;

/** A wrong sum fails at once instead of being made small for minutes. */
const PROPERTY = { interruptAfterTimeLimit: 10_000, markInterruptAsFailure: true };

const shardsOf = (bounds: number[]): ShardRows => ({
  bounds: Int32Array.from(bounds),
  first: 0,
  last: bounds.length - 1,
});

/** Rows 0 … R−1 in at most `count` shards of different sizes, none of them empty. */
function cut(R: number, count: number): ShardRows {
  const bounds = new Set([0, R]);
  for (let s = 1; s < count; s++) bounds.add(Math.round(R * (s / count) ** 1.3));
  return shardsOf([...bounds].sort((a, b) => a - b));
}

/** |actual − expected| ≤ terms · unit · Σ|terms|, the bound of a sum in any order. */
function expectClose(
  actual: FloatArray,
  expected: FloatArray,
  sizes: FloatArray,
  terms: number,
  unit: number,
) {
  for (let i = 0; i < expected.length; i++) {
    const bound = (terms + 2) * unit * sizes[i];
    if (!(Math.abs(actual[i] - expected[i]) <= bound)) {
      expect.fail(`element ${i}: ${actual[i]} is not within ${bound} of ${expected[i]}`);
    }
  }
}

const absolute = (values: ArrayLike<number>) => Float64Array.from(values, Math.abs);

describe.each(linearImplementations)('$label', (implementation) => {
  const { kernels, array, zeros, unit } = implementation;
  beforeEach(() => implementation.reset());

  describe.each(SHAPES)('R=%i K=%i N=%i', (R, K, N) => {
    const x = numbers(R * K, 1);
    const w = numbers(K * N, 2);
    const b = numbers(N, 3);
    const dz = numbers(R * N, 4);

    it.each([true, false])('affine, bias %s', (withBias) => {
      const run = ({ kernels, array, zeros }: Implementation, map: typeof absolute) => {
        const z = zeros(R * N).fill(9);
        kernels.affine(z, array(map(x)), array(map(w)), withBias ? array(map(b)) : null, oneShard(R), K, N);
        return z;
      };
      const same = (values: ArrayLike<number>) => Float64Array.from(values);
      expectClose(run(implementation, same), run(oracle, same), run(oracle, absolute), K, unit);
    });

    it('affineInputGradient', () => {
      const dx = zeros(R * K).fill(9);
      kernels.affineInputGradient(dx, array(dz), array(w), oneShard(R), K, N);
      const expected = new Float64Array(R * K);
      const sizes = new Float64Array(R * K);
      oracle.kernels.affineInputGradient(expected, dz, w, oneShard(R), K, N);
      oracle.kernels.affineInputGradient(sizes, absolute(dz), absolute(w), oneShard(R), K, N);
      expectClose(dx, expected, sizes, N, unit);
    });

    it('the rectified products are the products and then ReLU', () => {
      const [y, z, dx, dr] = [zeros(R * N), zeros(R * N), zeros(R * K), zeros(R * K)];
      const relu = { forward: zeros(R * N), outputs: zeros(R * K) };
      kernels.rectifiedAffine(y, array(x), array(w), array(b), oneShard(R), K, N);
      kernels.affine(z, array(x), array(w), array(b), oneShard(R), K, N);
      kernels.activate('relu', relu.forward, z, R * N, 0);
      expect(sameBits(y, relu.forward)).toBe(true);
      const inputs = array(x);
      kernels.activate('relu', relu.outputs, inputs, R * K, 0);
      kernels.rectifiedInputGradient(dr, array(dz), array(w), oneShard(R), K, N, relu.outputs);
      kernels.affineInputGradient(dx, array(dz), array(w), oneShard(R), K, N);
      kernels.activateBackward('relu', dx, dx, inputs, relu.outputs, R * K, 0);
      expect(sameBits(dr, dx)).toBe(true);
    });

    it.each([1, 2, 3, 5, 8, 13])('affineWeightGradient and columnSums in %i shards', (count) => {
      const shards = cut(R, count);
      const dw = zeros(K * N).fill(9);
      const db = zeros(N).fill(9);
      kernels.affineWeightGradient(dw, array(x), array(dz), shards, K, N, 'start');
      kernels.columnSums(db, array(dz), shards, N, 'start');

      const expected = new Float64Array(K * N);
      const sizes = new Float64Array(K * N);
      oracle.kernels.affineWeightGradient(expected, x, dz, shards, K, N, 'start');
      oracle.kernels.affineWeightGradient(sizes, absolute(x), absolute(dz), shards, K, N, 'start');
      expectClose(dw, expected, sizes, R, unit);
      const expectedColumns = new Float64Array(N);
      const columnSizes = new Float64Array(N);
      oracle.kernels.columnSums(expectedColumns, dz, shards, N, 'start');
      oracle.kernels.columnSums(columnSizes, absolute(dz), shards, N, 'start');
      expectClose(db, expectedColumns, columnSizes, R, unit);
    });
  });

  const sizes = {
    R: fc.integer({ min: 1, max: 40 }),
    K: fc.integer({ min: 1, max: 40 }),
    N: fc.integer({ min: 1, max: 40 }),
  };

  it.runIf(implementation.rowByRow)('a row has the same bits alone and among others', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, long: fc.boolean() }), ({ R, K, N, long }) => {
        implementation.reset();
        if (long) K += 600;
        const [x, w, b] = [array(numbers(R * K, 5)), array(numbers(K * N, 6)), array(numbers(N, 7))];
        const dz = array(numbers(R * N, 8));
        const [z, dx] = [zeros(R * N), zeros(R * K)];
        kernels.affine(z, x, w, b, oneShard(R), K, N);
        kernels.affineInputGradient(dx, dz, w, oneShard(R), K, N);
        for (let r = 0; r < R; r++) {
          const [zr, dxr] = [zeros(N), zeros(K)];
          kernels.affine(zr, x.subarray(r * K, (r + 1) * K), w, b, oneShard(1), K, N);
          kernels.affineInputGradient(dxr, dz.subarray(r * N, (r + 1) * N), w, oneShard(1), K, N);
          expect(sameBits(zr, z.slice(r * N, (r + 1) * N))).toBe(true);
          expect(sameBits(dxr, dx.slice(r * K, (r + 1) * K))).toBe(true);
        }
      }),
      { ...PROPERTY, numRuns: 15, seed: 1 },
    );
  });

  const severalShards = fc.record({
    ...sizes,
    rows: fc.integer({ min: 1, max: 20 }),
    /** of the shards, how many have one row more */
    larger: fc.nat(6),
    count: fc.integer({ min: 2, max: 7 }),
    wide: fc.boolean(),
    withBias: fc.boolean(),
  });

  it('a shard has the same bits alone and among others', () => {
    fc.assert(
      fc.property(severalShards, ({ K, N, rows, larger, count, wide, withBias }) => {
        implementation.reset();
        if (wide) [K, N] = [K + 500, N + 200];
        const bounds = new Int32Array(count + 1);
        for (let s = 0; s < count; s++) bounds[s + 1] = bounds[s] + rows + Number(s < larger);
        const R = bounds[count];
        const [x, w, dz] = [numbers(R * K, 5), numbers(K * N, 6), numbers(R * N, 8)].map(array);
        const b = withBias ? array(numbers(N, 7)) : null;
        const run = (first: number, last: number) => {
          const [z, dx] = [zeros(R * N), zeros(R * K)];
          kernels.affine(z, x, w, b, { bounds, first, last }, K, N);
          kernels.affineInputGradient(dx, dz, w, { bounds, first, last }, K, N);
          const [from, to] = [bounds[first], bounds[last]];
          return [z.slice(from * N, to * N), dx.slice(from * K, to * K)];
        };
        const [z, dx] = run(0, count);
        for (let s = 0; s < count; s++) {
          const [alone, aloneBackward] = run(s, s + 1);
          expect(sameBits(alone, z.slice(bounds[s] * N, bounds[s + 1] * N))).toBe(true);
          expect(sameBits(aloneBackward, dx.slice(bounds[s] * K, bounds[s + 1] * K))).toBe(true);
        }
      }),
      { ...PROPERTY, numRuns: 18, seed: 4 },
    );
  });

  const runOfShards = fc.record({
    ...sizes,
    sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 20 }),
    /** Rows of a shard made long, which then reaches over several panels. */
    long: fc.constantFrom(0, 0, 511, 512, 1023, 1300),
    which: fc.nat(19),
    first: fc.constantFrom(0, 32),
  });

  it('a run of shards is its shards one by one and then the tree, in bits', () => {
    fc.assert(
      fc.property(runOfShards, ({ K, N, sizes: drawn, long, which, first }) => {
        implementation.reset();
        const sizes = drawn.map((size, i) => size + (i === which % drawn.length ? long : 0));
        const bounds = new Int32Array(first + sizes.length + 1).fill(2);
        sizes.forEach((size, i) => {
          bounds[first + i + 1] = bounds[first + i] + size;
        });
        const R = bounds[first + sizes.length];
        const [x, dz] = [array(numbers(R * K, 9)), array(numbers(R * N, 10))];
        const sum = (first: number, last: number): [FloatArray, FloatArray] => {
          const [dw, db] = [zeros(K * N), zeros(N)];
          kernels.affineWeightGradient(dw, x, dz, { bounds, first, last }, K, N, 'start');
          kernels.columnSums(db, dz, { bounds, first, last }, N, 'start');
          return [dw, db];
        };
        const parts = sizes.map((_, i) => sum(first + i, first + i + 1));
        for (let stride = 1; stride < parts.length; stride *= 2) {
          for (let i = 0; i + stride < parts.length; i += 2 * stride) {
            kernels.add(parts[i][0], parts[i + stride][0], K * N);
            kernels.add(parts[i][1], parts[i + stride][1], N);
          }
        }
        const [dw, db] = sum(first, first + sizes.length);
        expect(sameBits(dw, parts[0][0])).toBe(true);
        expect(sameBits(db, parts[0][1])).toBe(true);
      }),
      { ...PROPERTY, numRuns: 24, seed: 2 },
    );
  });

  it.runIf(implementation.rowByRow)('a shard that is continued has the bits of one call', () => {
    fc.assert(
      fc.property(fc.record({ ...sizes, more: fc.constantFrom(1, 2, 30, 600) }), ({ R, K, N, more }) => {
        implementation.reset();
        const [x, dz] = [array(numbers((R + more) * K, 11)), array(numbers((R + more) * N, 12))];
        const [dw, db, dwWhole, dbWhole] = [zeros(K * N), zeros(N), zeros(K * N), zeros(N)];
        const sum = (
          dw: FloatArray,
          db: FloatArray,
          from: number,
          to: number,
          mode: 'start' | 'continue',
        ) => {
          kernels.affineWeightGradient(dw, x, dz, shardsOf([from, to]), K, N, mode);
          kernels.columnSums(db, dz, shardsOf([from, to]), N, mode);
        };
        sum(dwWhole, dbWhole, 0, R + more, 'start');
        sum(dw, db, 0, R, 'start');
        sum(dw, db, R, R + more, 'continue');
        expect(sameBits(dw, dwWhole)).toBe(true);
        expect(sameBits(db, dbWhole)).toBe(true);
      }),
      { ...PROPERTY, numRuns: 15, seed: 3 },
    );
  });

  it('nothing beyond the end of an array is written', () => {
    for (const [R, K, N] of [
      [3, 5, 3],
      [5, 9, 7],
      [4, 1, 10],
    ]) {
      const guarded = (length: number): [FloatArray, FloatArray] => {
        const whole = zeros(length + 32).fill(7);
        return [whole.subarray(0, length), whole.subarray(length)];
      };
      const [z, pastZ] = guarded(R * N);
      const [dx, pastDx] = guarded(R * K);
      const [dw, pastDw] = guarded(K * N);
      const [db, pastDb] = guarded(N);
      const [x, w, dz] = [array(numbers(R * K, 13)), array(numbers(K * N, 14)), array(numbers(R * N, 15))];
      kernels.affine(z, x, w, null, oneShard(R), K, N);
      kernels.affineInputGradient(dx, dz, w, oneShard(R), K, N);
      kernels.affineWeightGradient(dw, x, dz, cut(R, 2), K, N, 'start');
      kernels.columnSums(db, dz, cut(R, 2), N, 'start');
      kernels.add(db, array(numbers(N, 16)), N);
      for (const past of [pastZ, pastDx, pastDw, pastDb]) expect([...past].every((v) => v === 7)).toBe(true);
    }
  });

  it('a NaN or an infinity reaches its row and its column, and no other', () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const [R, K, N] = [6, 5, 11];
      const [x, w, z] = [numbers(R * K, 17), array(numbers(K * N, 18)), zeros(R * N)];
      x[4 * K + 2] = bad;
      kernels.affine(z, array(x), w, null, oneShard(R), K, N);
      z.forEach((value, i) => {
        expect(Number.isFinite(value)).toBe(Math.floor(i / N) !== 4);
      });
    }
  });

  it('allFinite finds a value that is not, at any place', () => {
    for (const count of [1, 3, 4, 5, 17]) {
      expect(kernels.allFinite(array(numbers(count, 19)), count)).toBe(true);
      expect(kernels.allFinite(array(new Float64Array(count).fill(3e38)), count)).toBe(true);
      for (let i = 0; i < count; i++) {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const a = array(numbers(count, 19));
          a[i] = bad;
          expect(kernels.allFinite(a, count)).toBe(false);
        }
      }
    }
  });

  it.runIf(zeros(1) instanceof Float32Array)(
    'scaleBytes rounds once, whatever the byte and its place',
    () => {
      for (const count of [1, 3, 4, 15, 16, 17, 256, 784]) {
        const x = zeros(count) as Float32Array;
        const stored = Uint8Array.from({ length: count }, (_, i) => 255 - ((i * 37) & 255));
        for (const [shift, scale] of [
          [0, 1 / 255],
          [33.318421449829934, 1 / 78.567489],
        ]) {
          new Uint8Array(x.buffer, x.byteOffset + 3 * count, count).set(stored);
          kernels.scaleBytes(x, count, shift, scale);
          expect(x).toEqual(Float32Array.from(stored, (byte) => (byte - shift) * scale));
        }
      }
    },
  );

  it('sumOfSquares in float64, add in its own type', () => {
    for (const count of [1, 2, 3, 4, 7, 1001]) {
      const values = numbers(count, 20);
      const exact = values.reduce((sum, v) => sum + v * v, 0);
      expect(Math.abs(kernels.sumOfSquares(array(values), count) - exact)).toBeLessThanOrEqual(exact * 1e-13);
      const dst = array(values);
      kernels.add(dst, array(numbers(count, 21)), count);
      const expected = zeros(count).map((_, i) => values[i] + numbers(count, 21)[i]);
      expect(sameBits(dst, expected)).toBe(true);
    }
  });
});
