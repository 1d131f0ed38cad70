/** The data of a bag: one source, of which each member is trained on other rows. */
import type { Subset } from './dataset.js';
import { AUTO_VAL, fractions, isComplete, type LoadOptions, type TrainingData } from './load.js';
import { openSource } from './source.js';
import { foldRows } from './split.js';

/** How a bag uses its source. */
interface BagSources {
  /** What to load: all rows but the test rows are training rows, from which the folds are cut. */
  readonly options: LoadOptions;
  /** The share of the rows on which each member is validated; 0 where no folds are cut. */
  readonly fraction: number;
}

/** The data of the members of a bag. */
export interface BagData {
  /** The source with all rows that are not test rows as training rows; the encoding is fitted to these. */
  readonly whole: TrainingData;
  /** What each member is trained on and validated on; the test rows are left to all members together. */
  readonly members: readonly TrainingData[];
  /** Whether the members' validation rows are folds of the training rows. */
  readonly folded: boolean;
}

/** Says what to load for a bag. Throws UsageError where validation and test leave no rows to train on. */
export function bagSources(options: LoadOptions): BagSources {
  const { data, val, test } = options;
  const auto = val === 'auto' ? (isComplete(openSource(data)) ? 0 : AUTO_VAL) : val;
  const { valFraction: fraction } = fractions(auto, test);
  // Loading says why a complete problem has no validation rows, so 'auto' stays where it means none.
  return { options: fraction > 0 ? { ...options, val: 0 } : options, fraction };
}

/**
 * Cuts the data of a bag's members from what was loaded.
 * @param seed decides the folds
 * @param stratify whether every fold keeps each class's share
 */
export function bagData(
  whole: TrainingData,
  members: number,
  fraction: number,
  seed: number,
  stratify = true,
): BagData {
  const shared: TrainingData = { ...whole, test: null, notes: [] };
  if (fraction === 0) {
    return { whole, members: Array.from({ length: members }, () => shared), folded: false };
  }
  const { dataset, rows } = whole.train;
  const strata = whole.classes !== null && stratify;
  const classes = strata ? Uint32Array.from(rows, (row) => dataset.targets[row]) : null;
  const folds = foldRows(rows.length, { members, fraction }, seed, classes);
  return {
    whole: { ...whole, notes: [...whole.notes, ...foldNotes(whole, folds, classes)] },
    members: folds.map((fold) => ({ ...shared, ...cut(whole.train, fold) })),
    folded: true,
  };
}

/** Returns the rows outside and inside a fold, which holds positions in ascending order. */
function cut(
  { dataset, rows }: Subset,
  fold: Uint32Array<SharedArrayBuffer>,
): Pick<TrainingData, 'train' | 'val'> {
  const select = (count: number) => new Uint32Array(new SharedArrayBuffer(4 * count));
  const [train, val] = [select(rows.length - fold.length), select(fold.length)];
  let held = 0;
  for (let position = 0; position < rows.length; position++) {
    if (fold[held] === position) val[held++] = rows[position];
    else train[position - held] = rows[position];
  }
  return { train: { dataset, rows: train }, val: fold.length > 0 ? { dataset, rows: val } : null };
}

/** Names the first class with too few rows for every fold to hold one, and folds that are empty. */
function foldNotes(
  { train, classes }: TrainingData,
  folds: readonly Uint32Array[],
  classOf: Uint32Array | null,
): string[] {
  const empty = folds.filter(({ length }) => length === 0).length;
  if (empty > 0)
    return [
      `validation: ${train.rows.length} rows are too few for ${folds.length} folds, ${empty} of them hold none; a larger --val fills them`,
    ];
  if (classOf === null || classes === null) return [];
  const [rows, lacking] = [new Uint32Array(classes.length), new Uint32Array(classes.length)];
  for (const index of classOf) rows[index]++;
  for (const fold of folds) {
    const present = new Set(Array.from(fold, (position) => classOf[position]));
    for (const index of classes.keys()) if (!present.has(index)) lacking[index]++;
  }
  const found = classes.findIndex((_, index) => rows[index] > 0 && lacking[index] > 0);
  if (found < 0) return [];
  const others = lacking.filter((folds, index) => folds > 0 && rows[index] > 0).length - 1;
  const more = others > 0 ? `, and so have ${others} other classes` : '';
  return [
    `validation: class "${classes[found]}" has too few rows (${rows[found]}) for each of the ${folds.length} folds to hold one, ${lacking[found]} hold none${more}; a larger --val or a smaller --bag helps`,
  ];
}
