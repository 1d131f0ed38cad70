/** Finds values that are finite in their file but too far from the training rows for float32 arithmetic. */
import type { Dataset, Encoding, StoredArray } from './dataset.js';
import { elementTypeOf } from './elements.js';
import type { ElementType } from './schema.js';
import type { Scale } from './statistics.js';

/**
 * Largest absolute value that a scaled number may have. No training row comes near it, since among n rows
 * none lies more than √n standard deviations from the mean. The bound leaves room for the squares of a
 * layer's outputs, because float32 ends at 3.4e38.
 */
const FARTHEST = 1e15;

/** Reason why a value is rejected; in a message it follows the value. */
export const TOO_FAR =
  'lies too far from the training rows to compute with (beyond 1e15 of their standard deviations); correct or remove it';

/**
 * Returns the first row of a column whose scaled value is beyond 1e15, or −1. NaN means missing and passes.
 * What is clipped after scaling may lie anywhere below half of the largest double.
 */
export function firstFar(
  values: Float64Array,
  { shift, scale, clip = false }: Scale & { readonly clip?: boolean | undefined },
): number {
  const {
    low: [low],
    high: [high],
  } = bounds(1, [shift], [scale], [clip]);
  for (let row = 0; row < values.length; row++) if (values[row] < low || values[row] > high) return row;
  return -1;
}

/** Describes a value that is too far from the training rows, and where it stands. */
export interface FarValue {
  /** Row number in the dataset, from 0. */
  readonly row: number;
  /** Column among the dataset's numbers, or among its targets, from 0. */
  readonly column: number;
  readonly value: number;
}

/**
 * Finds the first number of these rows that is not finite or whose |(value − shift) · scale| is beyond 1e15.
 * Returns null if there is none.
 */
export function findFarInput(dataset: Dataset, encoding: Encoding, rows: Uint32Array): FarValue | null {
  const { shift, scale, clip = [] } = encoding;
  return firstBeyond(dataset.numbers, dataset.numberWidth, { shift, scale, clip }, rows);
}

/** Finds the first regression target of these rows that is not finite or, scaled, beyond 1e15; or null. */
export function findFarTarget(
  dataset: Pick<Dataset, 'targets' | 'targetWidth'>,
  encoding: Encoding,
  rows: Uint32Array,
): FarValue | null {
  if (encoding.targetShift.length === 0) return null; // class indices
  const { targetShift: shift, targetScale: scale } = encoding;
  return firstBeyond(dataset.targets, dataset.targetWidth, { shift, scale, clip: [] }, rows);
}

function firstBeyond(
  values: StoredArray,
  width: number,
  { shift, scale, clip }: Required<Pick<Encoding, 'shift' | 'scale' | 'clip'>>,
  rows: Uint32Array,
): FarValue | null {
  if (values.length === 0) return null;
  const { low, high } = bounds(width, shift, scale, clip);
  if (typeIsWithin(values, low, high)) return null;
  for (let r = 0; r < rows.length; r++) {
    const start = rows[r] * width;
    for (let column = 0; column < width; column++) {
      const value = values[start + column];
      // written so that NaN, which compares as false, is found as well
      if (!(value >= low[column] && value <= high[column])) return { row: rows[r], column, value };
    }
  }
  return null;
}

/**
 * Returns the range of values that each column may hold. No range reaches further than MAX_VALUE/2 from its
 * shift, so that the difference (value − shift) is finite too.
 */
function bounds(width: number, shift: readonly number[], scale: readonly number[], clip: readonly boolean[]) {
  const low = new Float64Array(width);
  const high = new Float64Array(width);
  for (let column = 0; column < width; column++) {
    const centre = shift.length === 1 ? shift[0] : shift[column];
    const isClipped = clip.length === 1 ? clip[0] : clip[column];
    const farthest = isClipped ? Number.POSITIVE_INFINITY : FARTHEST;
    const reach = Math.min(farthest / (scale.length === 1 ? scale[0] : scale[column]), Number.MAX_VALUE / 2);
    low[column] = Math.max(centre - reach, -Number.MAX_VALUE);
    high[column] = Math.min(centre + reach, Number.MAX_VALUE);
  }
  return { low, high };
}

/** Smallest and largest value of each integer type. */
const RANGES: Readonly<Partial<Record<ElementType, readonly [least: number, most: number]>>> = {
  u8: [0, 255],
  i8: [-128, 127],
  u16: [0, 65_535],
  i16: [-32_768, 32_767],
  i32: [-2_147_483_648, 2_147_483_647],
};

/**
 * Whether every value that the array's integer type can hold is within the bounds; then none need be checked.
 */
function typeIsWithin(values: StoredArray, low: Float64Array, high: Float64Array): boolean {
  const range = RANGES[elementTypeOf(values)];
  if (range === undefined) return false;
  return low.every((bound) => bound <= range[0]) && high.every((bound) => bound >= range[1]);
}
