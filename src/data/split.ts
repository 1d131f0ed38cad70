/** Splits rows into training, validation and test rows, reproducibly for a seed. */
import { PURPOSE, permute, Stream } from '../random.js';

/** A split lists the row numbers of each part, in ascending order. */
export interface Split {
  readonly train: Uint32Array<SharedArrayBuffer>;
  readonly val: Uint32Array<SharedArrayBuffer>;
  readonly test: Uint32Array<SharedArrayBuffer>;
}

/** Fractions of all rows that go to the validation and the test part. */
interface Fractions {
  readonly val: number;
  readonly test: number;
}

const PART = { train: 0, val: 1, test: 2 } as const;

/**
 * Assigns rows to parts at random, the same rows for the same seed. `strata` may give the class of every row;
 * then each class keeps its share in every part to within one row, and at least one row of each class is
 * trained on.
 *
 * Each stratum is shuffled; validation takes rows from its beginning and the test from its end. So changing
 * one fraction does not change the other part, as long as rows are left between them.
 */
export function split(
  count: number,
  fractions: Fractions,
  seed: number,
  strata: ArrayLike<number> | null,
): Split {
  const part = new Uint8Array(count);
  const takeVal = proportionalTake(fractions.val);
  const takeTest = proportionalTake(fractions.test);
  membersByStratum(count, strata).forEach((members, stratum) => {
    permute(members, seed, PURPOSE.split, stratum);
    const { length } = members;
    const val = takeVal(length, length - 1);
    const test = takeTest(length, length - 1 - val);
    for (let i = 0; i < val; i++) part[members[i]] = PART.val;
    for (let i = length - test; i < length; i++) part[members[i]] = PART.test;
  });
  const rows = (name: keyof typeof PART) => rowsFlagged(part, PART[name]);
  return { train: rows('train'), val: rows('val'), test: rows('test') };
}

/**
 * Returns a fold of the rows for each member of a bag, as ascending positions 0 … count − 1: the same folds
 * for the same seed. A fold holds `fraction` of the rows, and of every class to within one row, but never a
 * whole class. Each class is shuffled and laid around a circle, where the folds are arcs that begin at equal
 * distances: they are disjoint as far as members · fraction ≤ 1, and cover all rows but those of a class with
 * a single row where it is 1 or more.
 */
export function foldRows(
  count: number,
  { members, fraction }: { readonly members: number; readonly fraction: number },
  seed: number,
  strata: ArrayLike<number> | null,
): Uint32Array<SharedArrayBuffer>[] {
  const held = Array.from({ length: members }, () => new Uint8Array(count));
  // A turn of each class's circle keeps classes with few rows from all lying at the beginning of an arc.
  const turns = new Stream(seed, PURPOSE.folds, 0);
  membersByStratum(count, strata).forEach((rows, stratum) => {
    permute(rows, seed, PURPOSE.folds, stratum + 1);
    const turn = turns.uniform();
    const { length } = rows;
    for (const [k, flags] of held.entries()) {
      const from = Math.ceil((length * k) / members - turn);
      const to = Math.ceil((length * (k + members * fraction)) / members - turn);
      for (let i = from; i < Math.min(to, from + length - 1); i++) flags[rows[(i + length) % length]] = 1;
    }
  });
  return held.map((flags) => rowsFlagged(flags, 1));
}

/**
 * Returns a function that says how many rows to take of each stratum in turn. It rounds the running total
 * rather than each count, so the whole part has its fraction even when strata are small.
 */
function proportionalTake(fraction: number): (rows: number, most: number) => number {
  let seen = 0;
  let taken = 0;
  return (rows, most) => {
    seen += rows;
    const count = Math.max(0, Math.min(Math.round(fraction * seen) - taken, most));
    taken += count;
    return count;
  };
}

/** Returns the rows of each stratum, in ascending order; all rows without strata. */
export function membersByStratum(count: number, strata: ArrayLike<number> | null): Uint32Array[] {
  const sizes: number[] = [];
  const stratumOf = (row: number) => (strata === null ? 0 : strata[row]);
  for (let row = 0; row < count; row++) sizes[stratumOf(row)] = (sizes[stratumOf(row)] ?? 0) + 1;
  const members = Array.from(sizes, (size) => new Uint32Array(size ?? 0));
  const filled = new Uint32Array(members.length);
  for (let row = 0; row < count; row++) members[stratumOf(row)][filled[stratumOf(row)]++] = row;
  return members;
}

/** Returns the rows whose flag is the wanted one, in ascending order. */
export function rowsFlagged(flags: ArrayLike<number>, wanted: number): Uint32Array<SharedArrayBuffer> {
  let count = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === wanted) count++;
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let filled = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === wanted) rows[filled++] = row;
  return rows;
}

/** Returns the row numbers 0 … count−1. */
export function allRows(count: number): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}
