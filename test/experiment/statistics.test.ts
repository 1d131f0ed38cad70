/** Comparisons of configurations against SciPy and R (test/fixtures/statistics), and by simulation. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareWithMany } from '#src/experiment/statistics/many.js';
import { comparisonSentence } from '#src/experiment/statistics/sentence.js';
import { comparePaired, holm, powerOf, seedsNeeded } from '#src/experiment/statistics/statistics.js';
import { meanInterval } from '#src/meaninterval.js';
import { normalQuantile, Stream } from '#src/random.js';
import { noncentralTails, studentQuantile, studentTails } from '#src/student.js';

interface Tested {
  readonly t: number;
  readonly p: number;
  readonly low: number;
  readonly high: number;
}
const read = (name: string) =>
  JSON.parse(readFileSync(new URL(`../fixtures/statistics/${name}.json`, import.meta.url), 'utf8'));
const scipy: {
  noncentral: [t: number, degrees: number, delta: number, tails: number][];
  pairs: {
    a: number[];
    b: number[];
    difference: number;
    seeds: Tested;
    folds: Tested & { testToTrain: number };
  }[];
  bootstrap: { low: number; high: number; deviation: number };
} = read('statistics');
const r: {
  quantiles: [p: number, degrees: number, t: number][];
  tails: [t: number, degrees: number, tails: number][];
  holm: { p: number[]; adjusted: number[] }[];
  power: { difference: number; deviation: number; seeds: number; power: number[] }[];
} = read('distributions');

/** How far a number is from its reference, relative to it. */
const off = (found: number, wanted: number) => Math.abs(found - wanted) / Math.abs(wanted);

describe('Student’s distribution', () => {
  it('has R’s quantiles', () => {
    for (const [p, degrees, t] of r.quantiles)
      expect(off(studentQuantile(p, degrees), t), `${p} ${degrees}`).toBeLessThan(1e-9);
    expect(studentQuantile(0.5, 7)).toBe(0);
  });

  it('has R’s tails, tiny ones included', () => {
    for (const [t, degrees, tails] of r.tails)
      expect(off(studentTails(t, degrees), tails), `${t} ${degrees}`).toBeLessThan(1e-9);
  });

  it('has SciPy’s noncentral tails', () => {
    for (const [t, degrees, delta, tails] of scipy.noncentral)
      expect(Math.abs(noncentralTails(t, degrees, delta) - tails), `${t} ${degrees} ${delta}`).toBeLessThan(
        1e-9,
      );
  });

  it('of 1 and 2 degrees has closed forms', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (t) => {
        expect(studentTails(t, 1)).toBeCloseTo(1 - (2 / Math.PI) * Math.atan(t), 10);
        expect(studentTails(t, 2)).toBeCloseTo(1 - t / Math.sqrt(2 + t * t), 10);
      }),
    );
  });
});

describe('a paired comparison', () => {
  it.each(scipy.pairs.map((pair) => [pair.a.length, pair] as const))('of %i pairs is SciPy’s', (_, pair) => {
    const { a, b, difference, seeds, folds } = pair;
    const cases = [
      [comparePaired(a, b), seeds],
      [comparePaired(a, b, { folds }), folds],
    ] as const;
    for (const [found, wanted] of cases) {
      expect(found.difference).toBeCloseTo(difference, 12);
      expect(off(found.t!, wanted.t)).toBeLessThan(1e-9);
      expect(off(found.p!, wanted.p)).toBeLessThan(1e-9);
      expect(found.interval!.low).toBeCloseTo(wanted.low, 10);
      expect(found.interval!.high).toBeCloseTo(wanted.high, 10);
    }
    const { mean, low, high } = meanInterval(
      a.map((value, i) => value - b[i]),
      folds,
    );
    expect([mean, low, high]).toEqual([difference, folds.low, folds.high].map((x) => expect.closeTo(x, 10)));
  });

  it('over seeds has a bootstrap interval near SciPy’s, over folds none', () => {
    const { a, b, folds } = scipy.pairs[4];
    const { low, high, deviation } = scipy.bootstrap;
    const found = comparePaired(a, b).bootstrap!;
    const tolerance = (0.04 * deviation) / Math.sqrt(60);
    expect(Math.abs(found.low - low)).toBeLessThan(tolerance);
    expect(Math.abs(found.high - high)).toBeLessThan(tolerance);
    expect(comparePaired(a, b, { folds }).bootstrap).toBeNull();
  });

  it('of equal values, of a constant difference and of one pair', () => {
    expect(comparePaired([1, 2], [1, 2])).toMatchObject({ difference: 0, p: 1, t: null, deviation: 0 });
    expect(comparePaired([0.3, 0.4], [0.2, 0.3])).toMatchObject({ p: 0, t: null, deviation: 0 });
    expect(comparePaired([1], [2])).toMatchObject({ difference: -1, interval: null, p: null });
    expect(() => comparePaired([1, 2], [1])).toThrow(/2 values against 1; both configurations need one/);
    expect(meanInterval([4])).toEqual({ mean: 4, low: null, high: null, count: 1 });
  });

  it('turned round has the other sign', () => {
    const values = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [one, other] = [comparePaired(a, b), comparePaired(b, a)];
        expect(other.p!).toBeCloseTo(one.p!, 12);
        expect(other.interval!.low).toBeCloseTo(-one.interval!.high, 12);
      }),
      { numRuns: 20 },
    );
  });
});

