/** Values that are finite in their file, and yet too far from the training rows for float32 arithmetic. */
import type { Dataset, Encoding, StoredArray } from './dataset.js';
import { elementTypeOf } from './elements.js';
import type { ElementType } from './schema.js';

/**
 * A scaled value beyond this is refused. No training row comes near: among n rows none lies more than √n
 * standard deviations from the mean. Float32 ends at 3.4e38, and the squares of what a layer makes of such
 * values must not.
 */
const FARTHEST = 1e15;

export const TOO_FAR =
  'lies too far from the training rows to compute with (beyond 1e15 of their standard deviations); correct or remove it';

/** The first row of a column that lies beyond; NaN is a missing value and none. −1: no row does. */
export function firstFar(values: Float64Array, shift: number, scale: number): number {
  const {
    low: [low],
    high: [high],
  } = bounds(1, [shift], [scale]);
  for (let row = 0; row < values.length; row++) if (values[row] < low || values[row] > high) return row;
  return -1;
}

export interface FarValue {
  /** in the dataset, from 0 */
  readonly row: number;
  /** among the dataset's numbers, or its targets, from 0 */
  readonly column: number;
  readonly value: number;
}

/**
 * The first number of these rows whose |(value − shift)·scale| is beyond 1e15, or that is not finite; null:
 * there is none.
 */
export function findFarInput(dataset: Dataset, encoding: Encoding, rows: Uint32Array): FarValue | null {
  return firstBeyond(dataset.numbers, dataset.numberWidth, encoding.shift, encoding.scale, rows);
}

/** The same among the values to be regressed. */
export function findFarTarget(dataset: Dataset, encoding: Encoding, rows: Uint32Array): FarValue | null {
  if (encoding.targetShift.length === 0) return null; // class indices
  return firstBeyond(dataset.targets, dataset.targetWidth, encoding.targetShift, encoding.targetScale, rows);
}

function firstBeyond(
  values: StoredArray,
  width: number,
  shift: readonly number[],
  scale: readonly number[],
  rows: Uint32Array,
): FarValue | null {
  if (values.length === 0) return null;
  const { low, high } = bounds(width, shift, scale);
  if (fits(values, low, high)) return null;
  for (let r = 0; r < rows.length; r++) {
    const at = rows[r] * width;
    for (let column = 0; column < width; column++) {
      const value = values[at + column];
      // NaN is neither at least nor at most anything
      if (!(value >= low[column] && value <= high[column])) return { row: rows[r], column, value };
    }
  }
  return null;
}

/**
 * What each column may hold. No value is further from its shift than MAX_VALUE/2, so that the difference is
 * finite too.
 */
function bounds(width: number, shift: readonly number[], scale: readonly number[]) {
  const low = new Float64Array(width);
  const high = new Float64Array(width);
  for (let column = 0; column < width; column++) {
    const centre = shift.length === 1 ? shift[0] : shift[column];
    const reach = Math.min(FARTHEST / (scale.length === 1 ? scale[0] : scale[column]), Number.MAX_VALUE / 2);
    low[column] = Math.max(centre - reach, -Number.MAX_VALUE);
    high[column] = Math.min(centre + reach, Number.MAX_VALUE);
  }
  return { low, high };
}

/** What each type of whole numbers can hold. */
const RANGES: Readonly<Partial<Record<ElementType, readonly [least: number, most: number]>>> = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65_535],
  i16: [-32_768, 32_767],
  i32: [-2_147_483_648, 2_147_483_647],
};

/**
 * Whether the type itself holds nothing beyond the bounds: most whole numbers need not be looked at one by
 * one.
 */
function fits(values: StoredArray, low: Float64Array, high: Float64Array): boolean {
  const range = RANGES[elementTypeOf(values)];
  if (range === undefined) return false;
  return low.every((bound) => bound <= range[0]) && high.every((bound) => bound >= range[1]);
}
