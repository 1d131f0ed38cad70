import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PURPOSE, permute, Stream, threefry2x32 } from '#src/random.js';

describe('Threefry-2x32-20', () => {
  // Random123's kat_vectors: counter, key, result
  // biome-ignore format: one line a vector
  const vectors: [[number, number], [number, number], [number, number]][] = [
    [[0, 0], [0, 0], [0x6b200159, 0x99ba4efe]],
    [[0xffffffff, 0xffffffff], [0xffffffff, 0xffffffff], [0x1cb996fc, 0xbb002be7]],
    [[0x243f6a88, 0x85a308d3], [0x13198a2e, 0x03707344], [0xc4923a9c, 0x483df7a0]],
  ];
  it.each(vectors)('counter %j under key %j', ([c0, c1], [k0, k1], result) => {
    const out = new Uint32Array(2);
    threefry2x32(k0, k1, c0, c1, out);
    expect([...out]).toEqual(result);
  });
});

/** χ² of counts that should be equal, as standard deviations from its mean. */
function deviation(counts: ArrayLike<number>): number {
  const n = Array.from(counts);
  const expected = n.reduce((sum, count) => sum + count, 0) / n.length;
  const chi2 = n.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  return (chi2 - (n.length - 1)) / Math.sqrt(2 * (n.length - 1));
}

describe('Stream', () => {
  const draw = (seed: number, purpose: number, counter: number) =>
    Array.from(
      { length: 4 },
      (
        (stream) => () =>
          stream.uint32()
      )(new Stream(seed, purpose, counter)),
    );

  it('is the cipher on the counters (block, counter)', () => {
    const out = new Uint32Array(2);
    threefry2x32(7, PURPOSE.init << 21, 1, 3, out);
    expect(draw(7, PURPOSE.init, 3).slice(2)).toEqual([...out]);
  });

  it('differs by seed, also beyond 32 bits, by purpose and by counter', () => {
    const seeds = [0, 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1];
    const streams = seeds.flatMap((seed) =>
      Object.values(PURPOSE).flatMap((purpose) =>
        [0, 1, 2 ** 32 - 1].map((counter) => draw(seed, purpose, counter).join()),
      ),
    );
    expect(new Set(streams).size).toBe(seeds.length * Object.keys(PURPOSE).length * 3);
  });

  it('is uniform: its values, its pairs, and every bit', () => {
    const stream = new Stream(1, PURPOSE.problem, 0);
    const values = new Uint32Array(64);
    const pairs = new Uint32Array(256);
    const bits = new Float64Array(32);
    const draws = 200_000;
    let before = 0;
    for (let i = 0; i < draws; i++) {
      const word = stream.uint32();
      values[word >>> 26]++;
      pairs[(before >>> 28) * 16 + (word >>> 28)]++;
      before = word;
      for (let bit = 0; bit < 32; bit++) bits[bit] += (word >>> bit) & 1;
    }
    expect(Math.abs(deviation(values))).toBeLessThan(4);
    expect(Math.abs(deviation(pairs))).toBeLessThan(4);
    for (const ones of bits) expect(Math.abs(ones - draws / 2)).toBeLessThan(4 * Math.sqrt(draws / 4));
  });

  it('gives uniform numbers from 0 up to but not including 1', () => {
    const stream = new Stream(2, PURPOSE.problem, 0);
    const all = Array.from({ length: 10_000 }, () => stream.uniform());
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...all)).toBeLessThan(1);
    expect(all.reduce((sum, value) => sum + value, 0) / all.length).toBeCloseTo(0.5, 2);
  });

  it('draws below n without favour, also where n does not divide 2^32', () => {
    const stream = new Stream(3, PURPOSE.problem, 0);
    const counts = new Uint32Array(7);
    for (let i = 0; i < 70_000; i++) counts[stream.below(7)]++;
    expect(Math.abs(deviation(counts))).toBeLessThan(4);
    // with the remainder kept, the lower half of n = 3·2^30 would come up two times in three
    let low = 0;
    for (let i = 0; i < 10_000; i++) if (stream.below(3 * 2 ** 30) < 1.5 * 2 ** 30) low++;
    expect(Math.abs(low - 5000)).toBeLessThan(200);
  });
});

describe('permute', () => {
  const identity = (length: number) => Uint32Array.from({ length }, (_, i) => i);
  const permuted = (length: number, seed: number, counter = 0) => {
    const array = identity(length);
    permute(array, seed, PURPOSE.shuffle, counter);
    return array;
  };

  it('is a permutation, the same for the same seed and counter', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.maxSafeNat(), fc.nat(), (length, seed, counter) => {
        const array = permuted(length, seed, counter);
        expect(array.slice().sort()).toEqual(identity(length));
        expect(permuted(length, seed, counter)).toEqual(array);
      }),
    );
  });

  it('differs by seed and by counter', () => {
    const orders = [permuted(50, 1), permuted(50, 2), permuted(50, 1, 1)].map(String);
    expect(new Set([...orders, String(identity(50))]).size).toBe(4);
  });

  it('gives every order of four equally often, and every place every element', () => {
    const orders = new Map<string, number>();
    const places = new Uint32Array(100);
    for (let seed = 0; seed < 24_000; seed++) {
      const key = String(permuted(4, seed));
      orders.set(key, (orders.get(key) ?? 0) + 1);
      if (seed < 5000)
        permuted(10, seed, 1).forEach((element, place) => {
          places[place * 10 + element]++;
        });
    }
    expect(orders.size).toBe(24);
    expect(Math.abs(deviation([...orders.values()]))).toBeLessThan(4);
    expect(Math.abs(deviation(places))).toBeLessThan(4);
  });
});