describe('many comparisons', () => {
  it.each(r.holm.map(({ p, adjusted }) => [p, adjusted] as const))('R adjusts %j to %j', (p, adjusted) => {
    holm([...p]).forEach((value, i) => {
      expect(value).toBeCloseTo(adjusted[i], 14);
    });
  });

  it('uses Holm’s p-values for what is shown', () => {
    const { a, b } = scipy.pairs[2];
    const values = a.map((value) => value - 0.0015);
    values[0] += 0.01; // alone p = 0.2
    const others = [
      { name: 'B', values: b },
      { name: 'C', values },
    ];
    const [first, second] = compareWithMany({ name: 'A', values: a }, others, { greaterIsBetter: true });
    expect(first.adjusted).toBeCloseTo(2 * first.p!, 14);
    expect(second.adjusted).toBe(second.p);
    expect([first.shown, second.shown]).toEqual([first.adjusted! < 0.05, false]);
    expect(second.sentence).toMatch(/^no difference between A and C shown \(±/);
  });
});

describe('power', () => {
  it('is R’s', () => {
    for (const { difference, deviation, power } of r.power) {
      [3, 5, 10, 30].forEach((seeds, i) => {
        expect(powerOf(difference, deviation, seeds)).toBeCloseTo(power[i], 9);
      });
    }
  });

  it.each(r.power)(
    'needs $seeds seeds for $difference with $deviation',
    ({ difference, deviation, seeds }) => {
      expect(seedsNeeded(difference, deviation)).toBe(seeds);
    },
  );

  it('needs two seeds where nothing varies, and gives up on a difference of almost nothing', () => {
    expect(seedsNeeded(0.1, 0)).toBe(2);
    expect(seedsNeeded(1e-6, 1)).toBeNull();
  });
});

describe('the sentence', () => {
  const shown = { greaterIsBetter: true, scale: 100, unit: 'points' };
  const b = [0.95, 0.94, 0.96, 0.95, 0.93];
  it('says who beats whom, by how much and how sure', () => {
    const a = [0.9532, 0.9441, 0.9628, 0.9525, 0.9329];
    const found = comparePaired(a, b);
    expect(comparisonSentence('A', 'B', found, shown)).toBe(
      'A beats B by 0.310 points [0.234, 0.386], p < 0.001, 5 seeds',
    );
    expect(comparisonSentence('B', 'A', comparePaired(b, a), shown)).toBe(
      'A beats B by 0.310 points [0.234, 0.386], p < 0.001, 5 seeds',
    );
    expect(comparisonSentence('A', 'B', found, { greaterIsBetter: false })).toMatch(
      /^B beats A by 0\.00310 \[/,
    );
    const folds = { testToTrain: 1 / 4 };
    expect(comparisonSentence('A', 'B', comparePaired(a, b, { folds }), shown)).toMatch(
      /p = 0\.0\d\d, 5 folds$/,
    );
  });

  it('says what could have been shown, and how many seeds would show half of it', () => {
    const a = [0.951, 0.938, 0.966, 0.948, 0.93];
    const found = comparePaired(a, b);
    const text = comparisonSentence('A', 'B', found, shown);
    const [, half, seeds, least] =
      /^no difference between A and B shown \(±(\S+) points with 5 seeds; about (\d+) would show (\S+)\)$/.exec(
        text,
      )!;
    expect(Number(half)).toBeCloseTo(50 * (found.interval!.high - found.interval!.low), 1);
    expect(Number(seeds)).toBe(seedsNeeded(Number(least) / 100, found.deviation));
  });

  it('of one seed, and of equal values', () => {
    expect(comparisonSentence('A', 'B', comparePaired([1], [2]), shown)).toMatch(/1 seed says nothing/);
    expect(comparisonSentence('A', 'B', comparePaired(b, b), shown)).toBe(
      'no difference between A and B: all 5 seeds are equal',
    );
  });
});

describe('false positives', () => {
  /** Compares two equal configurations 1000 times, whose differences on k folds correlate by 1/k. */
  function rates(k: number, repeats: number): { corrected: number; plain: number } {
    const stream = new Stream(5, 99, k * repeats);
    const normal = () => normalQuantile((stream.uint32() + 0.5) / 2 ** 32);
    const share = 1 / k; // test rows over all rows, the correlation that Nadeau and Bengio assume
    const folds = { testToTrain: 1 / (k - 1) };
    let [corrected, plain] = [0, 0];
    for (let run = 0; run < 1000; run++) {
      const common = Math.sqrt(share) * normal();
      const a = Array.from({ length: k * repeats }, () => 0.9 + 0.01 * normal());
      const b = a.map((value) => value - 0.01 * (common + Math.sqrt(1 - share) * normal()));
      if (comparePaired(a, b, { folds }).p! < 0.05) corrected++;
      // Without a share of test rows it is the plain paired t-test.
      if (comparePaired(a, b, { folds: { testToTrain: 0 } }).p! < 0.05) plain++;
    }
    return { corrected: corrected / 1000, plain: plain / 1000 };
  }

  it.each([
    [5, 1],
    [10, 1],
    [5, 3],
  ])(
    '%i folds, %i times: the corrected test says "beats" in at most 6 %% of the comparisons',
    (k, repeats) => {
      const { corrected, plain } = rates(k, repeats);
      const text = `${k} folds × ${repeats}: corrected ${(100 * corrected).toFixed(1)} %, plain t-test ${(100 * plain).toFixed(1)} %`;
      process.stdout.write(`${text}\n`);
      expect(corrected, text).toBeLessThanOrEqual(0.06);
      expect(plain, text).toBeGreaterThan(0.08);
    },
  );
});
