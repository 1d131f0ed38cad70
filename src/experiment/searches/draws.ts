/** Draws of configurations that know nothing of results: independent ones, and those of a Sobol sequence. */
import { UsageError } from '../../errors.js';
import { PURPOSE, Stream } from '../../random.js';
import { MOST_DIMENSIONS, sobolPoints } from './sobol.js';
import { type Assignment, assignmentAt, assignmentKey, type Space } from './space.js';

/** Returns the point in the unit cube that a draw has; draw n is a function of the seed and of n. */
export function randomPoint(seed: number, draw: number, dimensions: number): number[] {
  const stream = new Stream(seed, PURPOSE.search, draw);
  return Array.from({ length: dimensions }, () => stream.uniform());
}

/** Returns `count` independent assignments; those that repeat an earlier one are left out. */
export function randomDraws(space: Space, count: number, seed: number): Assignment[] {
  const points = Array.from({ length: count }, (_, draw) => randomPoint(seed, draw, space.axes.length));
  return distinct(points.map((point) => assignmentAt(space, point)));
}

/**
 * Returns the assignments at the first `count` points of a Sobol sequence; those that repeat an earlier one
 * are left out. A seed moves all points together, which leaves them as evenly spread as they were: each
 * coordinate's bits are changed by the same random bits (a digital shift).
 */
export function sobolDraws(space: Space, count: number, seed: number): Assignment[] {
  const dimensions = space.axes.length;
  if (dimensions > MOST_DIMENSIONS) {
    throw new UsageError(
      `search sobol has ${MOST_DIMENSIONS} dimensions, and the sweep has ${dimensions} axes: take search random`,
    );
  }
  const stream = new Stream(seed, PURPOSE.search, 0);
  const shift = Array.from({ length: dimensions }, () => stream.uint32());
  const points = sobolPoints(count, dimensions);
  return distinct(
    Array.from({ length: count }, (_, draw) =>
      assignmentAt(
        space,
        shift.map((bits, axis) => ((points[draw * dimensions + axis] ^ bits) >>> 0) / 2 ** 32),
      ),
    ),
  );
}

/** Returns the assignments without those that repeat an earlier one. */
function distinct(assignments: readonly Assignment[]): Assignment[] {
  const byKey = new Map<string, Assignment>();
  for (const assignment of assignments) {
    const key = assignmentKey(assignment);
    if (!byKey.has(key)) byKey.set(key, assignment);
  }
  return [...byKey.values()];
}
