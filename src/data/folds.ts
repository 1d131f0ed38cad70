/** The folds of a cross-validation: stratified, by groups, in order of time, or the user's own. */
import { UsageError } from '../errors.js';
import { PURPOSE, permute } from '../random.js';
import { assignGroups } from './groups.js';
import type { PartingOptions, RowKeys } from './parting.js';
import { membersByStratum, rowsFlagged } from './split.js';
import { timeFolds } from './timeorder.js';
import { shellWord } from './words.js';

/** The rows that a fold's network is trained on and those that are held out, as ascending positions. */
export interface RowFolds {
  readonly name: string | null;
  /** Counted from 1. */
  readonly repetition: number;
  readonly train: Uint32Array<SharedArrayBuffer>;
  readonly held: Uint32Array<SharedArrayBuffer>;
}

/** Draws for the strata of one repetition are numbered apart from those of others. */
const STRATA = 2 ** 16;

/**
 * Returns the fold of each row, 0 … folds − 1. Sizes differ by one row at most, and so do the rows of any one
 * class: each class is shuffled, and the rows are dealt to the folds in turn, class after class.
 */
function dealFolds(
  count: number,
  folds: number,
  seed: number,
  repetition: number,
  strata: ArrayLike<number> | null,
): Uint32Array {
  const foldOf = new Uint32Array(count);
  let dealt = 0;
  membersByStratum(count, strata).forEach((rows, stratum) => {
    permute(rows, seed, PURPOSE.deal, repetition * STRATA + stratum);
    for (const row of rows) foldOf[row] = dealt++ % folds;
  });
  return foldOf;
}

/**
 * Returns the folds of all repetitions.
 * @throws UsageError where there are too few rows, groups, times or rows of a class
 */
export function folds(count: number, keys: RowKeys, options: PartingOptions): RowFolds[] {
  const { cv = 0, cvRepeats = 1, seed, timeWindow = 'expanding', group, time } = options;
  if (keys.folds !== null) return ownFolds(keys.folds, options);
  if (cv > count) {
    throw new UsageError(`--cv ${cv}: ${count} rows are too few for ${cv} folds; take at most --cv ${count}`);
  }
  if (keys.times !== null) {
    const eras = timeFolds(keys.times, cv, timeWindow);
    if (eras !== null) return eras.map((era) => ({ name: null, repetition: 1, ...era }));
    const different = new Set(Array.from(keys.times)).size;
    throw new UsageError(
      `--cv ${cv}: the ${different} different times of ${shellWord(time!)} are too few, or too many rows share one, for ${cv} folds and the rows before them; take fewer folds`,
    );
  }
  if (keys.groups !== null) checkGroups(keys.groups, cv, group!);
  else checkClasses(keys, cv);
  return Array.from({ length: cvRepeats }, (_, repetition) => {
    const foldOf =
      keys.groups === null
        ? dealFolds(count, cv, seed, repetition, keys.strata)
        : assignGroups(keys.groups, keys.strata, new Array(cv).fill(1 / cv), seed, repetition);
    return foldsOf(foldOf, new Array(cv).fill(null), repetition + 1);
  }).flat();
}

/** Returns each fold's rows, and all others as those that its network is trained on. */
function foldsOf(foldOf: Uint32Array, names: readonly (string | null)[], repetition: number): RowFolds[] {
  return names.map((name, fold) => ({
    name,
    repetition,
    train: rowsFlagged(
      foldOf.map((own) => Number(own !== fold)),
      1,
    ),
    held: rowsFlagged(foldOf, fold),
  }));
}

/** Returns the folds that a column names. Where all rows of one were kept for the test, it is none. */
function ownFolds({ of, names }: NonNullable<RowKeys['folds']>, { fold }: PartingOptions): RowFolds[] {
  const used = [...new Set(Array.from(of))].sort((a, b) => a - b);
  if (used.length < 2) {
    throw new UsageError(
      `--fold ${shellWord(fold!)}: every row is in fold ${names[used[0]]}, and a cross-validation needs two folds or more; take --cv 5 to have them drawn`,
    );
  }
  const foldOf = Uint32Array.from(of, (index) => used.indexOf(index));
  return foldsOf(
    foldOf,
    used.map((index) => names[index]),
    1,
  );
}

function checkGroups(groups: ArrayLike<number>, cv: number, column: string): void {
  const different = new Set(Array.from(groups)).size;
  if (different >= cv) return;
  throw new UsageError(
    `--cv ${cv}: column ${shellWord(column)} has ${different} different groups, too few for ${cv} folds that share none; ${different < 2 ? 'leave --group out' : `take at most --cv ${different}`}`,
  );
}

/** Throws UsageError where a class has fewer rows than there are folds: some would hold none of it. */
function checkClasses({ strata, classes }: RowKeys, cv: number): void {
  if (strata === null || classes === null) return;
  const counts = new Map<number, number>();
  for (const label of Array.from(strata)) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [rarest, rows] = [...counts].reduce((least, entry) => (entry[1] < least[1] ? entry : least));
  if (rows >= cv) return;
  const fewer = rows < 2 ? '' : `take --cv ${rows}, `;
  throw new UsageError(
    `--cv ${cv}: class "${classes[rarest]}" has ${rows === 1 ? 'one row' : `${rows} rows`}, too few for each of ${cv} folds to hold one; ${fewer}leave the class out, or allow folds without it by --no-stratify`,
  );
}

/** Throws UsageError where a repetition has the folds of an earlier one, in whichever order. */
export function distinctRepetitions(all: readonly RowFolds[], { cv, cvRepeats = 1, group }: PartingOptions) {
  if (cvRepeats === 1) return;
  const seen = new Set<string>();
  for (let repetition = 1; repetition <= cvRepeats; repetition++) {
    const own = all.filter((fold) => fold.repetition === repetition);
    const key = own
      .map(({ held }) => held.join())
      .sort()
      .join(';');
    if (seen.has(key)) {
      const why = group === undefined ? 'there are so few rows' : 'there are so few groups of like size';
      throw new UsageError(
        `--cv-repeats ${cvRepeats}: repetition ${repetition} has the folds of an earlier one, because ${why}; take fewer repetitions, or another number of folds than --cv ${cv}`,
      );
    }
    seen.add(key);
  }
}
