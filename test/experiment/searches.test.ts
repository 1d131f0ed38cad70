/** What the searches choose. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defineSweep, type SweepOptions } from '#src/experiment/definition.js';
import type { Axis } from '#src/experiment/searches/axes.js';
import { randomPoint } from '#src/experiment/searches/draws.js';
import { bracketsOf, rungsOf } from '#src/experiment/searches/halving.js';
import { searchOf } from '#src/experiment/searches/searches.js';
import { sobolPoints } from '#src/experiment/searches/sobol.js';
import { type Assignment, assignmentAt, checkSpace } from '#src/experiment/searches/space.js';
import { meanInterval } from '#src/meaninterval.js';

const base = { data: 'xor', optimizer: 'sgd' } as const;

function searched(axes: Readonly<Record<string, Axis>>, more: Partial<SweepOptions> = {}) {
  const definition = defineSweep({ base, axes, ...more });
  return searchOf(definition, checkSpace(base, axes), 9);
}

/** Runs a search on a function and returns the configurations with their values, in order. */
function minimised(
  f: (assignment: Assignment) => number | null,
  axes: Readonly<Record<string, Axis>>,
  more: Partial<SweepOptions>,
) {
  const found: { assignment: Assignment; value: number | null; epochs: number | 'all' }[] = [];
  const rounds = searched(axes, more).rounds();
  for (let next = rounds.next(); !next.done; ) {
    const told = next.value.map((proposal) => ({ ...proposal, value: f(proposal.assignment) }));
    found.push(...told);
    next = rounds.next(told.map(({ value }) => value));
  }
  return found;
}

describe('the Sobol sequence', () => {
  it("has SciPy's points in 100 dimensions", () => {
    const fixture = JSON.parse(readFileSync('test/fixtures/experiment/sobol.json', 'utf8'));
    const points = sobolPoints(1024, fixture.dimensions).map((bits) => bits >>> 2);
    const rows = (count: number) =>
      Array.from({ length: count }, (_, i) => Array.from(points.subarray(100 * i, 100 * (i + 1))));
    expect(rows(8)).toEqual(fixture.first);
    expect(createHash('sha256').update(points).digest('hex')).toBe(fixture.sha256);
  });

  it('moved by a seed still has one point in each of its equal parts', () => {
    for (const searchSeed of [1, 2, 3]) {
      const { candidates } = searched(
        { lr: { from: 1, to: 2 } },
        { search: 'sobol', trials: 16, searchSeed },
      );
      const parts = candidates.map(({ lr }) => Math.floor(16 * ((lr as number) - 1)));
      expect(parts.sort((a, b) => a - b)).toEqual([...Array(16).keys()]);
    }
  });
});

describe('a grid', () => {
  it('has an axis with a condition only where that holds', () => {
    const momentum = { values: [0, 0.9], when: { optimizer: 'sgd' } };
    expect(searched({ optimizer: ['sgd', 'adam'], momentum, lr: [1, 2] }).candidates).toEqual([
      { optimizer: 'sgd', momentum: 0, lr: 1 },
      { optimizer: 'sgd', momentum: 0, lr: 2 },
      { optimizer: 'sgd', momentum: 0.9, lr: 1 },
      { optimizer: 'sgd', momentum: 0.9, lr: 2 },
      { optimizer: 'adam', lr: 1 },
      { optimizer: 'adam', lr: 2 },
    ]);
  });

  it('takes points of a range at equal distances or ratios', () => {
    const lr = { from: 0.001, to: 1, scale: 'log', points: 4 } as const;
    expect(searched({ lr }).candidates).toEqual([{ lr: 0.001 }, { lr: 0.01 }, { lr: 0.1 }, { lr: 1 }]);
    const dropout = { from: 0, to: 0.5, points: 3 };
    expect(searched({ dropout }).candidates).toEqual([{ dropout: 0 }, { dropout: 0.25 }, { dropout: 0.5 }]);
  });
});

