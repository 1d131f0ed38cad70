/**
 * Looks for leakage: a column that alone predicts the target. A rule is made of the column's values in one
 * half of a sample (the rows fall into bins, each bin predicts what its rows have) and tried on the other
 * half, and the other way round.
 */

import { lowerBound } from '../ascending.js';
import { NO_WORD } from '../tables/cells.js';
import { dropping } from './columnchecks.js';
import type { Finding } from './finding.js';
import type { ColumnProfile, ExaminedTarget } from './profile.js';

/**
 * Share of what can be predicted that is suspicious. The best columns of scikit-learn's tables reach 0.98
 * (AUC on breast_cancer) and 0.94 (of the wrong guesses on iris).
 */
const SUSPICIOUS = 0.99;
/** Fewest rows from which a rule for numbers or words can be made. */
const LEAST_ROWS = 100;
/** Fewest rows of each of two classes: below, an AUC above 0.99 may be chance. */
const LEAST_OF_CLASS = 20;
/** Rows of a bin in both halves together, on average. */
const BIN_ROWS = 16;
const MOST_BINS = 256;
/** Most counts of classes in bins that are kept for a column. */
const MOST_COUNTS = 1_000_000;
/** A first look takes every fifth row, if 1000 are left, and goes on to all of them from this value on. */
const SCREEN = { every: 5, rows: 1000 };
const WORTH_ALL = 0.9;
/** Squared correlation of a column that is the target in another unit; rounding takes less than the rest. */
const COPY = 1 - 1e-9;

/** A binned column gives each row of the sample a bin; missing values have a bin of their own. */
interface Binned {
  /** Bin of each row, [sample]. */
  readonly bins: Uint32Array;
  readonly count: number;
}

/** The target of the sampled rows, and what follows from it alone. */
interface LeakageTarget {
  readonly target: ExaminedTarget;
  readonly sample: Uint32Array;
  /** Class index, or the share of smaller targets, of each row of the sample. */
  readonly wanted: Float64Array;
  /** Class index or quantity of each row of the sample. */
  readonly values: Float64Array;
  /** Every fifth row of the sample, for a first look; null if there are too few for that. */
  readonly screen: LeakageTarget | null;
}

/** Prepares the search: ranks a target of quantities, so that a few extreme values do not decide. */
export function leakageTarget(target: ExaminedTarget, sample: Uint32Array): LeakageTarget {
  const values = Float64Array.from(sample, (row) => target.values[row]);
  const wanted = target.classes === null ? ranks(values) : values;
  const thin = sample.filter((_, i) => i % SCREEN.every === 0);
  const screen =
    thin.length < SCREEN.rows || thin.length === sample.length ? null : leakageTarget(target, thin);
  return { target, sample, values, wanted, screen };
}

/** Returns the mean rank of each value among all, from 0 to 1. */
function ranks(values: Float64Array): Float64Array {
  const sorted = Float64Array.from(values).sort();
  return values.map(
    (value) => (lowerBound(sorted, value) + lowerBound(sorted, value, true)) / 2 / sorted.length,
  );
}

/** Returns a finding if the column alone predicts the target. */
export function checkLeakage(profile: ColumnProfile, search: LeakageTarget): Finding[] {
  if (profile.constant || profile.present === 0) return [];
  const copied = correlationWithTarget(profile, search);
  if (copied !== null && copied >= COPY)
    return [
      leak(profile.name, 'is the target in another unit: its correlation with it is 1', { correlation: 1 }),
    ];
  if (search.sample.length < LEAST_ROWS || isOrderedIndex(profile)) return [];
  const screened = search.screen === null ? null : measure(profile, search.screen);
  if (screened !== null && screened.value < WORTH_ALL) return [];
  const measured = measure(profile, search);
  if (measured === null || !(measured.value > SUSPICIOUS)) return [];
  const shown = Math.floor(10_000 * measured.value) / 10_000;
  const evidence = `alone predicts "${search.target.name}" with ${measured.what(shown)} on rows that the rule was not made from`;
  return [leak(profile.name, evidence, { [measured.name]: measured.value })];
}

