/**
 * The tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011), with all axes of a configuration
 * drawn together. The configurations so far are parted into the best and the others; a proposal is the one of
 * several draws from the density of the best whose ratio of the two densities is greatest.
 *
 * A proposal is a function of the seed, of its own number and of the scores of all earlier groups, so it does
 * not matter how many trials run at the same time.
 */
import { exp, ln } from '../../elementary.js';
import { PURPOSE, Stream } from '../../random.js';
import type { AxisValue, CheckedAxis } from './axes.js';
import type { Rounds, RungScores } from './halving.js';
import { ranked } from './halving.js';
import { type Assignment, assignmentAt, assignmentKey, type Space } from './space.js';

interface TpeOptions {
  /** Configurations in all. */
  readonly count: number;
  /** Configurations that are proposed from the same results. */
  readonly together: number;
  readonly searchSeed: number;
}

/** Yields the first configurations, then groups of proposals. */
export function* tpeRounds(space: Space, first: readonly Assignment[], options: TpeOptions): Rounds {
  const { count, together, searchSeed } = options;
  const seen = new Set(first.map(assignmentKey));
  const tried = [...first];
  const scores = [...(yield first.map((assignment) => ({ assignment, epochs: 'all' as const })))];
  while (tried.length < count) {
    const model = modelOf(space, tried, scores);
    const proposals: Assignment[] = [];
    while (proposals.length < Math.min(together, count - tried.length)) {
      const proposal = propose(space, model, {
        seed: searchSeed,
        number: tried.length + proposals.length,
        seen,
      });
      if (proposal === null) break;
      seen.add(assignmentKey(proposal));
      proposals.push(proposal);
    }
    if (proposals.length === 0) return; // everything has been tried
    scores.push(...(yield proposals.map((assignment) => ({ assignment, epochs: 'all' as const }))));
    tried.push(...proposals);
  }
}

/** A density over the unit cube: equal parts of kernels around points, and of one that is uniform. */
interface Density {
  /** The coordinate of each point on each axis; null where the axis does not apply. */
  readonly points: readonly (readonly (number | null)[])[];
  /** The width of each point's kernel on each axis. */
  readonly widths: readonly (readonly number[])[];
}

interface Model {
  readonly best: Density;
  readonly others: Density;
}

/** The share of the configurations that count as the best, and how many at most. */
const BEST_SHARE = 0.15;
const MOST_BEST = 25;

function modelOf(space: Space, tried: readonly Assignment[], scores: RungScores): Model {
  const order = ranked(scores);
  const size = Math.min(MOST_BEST, Math.max(2, Math.ceil(BEST_SHARE * scores.length)));
  const best = new Set(order.slice(0, size));
  const points = tried.map((assignment) => space.axes.map((axis) => coordinateOf(axis, assignment)));
  return {
    best: densityOf(
      space,
      points.filter((_, index) => best.has(index)),
    ),
    others: densityOf(
      space,
      points.filter((_, index) => !best.has(index)),
    ),
  };
}

/** Returns the coordinate at which an axis has the assignment's value; null where it does not apply. */
function coordinateOf(axis: CheckedAxis, assignment: Assignment): number | null {
  if (!(axis.path in assignment)) return null;
  const value = assignment[axis.path];
  if (axis.values !== null) return (indexOf(axis.values, value) + 0.5) / axis.values.length;
  const { from, to, scale, integer } = axis.range!;
  const x = value as number;
  if (scale === 'log') return (ln(x) - ln(from)) / (ln(to) - ln(from));
  return integer ? (x - from + 0.5) / (to - from + 1) : (x - from) / (to - from);
}

const indexOf = (values: readonly AxisValue[], value: AxisValue): number => {
  const text = JSON.stringify(value);
  return values.findIndex((candidate) => JSON.stringify(candidate) === text);
};

/** The narrowest kernel, so that a few equal points do not end the search. */
const NARROWEST = 0.02;

/**
 * Returns the density of points. The width of a kernel shrinks with the number of points n as n^(−1/(d+4)),
 * Scott's rule. The factor 0.15 is the
 * one of 0.1, 0.15, 0.2 and 0.3 that did well on all four functions of the test.
 */