it('a draw lies in its range, and every whole number of one is drawn', () => {
  const space = checkSpace(base, {
    lr: { from: 0.001, to: 10, scale: 'log' },
    batch: { from: 1, to: 8, integer: true },
    hidden: [[4], [8]],
  });
  const seen = new Set<unknown>();
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 3, maxLength: 3 }),
      (u) => {
        const { lr, batch, hidden } = assignmentAt(space, u);
        expect(lr).toBeGreaterThanOrEqual(0.001);
        expect(lr).toBeLessThanOrEqual(10);
        expect([1, 2, 3, 4, 5, 6, 7, 8]).toContain(batch);
        expect([[4], [8]]).toContainEqual(hidden);
      },
    ),
  );
  for (let draw = 0; draw < 200; draw++) seen.add(assignmentAt(space, randomPoint(1, draw, 3)).batch);
  expect(seen.size).toBe(8);
});

describe('halving', () => {
  it.each([
    [27, 27, 3, undefined, ['27@1', '9@3', '3@9', '1@27']],
    [9, 10, 3, undefined, ['9@1', '3@3', '1@10']],
    [40, 3, 3, undefined, ['40@1', '13@3']],
    [16, 16, 4, 2, ['16@2', '4@16']],
    [1, 5, 2, undefined, ['1@5']],
  ])('of %i configurations to epoch %i by %i has the rungs', (count, epochs, eta, first, expected) => {
    const rungs = rungsOf(count, epochs, eta, first);
    expect(rungs.map((rung) => `${rung.count}@${rung.epochs}`)).toEqual(expected);
  });

  it('keeps the best, the first of two equal ones, and no failed one', () => {
    const lr = [5, 3, 2, 1, 4, 6, 9, 8, 7];
    const value = ({ lr }: Assignment) => (lr === 1 ? null : Math.max(3, lr as number));
    const found = minimised(value, { lr }, { search: 'halving' });
    expect(found.filter(({ epochs }) => epochs === 3).map(({ assignment }) => assignment.lr)).toEqual([
      3, 2, 4,
    ]);
    expect(found.at(-1)).toMatchObject({ assignment: { lr: 3 }, epochs: 9 });
    expect(found).toHaveLength(13);
  });

  it("has Hyperband's brackets for 81 epochs by 3, as the paper's table 1", () => {
    const table = bracketsOf(81, 3).map(({ rungs }) => rungs.map(({ count, epochs }) => [count, epochs]));
    expect(table).toEqual([
      [
        [81, 1],
        [27, 3],
        [9, 9],
        [3, 27],
        [1, 81],
      ],
      [
        [34, 3],
        [11, 9],
        [3, 27],
        [1, 81],
      ],
      [
        [15, 9],
        [5, 27],
        [1, 81],
      ],
      [
        [8, 27],
        [2, 81],
      ],
      [[5, 81]],
    ]);
  });
});

/** The constants of Hartmann's function in six dimensions (Dixon and Szegő 1978). */
const HARTMANN = [
  { weight: 1, scales: [10, 3, 17, 3.5, 1.7, 8], centre: [1312, 1696, 5569, 124, 8283, 5886] },
  { weight: 1.2, scales: [0.05, 10, 17, 0.1, 8, 14], centre: [2329, 4135, 8307, 3736, 1004, 9991] },
  { weight: 3, scales: [3, 3.5, 1.7, 10, 17, 8], centre: [2348, 1451, 3522, 2883, 3047, 6650] },
  { weight: 3.2, scales: [17, 8, 0.05, 10, 0.1, 14], centre: [4047, 8828, 8732, 5743, 1091, 381] },
];

interface Tried {
  readonly axes: number;
  readonly f: (x: readonly number[]) => number;
  /** More where the difference is small. */
  readonly seeds?: number;
}

/**
 * Test functions of numbers from 0 to 1 with their least value 0; the field's own, scaled to the unit cube.
 */
