/** Checks single columns: constants, identifiers, values that stand for a missing one, and extreme values. */
import { atShare } from '../../statistics.js';
import { dayName } from '../tables/dates.js';
import { counted, shellWord } from '../words.js';
import { type Finding, shareText, shortNumber } from './finding.js';
import type { ColumnProfile, NumberProfile, WordProfile } from './profile.js';

/** Returns one finding for all columns that hold a single value. */
export function checkConstants(profiles: readonly ColumnProfile[]): Finding[] {
  const columns = profiles
    .filter(({ constant, missing }) => constant && missing === 0)
    .map(({ name }) => name);
  if (columns.length === 0) return [];
  return [
    {
      kind: 'constant',
      columns,
      part: null,
      evidence: `${columns.length === 1 ? 'holds one value in every row and is' : 'each holds one value in every row, and they are'} left out`,
      figures: { columns: columns.length },
      remedy: dropping(columns),
    },
  ];
}

/** Writes the flag that drops columns. */
export const dropping = (columns: readonly string[]): string => `--drop ${shellWord(columns.join(','))}`;

/** Fewest rows in which values that all differ say something. */
const LEAST_ROWS = 20;
/** Share of different words from which on words name rows; free text with a few repeats is meant as well. */
const DIFFERENT_WORDS = 0.95;
/**
 * Pairs of equal values that whole numbers drawn at random from their range would have: with 10 expected,
 * none is found in one table of 22,000.
 */
const EXPECTED_REPEATS = 10;
/** Years differ from row to row in a table of years, and are a quantity all the same. */
const YEARS = [1500, 2200] as const;

/** Returns a finding if the column names the rows. */
export function checkIdentifier(profile: ColumnProfile): Finding[] {
  const { name, present } = profile;
  if (present < LEAST_ROWS) return [];
  const evidence = profile.kind === 'words' ? differentWords(profile) : differentNumbers(profile);
  if (evidence === null) return [];
  const { text, distinct } = evidence;
  const kind = profile.kind === 'words' ? 'names' : 'identifier';
  const figures = { distinct, rows: present };
  return [{ kind, columns: [name], part: null, evidence: text, figures, remedy: dropping([name]) }];
}

function differentWords({ distinct, present }: WordProfile): { text: string; distinct: number } | null {
  if (distinct < DIFFERENT_WORDS * present) return null;
  return { text: `names the rows: ${distinct} different words in ${counted(present, 'row')}`, distinct };
}

function differentNumbers(profile: NumberProfile): { text: string; distinct: number } | null {
  const { whole, isDate, min, max, present, ordered, sorted, values } = profile;
  if (!whole || isDate || (min >= YEARS[0] && max <= YEARS[1])) return null;
  const expected = (present * (present - 1)) / 2 / (max - min + 1);
  if (expected < EXPECTED_REPEATS || !allDiffer(sorted)) return null;
  if (!ordered && sorted.length < present && !allDiffer(Float64Array.from(values).sort())) return null;
  const range = `${shortNumber(min)} … ${shortNumber(max)}`;
  const text = ordered
    ? `counts the rows: ${range}, in order and never the same twice`
    : `names the rows: ${present} whole numbers from ${range}, never the same twice`;
  return { text, distinct: present };
}

/** Whether sorted values are all different; missing ones, which sort to the end, are left out. */
function allDiffer(sorted: Float64Array): boolean {
  for (let i = 1; i < sorted.length; i++) if (sorted[i] === sorted[i - 1]) return false;
  return true;
}

/** Numbers that programs write for a missing value: nines, alone or negative. */
const NINES = /^-?9{2,}$|^-9$/;
/** Fewest rows that hold a sentinel: fewer may be mistakes of another kind. */
const LEAST_SENTINELS = 3;

/** Returns a finding for a smallest or largest value that looks like a word for "missing". */
export function checkSentinels(profile: ColumnProfile, rows: Uint32Array): Finding[] {
  if (profile.kind === 'words' || profile.isDate || profile.constant) return [];
  const { name, min, max, present } = profile;
  return [min, max].flatMap((value): Finding[] => {
    if (!NINES.test(String(value))) return [];
    const { count, least, most } = around(profile, value, rows);
    const gap = value < least ? least - value : value - most;
    if (count < LEAST_SENTINELS || !(gap > most - least)) return [];
    const others = `all other values lie in ${shortNumber(least)} … ${shortNumber(most)}`;
    return [
      {
        kind: 'sentinel',
        columns: [name],
        part: null,
        evidence: `${value} stands in ${counted(count, 'row')} (${shareText(count / present)}) where ${others}, so it may mean "missing"`,
        figures: { value, rows: count, share: count / present, least, most },
        remedy: `--missing ${value}`,
      },
    ];
  });
}