/** Measures how well the column alone predicts the target; null where too little is known to say. */
function measure(profile: ColumnProfile, search: LeakageTarget): Measured | null {
  const binned = bin(profile, search);
  if (binned === null) return null;
  const { classes } = search.target;
  if (classes === null) return rankR2(binned, search);
  return classes.length === 2 ? auc(binned, search) : gain(binned, search);
}

const leak = (name: string, evidence: string, figures: Finding['figures']): Finding => ({
  kind: 'leakage',
  columns: [name],
  part: null,
  evidence,
  figures,
  remedy: `${dropping([name])}, unless it is known before the target is`,
});

/**
 * Whether rows follow one another by this column, as measurements do by time. Neighbours then resemble each
 * other, and a rule that is made from one of them says nothing about rows beyond the last.
 */
const isOrderedIndex = (profile: ColumnProfile): boolean => profile.kind === 'numbers' && profile.ordered;

/** Returns the squared correlation of two columns of numbers; null where one of them holds no numbers. */
function correlationWithTarget(
  profile: ColumnProfile,
  { target, sample, values, screen }: LeakageTarget,
): number | null {
  if (profile.kind === 'words' || target.classes !== null) return null;
  if (screen !== null) {
    const screened = correlationWithTarget(profile, screen);
    if (screened === null || screened < WORTH_ALL) return screened;
  }
  const [x0, y0] = [profile.sorted[profile.sorted.length >> 1], values[0]];
  let [n, sx, sy, sxx, syy, sxy] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < sample.length; i++) {
    const x = profile.values[sample[i]] - x0;
    const y = values[i] - y0;
    if (Number.isNaN(x)) continue;
    n++;
    sx += x;
    sy += y;
    sxx += x * x;
    syy += y * y;
    sxy += x * y;
  }
  const covariance = sxy - (sx * sy) / n;
  const variances = (sxx - (sx * sx) / n) * (syy - (sy * sy) / n);
  return n < LEAST_OF_CLASS || !(variances > 0) ? null : (covariance * covariance) / variances;
}

/**
 * Puts the sampled rows into bins: about equally many in each, equal values in the same; words by themselves.
 */
function bin(profile: ColumnProfile, { sample, target }: LeakageTarget): Binned | null {
  const classes = target.classes?.length ?? 1;
  if (profile.kind === 'words') {
    if (4 * profile.distinct > profile.present) return null; // most bins would have no row in the other half
    const { codes, words } = profile;
    const count = words.length + 1;
    if (count * classes > MOST_COUNTS) return null;
    return { bins: sample.map((row) => (codes[row] === NO_WORD ? words.length : codes[row])), count };
  }
  const { values, sorted } = profile;
  const wanted = Math.min(MOST_BINS, Math.max(2, Math.floor(sorted.length / BIN_ROWS)));
  const edges = [
    ...new Set(
      Array.from({ length: wanted - 1 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / wanted)]),
    ),
  ];
  const limits = Float64Array.from(edges);
  const count = limits.length + 2;
  if (count * classes > MOST_COUNTS) return null;
  const bins = sample.map((row) =>
    Number.isNaN(values[row]) ? count - 1 : lowerBound(limits, values[row], true),
  );
  return { bins, count };
}

/** A measure of how well a column predicts, and how to say it. */
interface Measured {
  readonly name: string;
  readonly value: number;
  readonly what: (shown: number) => string;
}

/** Both halves of the sample, as every second row of it; each is tried with the rule of the other. */
const HALVES = [0, 1] as const;