const FUNCTIONS: Record<string, Tried> = {
  'a bowl': { axes: 3, f: (x) => x.reduce((sum, value) => sum + (value - 0.3) ** 2, 0) },
  Branin: {
    axes: 2,
    f: ([u, v]) => {
      const [x, y] = [15 * u - 5, 15 * v];
      const curve = y - (5.1 * x * x) / (4 * Math.PI ** 2) + (5 * x) / Math.PI - 6;
      return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10 - 0.397887;
    },
  },
  'Hartmann 6': {
    axes: 6,
    f: (x) => {
      const terms = HARTMANN.map(({ weight, scales, centre }) => {
        return weight * Math.exp(-scales.reduce((sum, a, j) => sum + a * (x[j] - centre[j] / 1e4) ** 2, 0));
      });
      return 3.32237 - terms.reduce((sum, term) => sum + term, 0);
    },
  },
  Rosenbrock: {
    axes: 2,
    seeds: 30,
    f: ([u, v]) => {
      const [x, y] = [4 * u - 2, 4 * v - 2];
      return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
    },
  },
  // No choice in the search was made on those that follow.
  Ackley: {
    axes: 4,
    f: (at) => {
      const x = at.map((u) => 10 * u - 4);
      const square = x.reduce((sum, v) => sum + v * v, 0) / x.length;
      const wave = x.reduce((sum, v) => sum + Math.cos(2 * Math.PI * v), 0) / x.length;
      return 20 + Math.E - 20 * Math.exp(-0.2 * Math.sqrt(square)) - Math.exp(wave);
    },
  },
  Levy: {
    axes: 3,
    f: (at) => {
      const w = at.map((u) => 1 + (20 * u - 10 - 1) / 4);
      const middle = w
        .slice(0, -1)
        .reduce((sum, v) => sum + (v - 1) ** 2 * (1 + 10 * Math.sin(Math.PI * v + 1) ** 2), 0);
      const end = w[w.length - 1];
      const tail = (end - 1) ** 2 * (1 + Math.sin(2 * Math.PI * end) ** 2);
      return Math.sin(Math.PI * w[0]) ** 2 + middle + tail;
    },
  },
  'Styblinski and Tang': {
    axes: 5,
    seeds: 30,
    f: (at) => at.reduce((sum, u) => sum + styblinski(10 * u - 5), 0) + 5 * 39.16617,
  },
};

const styblinski = (x: number): number => (x ** 4 - 16 * x ** 2 + 5 * x) / 2;

describe('tpe', () => {
  it.each(Object.keys(FUNCTIONS))('finds lower values of %s than random search, at equal trials', (name) => {
    const { axes: count, f, seeds = 12 } = FUNCTIONS[name];
    const axes = Object.fromEntries(
      ['lr', 'dropout', 'weightDecay', 'momentum', 'clip', 'l1']
        .slice(0, count)
        .map((path) => [path, { from: 0, to: 1 }]),
    );
    // The logarithm, because the values span orders of magnitude.
    const gains = Array.from({ length: seeds }, (_, searchSeed) => {
      const [random, model] = (['random', 'tpe'] as const).map((search) => {
        const found = minimised((at) => f(Object.values(at) as number[]), axes, {
          search,
          trials: 60,
          searchSeed,
        });
        expect(found).toHaveLength(60);
        return Math.log(1e-9 + Math.min(...found.map(({ value }) => value!)));
      });
      return random - model;
    });
    const { mean, low, high } = meanInterval(gains);
    console.info(
      `${name}: random / tpe = e^${mean.toFixed(2)} [${low!.toFixed(2)}, ${high!.toFixed(2)}], ${seeds} seeds`,
    );
    expect(low).toBeGreaterThan(0);
  });

  it('proposes nothing twice, and stops when a small space is exhausted', () => {
    const found = minimised(
      ({ lr }) => lr as number,
      { lr: [1, 2, 3], optimizer: ['sgd', 'adam'] },
      {
        search: 'tpe',
        trials: 20,
        startup: 3,
      },
    );
    expect(new Set(found.map(({ assignment }) => JSON.stringify(assignment))).size).toBe(found.length);
    expect(found.length).toBe(6);
  });

  it('goes on when trials fail', () => {
    const axes = { lr: { from: 0, to: 1 } };
    const found = minimised(({ lr }) => ((lr as number) > 0.5 ? null : (lr as number)), axes, {
      search: 'tpe',
      trials: 40,
    });
    expect(found).toHaveLength(40);
    expect(found.slice(20).filter(({ value }) => value === null).length).toBeLessThan(8);
  });
});