function densityOf(space: Space, points: Density['points']): Density {
  const width = 0.15 * exp(-ln(Math.max(1, points.length)) / (space.axes.length + 4));
  return { points, widths: points.map((point) => point.map(() => Math.max(NARROWEST, width))) };
}

/** Draws from the density of the best, of which the one with the greatest ratio is proposed. */
const DRAWS = 32;
/** Draws after which everything counts as tried. */
const MOST_DRAWS = 40 * DRAWS;

interface ProposalAt {
  readonly seed: number;
  /** The configuration's number, counted from 0. */
  readonly number: number;
  readonly seen: ReadonlySet<string>;
}

function propose(space: Space, model: Model, { seed, number, seen }: ProposalAt): Assignment | null {
  const stream = new Stream(seed, PURPOSE.proposal, number);
  let found: { readonly assignment: Assignment; readonly ratio: number } | null = null;
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    if (draw >= DRAWS && found !== null) break;
    const point = drawPoint(space, model.best, stream);
    const assignment = assignmentAt(space, point);
    if (seen.has(assignmentKey(assignment))) continue;
    const used = space.axes.map((axis) => coordinateOf(axis, assignment));
    const ratio = logDensity(space, model.best, used) - logDensity(space, model.others, used);
    if (found === null || ratio > found.ratio) found = { assignment, ratio };
  }
  return found?.assignment ?? null;
}

/** Draws a point: uniform in the whole cube, or near one of the points, each with the same chance. */
function drawPoint(space: Space, { points, widths }: Density, stream: Stream): number[] {
  const kernel = stream.below(points.length + 1);
  return space.axes.map((axis, index) => {
    const u = stream.uniform();
    const v = stream.uniform();
    const at = kernel === points.length ? null : points[kernel][index];
    if (at === null) return u;
    if (axis.values !== null) {
      // A value of a list is kept, or drawn again among all of them.
      return v < keptShare(widths[kernel][index], axis.values.length) ? at : u;
    }
    return inverseLogistic(u, at, widths[kernel][index]);
  });
}

/** Chance with which a value of a list is kept rather than drawn again: the wider the kernel, the less. */
const keptShare = (width: number, values: number): number => Math.max(0, 1 - width * (1 + 1 / values));

/** The logistic distribution around `at`, cut off outside of 0 to 1: it needs exp alone. */
const logistic = (x: number, at: number, width: number): number => 1 / (1 + exp(-(x - at) / spread(width)));
/** A logistic distribution's deviation is π/√3 times its spread. */
const spread = (width: number): number => width / 1.813799364234218;

function inverseLogistic(u: number, at: number, width: number): number {
  const [low, high] = [logistic(0, at, width), logistic(1, at, width)];
  const p = low + u * (high - low);
  const x = at + spread(width) * (ln(p) - ln(1 - p));
  return Math.min(1 - 2 ** -32, Math.max(0, x));
}

/** Returns ln of the density at a point, up to a constant that two densities of a space share. */
function logDensity(space: Space, { points, widths }: Density, point: readonly (number | null)[]): number {
  let sum = 1; // the uniform kernel
  for (const [kernel, at] of points.entries()) {
    let product = 1;
    for (const [index, axis] of space.axes.entries()) {
      const x = point[index];
      const centre = at[index];
      if (x === null || centre === null) continue; // as if uniform
      product *= factor(axis, x, centre, widths[kernel][index]);
    }
    sum += product;
  }
  return ln(sum) - ln(points.length + 1);
}

function factor({ values }: CheckedAxis, x: number, centre: number, width: number): number {
  if (values !== null) {
    const kept = keptShare(width, values.length);
    return (x === centre ? kept : 0) * values.length + (1 - kept);
  }
  const s = spread(width);
  const e = exp(-Math.abs(x - centre) / s);
  return e / (s * (1 + e) ** 2) / (logistic(1, centre, width) - logistic(0, centre, width));
}

/** Returns configurations with every value of the lists and both ends of the ranges, each at least once. */
export function cornersOf(space: Space): Assignment[] {
  const most = Math.max(2, ...space.axes.map(({ values }) => values?.length ?? 2));
  return Array.from({ length: most }, (_, index) =>
    assignmentAt(
      space,
      space.axes.map(({ values }) => {
        const count = values?.length ?? 2;
        return values === null ? (index % 2) * (1 - 2 ** -32) : ((index % count) + 0.5) / count;
      }),
    ),
  );
}
