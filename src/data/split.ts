/** A seeded split into training and validation rows. */
import { PURPOSE, permute } from '../random.js';

export interface Split {
  /** row numbers, ascending */
  readonly train: Uint32Array<SharedArrayBuffer>;
  readonly val: Uint32Array<SharedArrayBuffer>;
}

/**
 * `fraction` of the rows to validation, the same rows for the same seed. `strata` gives the class of every row: then
 * each class keeps its share on both sides to within one row, and at least one row of each class is trained on.
 */
export function split(
  count: number,
  fraction: number,
  seed: number,
  strata: ArrayLike<number> | null,
): Split {
  const isVal = new Uint8Array(count);
  let seen = 0;
  let given = 0;
  membersByStratum(count, strata).forEach((members, stratum) => {
    permute(members, seed, PURPOSE.split, stratum);
    seen += members.length;
    // rounding the running total keeps the whole at its fraction when the strata are small
    const wanted = Math.round(fraction * seen) - given;
    const taken = Math.max(0, Math.min(wanted, members.length - 1));
    given += taken;
    for (let i = 0; i < taken; i++) isVal[members[i]] = 1;
  });
  return { train: rowsWhere(isVal, 0), val: rowsWhere(isVal, 1) };
}

function membersByStratum(count: number, strata: ArrayLike<number> | null): Uint32Array[] {
  const sizes: number[] = [];
  const stratumOf = (row: number) => (strata === null ? 0 : strata[row]);
  for (let row = 0; row < count; row++) sizes[stratumOf(row)] = (sizes[stratumOf(row)] ?? 0) + 1;
  const members = Array.from(sizes, (size) => new Uint32Array(size ?? 0));
  const filled = new Uint32Array(members.length);
  for (let row = 0; row < count; row++) members[stratumOf(row)][filled[stratumOf(row)]++] = row;
  return members;
}

function rowsWhere(flags: Uint8Array, wanted: number): Uint32Array<SharedArrayBuffer> {
  let count = 0;
  for (const flag of flags) if (flag === wanted) count++;
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let at = 0;
  for (let row = 0; row < flags.length; row++) if (flags[row] === wanted) rows[at++] = row;
  return rows;
}

/** All rows in their order. */
export function allRows(count: number): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  for (let row = 0; row < count; row++) rows[row] = row;
  return rows;
}
