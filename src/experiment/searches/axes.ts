/** The axes of a sweep: which values a key of the configuration may take, and under which condition. */
import { z } from 'zod';
import { exp, ln } from '../../elementary.js';
import { UsageError } from '../../errors.js';
import { describeIssue } from '../../issues.js';
import { whole } from '../../optim/hyper.js';

/** A value of an axis, as YAML and JSON write it. */
export type AxisValue =
  | string
  | number
  | boolean
  | null
  | readonly AxisValue[]
  | { readonly [key: string]: AxisValue };
/** The values that other keys must have for an axis to apply: one value for each key, or a list. */
export type Condition = Readonly<Record<string, AxisValue | readonly AxisValue[]>>;

/** An axis that takes one of a list of values. */
export interface ListAxis {
  readonly values: readonly AxisValue[];
  /** The axis applies only where these keys have these values; elsewhere its key is left out. */
  readonly when?: Condition;
}

/** An axis that takes any number of a range, or `points` of them at equal distances, both ends included. */
export interface RangeAxis {
  readonly from: number;
  readonly to: number;
  /** Whether equal distances are equal differences or, with log, equal ratios; default linear. */
  readonly scale?: 'linear' | 'log';
  /** Whether the numbers are whole; default false. */
  readonly integer?: boolean;
  readonly points?: number;
  /** The axis applies only where these keys have these values; elsewhere its key is left out. */
  readonly when?: Condition;
}

/** An axis as a user gives it: a list of values, the same with a condition, or a range. */
export type Axis = readonly AxisValue[] | ListAxis | RangeAxis;

/** An axis whose values are known one by one, or a range of which every number may be taken. */
export interface CheckedAxis {
  /** The key that it sets, by its dotted path: `lr`, `schedules.weightDecay`, `layers.0.units`. */
  readonly path: string;
  /** The values of a list or of the points of a range; null for a range without points. */
  readonly values: readonly AxisValue[] | null;
  /** The ends of a range without points; null for a list. */
  readonly range: Required<Omit<RangeAxis, 'points' | 'when'>> | null;
  /** For each key the values under one of which the axis applies. */
  readonly when: readonly (readonly [path: string, values: readonly AxisValue[]])[];
}

const value = z.json();
const values = z.array(value).min(1);
const when = z
  .record(z.string(), value)
  .exactOptional()
  .describe('the axis applies only where these keys have these values');
const LIST = z.strictObject({ values: values.describe('its values'), when });
const RANGE = z.strictObject({
  from: z.number().describe('the least value'),
  to: z.number().describe('the greatest value'),
  scale: z
    .enum(['linear', 'log'])
    .default('linear')
    .describe('whether equal distances are equal differences or, with log, equal ratios'),
  integer: z.boolean().default(false).describe('whether the numbers are whole'),
  points: whole(2)
    .optional()
    .describe('how many numbers of the range, at equal distances, both ends included'),
  when,
});

/** The axes of a sweep by the dotted paths of their keys, as files hold them. */
export const axesSchema = z.record(z.string(), z.union([values, LIST, RANGE]));
/** A value for each axis that applies, by its path. */
export const assignmentSchema = z.record(z.string(), value);

/**
 * Checks an axis.
 * @throws UsageError, which names the axis, for a list without values and for a range that holds no numbers
 */
export function checkAxis(path: string, given: unknown): CheckedAxis {
  if (Array.isArray(given)) return listAxis(path, { values: given });
  const isObject = typeof given === 'object' && given !== null;
  if (isObject && 'values' in given) return listAxis(path, parsed(LIST, path, given));
  if (isObject && ('from' in given || 'to' in given)) return rangeAxis(path, parsed(RANGE, path, given));
  throw new UsageError(
    `axis ${path}: expected a list such as [0.1, 0.03] or a range such as { from: 0.001, to: 0.1, scale: log }, found ${JSON.stringify(given) ?? 'nothing'}`,
  );
}

function parsed<T extends z.ZodObject>(schema: T, path: string, given: object): z.output<T> {
  const found = schema.safeParse(given);
  if (found.success) return found.data;
  const known = Object.keys(schema.shape);
  const { issues } = found.error;
  // Where a key is misspelt, another one is missing too.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
  throw new UsageError(`axis ${path}: ${describeIssue(issue, given, known)}`);
}

function listAxis(path: string, { values, when }: ListAxis): CheckedAxis {
  if (values.length === 0) {
    throw new UsageError(`axis ${path}: has no values, so there is nothing to try; give it at least one`);
  }
  const distinct = new Set(values.map((value) => JSON.stringify(value)));
  if (distinct.size < values.length) {
    throw new UsageError(`axis ${path}: names a value twice; leave one of them out`);
  }
  return { path, values, range: null, when: conditionsOf(when) };
}

function rangeAxis(path: string, { from, to, scale, integer, points, when }: z.output<typeof RANGE>) {
  if (!(from < to)) {
    throw new UsageError(`axis ${path}: from ${from} must be less than to ${to}`);
  }
  if (scale === 'log' && from <= 0) {
    throw new UsageError(`axis ${path}: a log range must begin above 0, found from ${from}`);
  }
  if (integer && !(Number.isInteger(from) && Number.isInteger(to))) {
    throw new UsageError(`axis ${path}: a range of whole numbers must begin and end with one`);
  }
  const range = { from, to, scale, integer };
  const conditions = conditionsOf(when);
  if (points === undefined) return { path, values: null, range, when: conditions };
  const all = Array.from({ length: points }, (_, i) => numberAt(range, i / (points - 1)));
  return { path, values: [...new Set(all)], range: null, when: conditions };
}

const conditionsOf = (when: Condition = {}): CheckedAxis['when'] =>
  Object.entries(when).map(([path, value]) => [path, Array.isArray(value) ? value : [value as AxisValue]]);

/** Digits that a number of a range keeps: more of them would tell no two trials apart. */
const DIGITS = 4;

/** Returns the number at a share of a range, from 0, its beginning, to 1, its end. */
function numberAt({ from, to, scale, integer }: NonNullable<CheckedAxis['range']>, share: number): number {
  if (share <= 0) return from;
  if (share >= 1) return to;
  const exact = scale === 'log' ? exp(ln(from) + share * (ln(to) - ln(from))) : from + share * (to - from);
  const round = integer ? Math.round(exact) : Number(exact.toPrecision(DIGITS));
  return Math.min(to, Math.max(from, round));
}

/** Returns the value of an axis at a coordinate u with 0 ≤ u < 1; a list is cut into equal parts. */
export function valueAt({ values, range }: CheckedAxis, u: number): AxisValue {
  if (values !== null) return values[Math.min(values.length - 1, Math.floor(u * values.length))];
  if (!range!.integer) return numberAt(range!, u);
  // Whole numbers get equal parts too: from − ½ and to + ½ bound the first and the last.
  const { from, to } = range!;
  if (range!.scale === 'linear') return Math.min(to, from + Math.floor(u * (to - from + 1)));
  return numberAt(range!, u);
}