/** Counts the rows with a value, and returns the range of all values but it and its mirror image. */
function around({ values }: NumberProfile, value: number, rows: Uint32Array) {
  let count = 0;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (const row of rows) {
    const other = values[row];
    if (other === value) count++;
    if (Math.abs(other) === Math.abs(value)) continue;
    if (other < least) least = other;
    if (other > most) most = other;
  }
  return { count, least, most };
}

/** Says which values of a column are extreme. */
interface Extremes {
  /** Distance from the median, in interquartile ranges. */
  readonly ranges: number;
  /** Share of the column's sum of squares (around the median) that the extreme values hold. */
  readonly squares: number;
}

/** A value at 100 interquartile ranges moves mean and deviation of 10,000 rows by more than their size. */
const INPUT_EXTREMES: Extremes = { ranges: 100, squares: 0.9 };
/**
 * Squared errors follow the target's largest values sooner than inputs matter. A log-normal target with σ = 1
 * has 35 % of its variance there and is not reported.
 */
const TARGET_EXTREMES: Extremes = { ranges: 10, squares: 0.5 };
/** Where more rows than this are extreme, the column is skewed rather than hit by a few values. */
const FEW = 0.01;

/** Returns a finding for a column of which a few values hold nearly all of the variance. */
export function checkScale(profile: ColumnProfile, rows: Uint32Array): Finding[] {
  if (profile.kind === 'words' || !reaches(profile, INPUT_EXTREMES.ranges)) return [];
  const { name, isDate, values, sorted } = profile;
  const write = isDate ? dayName : shortNumber;
  const found = extremes(values, sorted, rows, INPUT_EXTREMES, write);
  if (found === null) return [];
  const { farthest, median, interquartileRange, rows: count } = found.figures;
  const reach = INPUT_EXTREMES.ranges * interquartileRange;
  const query = `leave their rows out in a query (WHERE "${name}" BETWEEN ${shortNumber(median - reach)} AND ${shortNumber(median + reach)})`;
  const other = count === 1 || isDate ? `name them as missing (--missing ${write(farthest)})` : query;
  return [
    {
      kind: 'scale',
      columns: [name],
      part: null,
      evidence: found.text,
      figures: found.figures,
      remedy: `correct these values, or ${other}`,
    },
  ];
}

/** Whether the smallest or the largest value lies beyond so many interquartile ranges from the median. */
function reaches({ sorted, min, max }: NumberProfile, ranges: number): boolean {
  const median = atShare(sorted, 0.5);
  const reach = ranges * (atShare(sorted, 0.75) - atShare(sorted, 0.25));
  return max - median > reach || median - min > reach;
}

/** Returns a finding for a regression target of which a few values hold most of the variance. */
export function checkOutliers(
  target: string,
  values: ArrayLike<number>,
  sorted: Float64Array,
  rows: Uint32Array,
): Finding[] {
  const found = extremes(values, sorted, rows, TARGET_EXTREMES, shortNumber);
  if (found === null) return [];
  const remedy = 'correct them, or weigh them less with --loss huber';
  return [
    { kind: 'outliers', columns: [target], part: null, evidence: found.text, figures: found.figures, remedy },
  ];
}

/** Finds the values far from the median. Returns null if there are none, or too many to be extreme. */
function extremes(
  values: ArrayLike<number>,
  sorted: Float64Array,
  rows: Uint32Array,
  { ranges, squares }: Extremes,
  write: (value: number) => string,
) {
  const median = atShare(sorted, 0.5);
  const spread = atShare(sorted, 0.75) - atShare(sorted, 0.25);
  if (sorted.length < LEAST_ROWS || !(spread > 0)) return null;
  let count = 0;
  let all = 0;
  let far = 0;
  let farthest = median;
  for (let r = 0; r < rows.length; r++) {
    const distance = (values[rows[r]] - median) / spread;
    if (Number.isNaN(distance)) continue;
    all += distance * distance;
    if (distance <= ranges && distance >= -ranges) continue;
    count++;
    far += distance * distance;
    if (Math.abs(values[rows[r]] - median) > Math.abs(farthest - median)) farthest = values[rows[r]];
  }
  if (count === 0 || count > Math.max(1, FEW * rows.length) || far < squares * all) return null;
  const variance = far / all;
  const where = `beyond ${ranges} interquartile ranges from the median ${write(median)}, the farthest ${write(farthest)}`;
  const text = `${counted(count, 'value')} ${where}, ${count === 1 ? 'holds' : 'hold'} ${shareText(variance)} of the variance`;
  return { text, figures: { rows: count, farthest, median, interquartileRange: spread, variance } };
}