/** Measures the share of the variance of the target's ranks that the bins' means explain. */
function rankR2({ bins, count }: Binned, { wanted }: LeakageTarget): Measured {
  let [wrong, all] = [0, 0];
  for (const half of HALVES) {
    const sums = new Float64Array(count);
    const rows = new Uint32Array(count);
    for (let i = 1 - half; i < bins.length; i += 2) {
      sums[bins[i]] += wanted[i];
      rows[bins[i]]++;
    }
    for (let i = half; i < bins.length; i += 2) {
      const predicted = rows[bins[i]] === 0 ? 0.5 : sums[bins[i]] / rows[bins[i]];
      wrong += (wanted[i] - predicted) * (wanted[i] - predicted);
      all += (wanted[i] - 0.5) * (wanted[i] - 0.5);
    }
  }
  return { name: 'r2', value: 1 - wrong / all, what: (shown) => `an R² of ${shown} (of ranks)` };
}

/** Measures the area under the ROC curve, when rows are scored by their bin's share of the second class. */
function auc({ bins, count }: Binned, { wanted }: LeakageTarget): Measured | null {
  const second = wanted.reduce((sum, index) => sum + index, 0);
  if (Math.min(second, wanted.length - second) < LEAST_OF_CLASS) return null;
  const prior = second / wanted.length;
  const areas = HALVES.map((half) => {
    const seen = countClasses(bins, wanted, count, 2, 1 - half);
    const tried = countClasses(bins, wanted, count, 2, half);
    const score = Array.from(
      { length: count },
      (_, b) => (seen[2 * b + 1] + prior) / (seen[2 * b] + seen[2 * b + 1] + 1),
    );
    const order = score.map((_, b) => b).sort((a, b) => score[a] - score[b]);
    let [below, area, seconds] = [0, 0, 0];
    for (let start = 0, end = 0; start < count; start = end) {
      let [firsts, here] = [0, 0];
      for (; end < count && score[order[end]] === score[order[start]]; end++) {
        firsts += tried[2 * order[end]];
        here += tried[2 * order[end] + 1];
      }
      area += here * (below + firsts / 2);
      below += firsts;
      seconds += here;
    }
    return area / (below * seconds);
  });
  return { name: 'auc', value: (areas[0] + areas[1]) / 2, what: (shown) => `an AUC of ${shown}` };
}

/**
 * Measures the share of the wrong guesses of "always the most frequent class" that the bins' classes avoid.
 */
function gain({ bins, count }: Binned, { wanted, target }: LeakageTarget): Measured {
  const classes = target.classes!.length;
  let [wrong, always] = [0, 0];
  for (const half of HALVES) {
    const seen = countClasses(bins, wanted, count, classes, 1 - half);
    const totals = new Uint32Array(classes);
    seen.forEach((rows, i) => {
      totals[i % classes] += rows;
    });
    const usual = totals.indexOf(Math.max(...totals));
    const guess = Array.from({ length: count }, (_, b) => {
      const rows = seen.subarray(b * classes, (b + 1) * classes);
      const most = Math.max(...rows);
      return most === 0 ? usual : rows.indexOf(most);
    });
    for (let i = half; i < bins.length; i += 2) {
      if (guess[bins[i]] !== wanted[i]) wrong++;
      if (usual !== wanted[i]) always++;
    }
  }
  const accuracy = 1 - wrong / bins.length;
  const usual = 1 - always / bins.length;
  return {
    name: 'errorsAvoided',
    value: 1 - wrong / always,
    what: () =>
      `an accuracy of ${Number((100 * accuracy).toFixed(1))} % (the most frequent class has ${Number((100 * usual).toFixed(1))} %)`,
  };
}

/** Counts the rows of one half by bin and class: [bins, classes]. */
function countClasses(
  bins: Uint32Array,
  wanted: Float64Array,
  count: number,
  classes: number,
  half: number,
): Uint32Array {
  const counts = new Uint32Array(count * classes);
  for (let i = half; i < bins.length; i += 2) counts[bins[i] * classes + wanted[i]]++;
  return counts;
}
