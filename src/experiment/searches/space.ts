/** The space of a sweep: its axes together, and the assignments of values to them. */
import { didYouMean } from '../../didyoumean.js';
import { UsageError } from '../../errors.js';
import type { TrainOptions } from '../../train/config.js';
import type { Unit } from '../units.js';
import { type Axis, type AxisValue, type CheckedAxis, checkAxis, valueAt } from './axes.js';
import { checkPath, valueAtPath, withValue } from './paths.js';

/** A value for each axis that applies, by the axis's path and in the order of the axes. */
export type Assignment = Readonly<Record<string, AxisValue>>;

/** The axes and the options that all trials share. */
export interface Space {
  readonly base: TrainOptions;
  readonly axes: readonly CheckedAxis[];
}

/**
 * Checks the axes of a sweep.
 * @param mayBeEmpty whether the search does without axes
 * @throws UsageError for no axes at all, for one that is impossible, and for a condition on something that is
 *   not decided before it
 */
export function checkSpace(
  base: TrainOptions,
  given: Readonly<Record<string, Axis>>,
  mayBeEmpty = false,
): Space {
  const axes: CheckedAxis[] = [];
  for (const [path, axis] of Object.entries(given)) {
    checkPath(path);
    const checked = checkAxis(path, axis);
    for (const [other, values] of checked.when) checkCondition(checked, other, values, axes, base);
    axes.push(checked);
  }
  if (axes.length === 0 && !mayBeEmpty) {
    throw new UsageError(
      'the sweep has no axes, so there is nothing to compare: give one, such as --grid lr=0.1,0.03',
    );
  }
  return { base, axes };
}

/** Throws UsageError for a condition that can never hold, or that is decided after the axis itself. */
function checkCondition(
  { path }: CheckedAxis,
  other: string,
  values: readonly AxisValue[],
  before: readonly CheckedAxis[],
  base: TrainOptions,
): void {
  const axis = before.find((candidate) => candidate.path === other);
  if (axis === undefined && valueAtPath(base, other) === undefined) {
    const known = [...before.map((candidate) => candidate.path), ...Object.keys(base)];
    throw new UsageError(
      `axis ${path}: its condition names '${other}', which is neither an axis above it nor a key of the base${didYouMean(other, known)}`,
    );
  }
  const possible = axis ? axis.values : [valueAtPath(base, other)];
  if (possible === null || values.some((value) => possible.some((found) => same(found, value)))) return;
  throw new UsageError(
    `axis ${path}: would never apply, because ${other} is never ${values.map((value) => JSON.stringify(value)).join(' or ')}`,
  );
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether an axis applies beside the values of the axes before it. */
function applies({ when }: CheckedAxis, assignment: Assignment, base: TrainOptions): boolean {
  return when.every(([path, values]) => {
    const found = path in assignment ? assignment[path] : valueAtPath(base, path);
    return values.some((value) => same(found, value));
  });
}

/** Returns every assignment of a space whose axes are lists, the last axis varying fastest. */
export function gridOf({ base, axes }: Space): Assignment[] {
  const endless = axes.find(({ values }) => values === null);
  if (endless) {
    throw new UsageError(
      `axis ${endless.path}: a grid needs to know how many numbers of the range to take: add points, such as points: 5, or take another search`,
    );
  }
  return axes.reduce<Assignment[]>(
    (assignments, axis) =>
      assignments.flatMap((before) =>
        applies(axis, before, base)
          ? axis.values!.map((value) => ({ ...before, [axis.path]: value }))
          : [before],
      ),
    [{}],
  );
}

/** Whether all axes are lists, so that a grid can be made of them. */
export const hasOnlyLists = ({ axes }: Space): boolean => axes.every(({ values }) => values !== null);

/** Returns the assignment at a point of the unit cube, which has a coordinate for each axis. */
export function assignmentAt({ base, axes }: Space, point: ArrayLike<number>): Assignment {
  const assignment: Record<string, AxisValue> = {};
  for (const [index, axis] of axes.entries()) {
    if (applies(axis, assignment, base)) assignment[axis.path] = valueAt(axis, point[index]);
  }
  return assignment;
}

/** Returns a text that two assignments share only if they are the same. */
export const assignmentKey = (assignment: Assignment): string =>
  JSON.stringify(Object.entries(assignment).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Returns a text that two trainings share only if they are the same trial. */
export const trialKey = (assignment: Assignment, { seed, fold }: Unit): string =>
  `${assignmentKey(assignment)} ${seed}${fold === undefined ? '' : ` ${fold}`}`;

/** Returns the options of a configuration: those that all share, with the values of the axes. */
export function configured(base: TrainOptions, assignment: Assignment): TrainOptions {
  return Object.entries(assignment).reduce((options, [path, value]) => withValue(options, path, value), base);
}

/** Writes a configuration for people: lr=0.1, hidden=256+128. */
export function assignmentText(assignment: Assignment): string {
  return Object.entries(assignment)
    .map(([path, value]) => `${path}=${axisValueText(value)}`)
    .join(', ');
}

/** Writes a value of an axis: 0.1, relu, 256+128. */
export function axisValueText(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== 'object')) return value.join('+');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
