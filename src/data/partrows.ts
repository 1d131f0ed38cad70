/**
 * Parts rows into training, validation and test rows, and into the folds of a cross-validation. The parts
 * depend on the seed and the rows alone.
 */
import { UsageError } from '../errors.js';
import { distinctRepetitions, folds, type RowFolds } from './folds.js';
import { assignGroups } from './groups.js';
import { isFolded, type PartingOptions, type RowKeys } from './parting.js';
import { allRows, rowsFlagged, type Split, split } from './split.js';
import { timeParts } from './timeorder.js';
import { shellWord } from './words.js';

/** A fold as the training and held-out rows of one network. */
export interface Fold {
  /** Its value in the user's column; null where the folds are drawn. */
  readonly name: string | null;
  /** Counted from 1. */
  readonly repetition: number;
  /**
   * The held-out rows are `val`, or `test` where validation rows are kept back from the training rows of each
   * fold.
   */
  readonly split: Split;
}

/** The parts of the rows. */
export interface Parted {
  /** In a cross-validation all rows but the test rows are training rows here. */
  readonly whole: Split;
  /** Empty without a cross-validation. */
  readonly folds: readonly Fold[];
}

/** Parts the rows 0 … count − 1. @throws UsageError where there are too few for what is asked */
export function partRows(count: number, keys: RowKeys, options: PartingOptions): Parted {
  const folded = isFolded(options);
  const kept = folded ? { ...options, valFraction: 0 } : options;
  const whole = partFractions(count, keys, kept);
  if (!folded) return { whole, folds: [] };
  const inner = whole.train.length === count ? keys : selected(keys, whole.train);
  const all = folds(whole.train.length, inner, options);
  distinctRepetitions(all, options);
  const parts = all.map((fold) => trainedOn(fold, inner, options));
  return { whole, folds: parts.map((fold) => ofTable(fold, whole.train)) };
}

/** Keeps validation rows back from a fold's training rows, where they are asked for. */
function trainedOn({ train, held, ...fold }: RowFolds, keys: RowKeys, options: PartingOptions): Fold {
  const none = allRows(0);
  if (options.valFraction === 0) return { ...fold, split: { train, val: held, test: none } };
  const parts = partFractions(train.length, selected(keys, train), { ...options, testFraction: 0 });
  const rows = (positions: Uint32Array<SharedArrayBuffer>) => taken(positions, train);
  return { ...fold, split: { train: rows(parts.train), val: rows(parts.val), test: held } };
}

/** Replaces positions by the entries of a list there, in all parts. */
export function partsOfTable({ whole, folds }: Parted, rows: ArrayLike<number>): Parted {
  const { split: own } = ofTable({ name: null, repetition: 1, split: whole }, rows);
  return { whole: own, folds: folds.map((fold) => ofTable(fold, rows)) };
}

function ofTable(fold: Fold, rows: ArrayLike<number>): Fold {
  const { train, val, test } = fold.split;
  return { ...fold, split: { train: taken(train, rows), val: taken(val, rows), test: taken(test, rows) } };
}

/** Returns the entries at positions. */
function taken(
  positions: Uint32Array<SharedArrayBuffer>,
  from: ArrayLike<number>,
): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * positions.length));
  for (let i = 0; i < positions.length; i++) rows[i] = from[positions[i]];
  return rows;
}

/** Returns what is known of some of the rows. Groups are numbered anew, without gaps. */
function selected(keys: RowKeys, rows: Uint32Array): RowKeys {
  const pick = (list: ArrayLike<number> | null) => list && Float64Array.from(rows, (row) => list[row]);
  const { folds: own } = keys;
  return {
    ...keys,
    strata: pick(keys.strata),
    times: pick(keys.times),
    groups: keys.groups && numbered(pick(keys.groups)!).of,
    folds: own && { ...own, of: pick(own.of)! },
  };
}

/** Numbers different values in the order of their first rows. */
function numbered(values: ArrayLike<number>): { of: Uint32Array; count: number } {
  const numbers = new Map<number, number>();
  const of = Uint32Array.from(values, (value) => {
    const known = numbers.get(value) ?? numbers.size;
    numbers.set(value, known);
    return known;
  });
  return { of, count: numbers.size };
}

/** Keeps fractions of the rows back for validation and the test. */
function partFractions(
  count: number,
  { strata, groups, times }: RowKeys,
  { valFraction: val, testFraction: test, seed, group, time }: PartingOptions,
): Split {
  if (val === 0 && test === 0) return { train: allRows(count), val: allRows(0), test: allRows(0) };
  const shares = [1 - val - test, ...[val, test].filter((share) => share > 0)];
  const named = (parts: readonly Split['train'][]): Split => {
    const rest = parts.slice(1);
    const next = (share: number) => (share > 0 ? rest.shift()! : allRows(0));
    return { train: parts[0], val: next(val), test: next(test) };
  };
  const wanted = `${[...(val > 0 ? [`--val ${val}`] : []), ...(test > 0 ? [`--test ${test}`] : [])].join(' and ')}`;
  if (times !== null) {
    const parts = timeParts(times, shares.slice(1));
    if (parts !== null) return named(parts);
    throw new UsageError(
      `--time ${shellWord(time!)}: the column has too few different times to keep rows back for ${wanted}; leave these out, or part the rows without --time`,
    );
  }
  if (groups === null) return split(count, { val, test }, seed, strata);
  const { count: different } = numbered(groups);
  if (different < shares.length) {
    throw new UsageError(
      `--group ${shellWord(group!)}: ${different === 1 ? 'the one group is' : `${different} groups are`} too few to keep rows back for ${wanted}, which takes ${shares.length}; leave these out, or part the rows without --group`,
    );
  }
  const partOf = assignGroups(groups, strata, shares, seed, 0);
  return named(shares.map((_, part) => rowsFlagged(partOf, part)));
}
