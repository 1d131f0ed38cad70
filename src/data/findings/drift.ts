/** Compares validation or test rows with the training rows, column by column. */

import { ln } from '../../elementary.js';
import { atShare } from '../../statistics.js';
import { sortedPresent } from '../statistics.js';
import { dayName } from '../tables/dates.js';
import { counted, examples } from '../words.js';
import { dropping } from './columnchecks.js';
import { type Finding, shareText, shortNumber } from './finding.js';
import type { ColumnProfile, ExaminedTarget, NumberProfile, WordProfile } from './profile.js';

/** Distances below this change a prediction less than other things do, however certain they are. */
const LEAST_DISTANCE = 0.15;
/** Share of missing values, or of rows with unseen categories, that is worth a word. */
const LEAST_MISSING_DIFFERENCE = 0.05;
const LEAST_UNSEEN = { rows: 5, share: 0.01 };
/** Chance of a false alarm in a whole table: it is divided by the number of columns (Bonferroni). */
const FALSE_ALARM = 1e-3;
/**
 * Standard errors by which shares of missing values must differ: 4 happen by chance once in 16,000 columns.
 */
const STANDARD_ERRORS = 4;

/** A part that is compared with the training rows. */
interface ComparedPart {
  readonly part: 'validation' | 'test';
  /** Number of columns that are compared. */
  readonly columns: number;
}

/** Returns findings for a column whose values are distributed differently in another part. */
export function checkDrift(train: ColumnProfile, other: ColumnProfile, compared: ComparedPart): Finding[] {
  if (train.kind === 'numbers' && other.kind === 'numbers') return checkNumbers(train, other, compared);
  if (train.kind === 'words' && other.kind === 'words') return checkWords(train, other, compared);
  return [];
}

const remedyFor = (name: string, part: string): string =>
  `train on rows like those of the ${part} data, or ${dropping([name])}`;

function checkNumbers(
  train: NumberProfile,
  other: NumberProfile,
  { part, columns }: ComparedPart,
): Finding[] {
  const { name, isDate } = train;
  const [n, m] = [train.sorted.length, other.sorted.length];
  if (n === 0 || m === 0) return [];
  const distance = kolmogorovSmirnov(train.sorted, other.sorted);
  if (distance < Math.max(LEAST_DISTANCE, largestByChance(n, m, columns))) return [];
  const medians = [atShare(train.sorted, 0.5), atShare(other.sorted, 0.5)];
  const [before, now] = medians.map((value) => (isDate ? dayName(value) : shortNumber(value)));
  return [
    {
      kind: 'drift',
      columns: [name],
      part,
      evidence: `distributed differently in the ${part} data: the median is ${now}, in training ${before} (Kolmogorov–Smirnov distance ${shortNumber(distance)})`,
      figures: { distance, trainingMedian: medians[0], median: medians[1] },
      remedy: remedyFor(name, part),
    },
  ];
}

/** Returns the largest distance between the shares of values up to x in two sorted samples, over all x. */
function kolmogorovSmirnov(a: Float64Array, b: Float64Array): number {
  let largest = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const value = Math.min(a[i], b[j]);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    largest = Math.max(largest, Math.abs(i / a.length - j / b.length));
  }
  return largest;
}

/** Returns the Kolmogorov–Smirnov distance that chance exceeds with probability FALSE_ALARM / columns. */
const largestByChance = (n: number, m: number, columns: number): number =>
  Math.sqrt((-ln(FALSE_ALARM / columns / 2) / 2) * (1 / n + 1 / m));

function checkWords(train: WordProfile, other: WordProfile, { part, columns }: ComparedPart): Finding[] {
  const counts = new Map(other.words.map((word, code) => [word, other.counts[code]]));
  const known = new Map(train.words.map((word, code) => [word, train.counts[code]]));
  if (train.present === 0 || other.present === 0) return [];
  const unseen = [...counts].filter(([word, count]) => count > 0 && !known.get(word));
  const rows = unseen.reduce((sum, [, count]) => sum + count, 0);
  const { name } = train;
  const findings: Finding[] = [];
  if (rows >= LEAST_UNSEEN.rows && rows >= LEAST_UNSEEN.share * other.present) {
    const share = rows / other.present;
    findings.push({
      kind: 'unseen',
      columns: [name],
      part,
      evidence: `${counted(rows, `${part} row`)} (${shareText(share)}) hold categories that no training row has (${examples(
        unseen.map(([word]) => word),
        3,
      )})`,
      figures: { rows, share, categories: unseen.length },
      remedy: `train on rows that have them, or ${dropping([name])}`,
    });
  }
  const shares = [...new Set([...known.keys(), ...counts.keys()])].map((word) => [
    (known.get(word) ?? 0) / train.present,
    (counts.get(word) ?? 0) / other.present,
  ]);
  const distance = shares.reduce((sum, [p, q]) => sum + Math.abs(p - q), 0) / 2;
  const chance = variationByChance(shares, train.present, other.present, columns);
  if (distance < Math.max(LEAST_DISTANCE, chance)) return findings;
  findings.push({
    kind: 'drift',
    columns: [name],
    part,
    evidence: `distributed differently in the ${part} data: ${largestChange(train, counts, other.present)} (total variation ${shortNumber(distance)})`,
    figures: { distance },
    remedy: remedyFor(name, part),
  });
  return findings;
}

/**
 * Returns a total variation that chance exceeds with at most probability FALSE_ALARM / columns: a bound of
 * the mean, ½Σ√(p(1/n + 1/m)), and McDiarmid's bound of what lies above it.
 */
function variationByChance(shares: readonly number[][], n: number, m: number, columns: number): number {
  const scale = 1 / n + 1 / m;
  const average = shares.reduce((sum, [p, q]) => sum + Math.sqrt(((n * p + m * q) / (n + m)) * scale), 0) / 2;
  return average + Math.sqrt((-ln(FALSE_ALARM / columns) * scale) / 2);
}

/** Names the category whose share changes most. */
function largestChange(train: WordProfile, counts: ReadonlyMap<string, number>, rows: number): string {
  const words = new Set([...train.words, ...counts.keys()]);
  const before = new Map(train.words.map((word, code) => [word, train.counts[code] / train.present]));
  let [most, text] = [-1, ''];
  for (const word of words) {
    const [p, q] = [before.get(word) ?? 0, (counts.get(word) ?? 0) / rows];
    if (Math.abs(p - q) <= most) continue;
    most = Math.abs(p - q);
    text = `${examples([word])} in ${shareText(q)} of the rows, in training in ${shareText(p)}`;
  }
  return text;
}

/** Returns a finding for a target whose classes or values are distributed differently in another part. */
export function checkTargetDrift(
  train: ExaminedTarget,
  trainRows: Uint32Array,
  other: ExaminedTarget,
  otherRows: Uint32Array,
  compared: ComparedPart,
): Finding[] {
  const profile = ({ name, classes, values }: ExaminedTarget, rows: Uint32Array): ColumnProfile => {
    const common = { name, present: rows.length, missing: 0, constant: false, agreement: 0 };
    if (classes === null) {
      const sorted = sortedPresent(values, rows);
      const [min, max] = [sorted[0], sorted[sorted.length - 1]];
      const unused = { values: new Float64Array(0), isDate: false, whole: false, ordered: false };
      return { ...common, ...unused, kind: 'numbers', min, max, sorted };
    }
    const counts = new Uint32Array(classes.length);
    for (const row of rows) counts[values[row]]++;
    return {
      ...common,
      kind: 'words',
      words: classes,
      codes: new Uint32Array(0),
      counts,
      distinct: classes.length,
    };
  };
  const { part } = compared;
  return checkDrift(profile(train, trainRows), profile(other, otherRows), compared)
    .filter(({ kind }) => kind === 'drift')
    .map((finding) => ({
      ...finding,
      evidence: `the target is ${finding.evidence}`,
      remedy: `train on rows like those of the ${part} data`,
    }));
}

/** Returns a finding for a column whose share of missing values differs between training and another part. */
export function checkMissing(train: ColumnProfile, other: ColumnProfile, { part }: ComparedPart): Finding[] {
  const [n, m] = [train.present + train.missing, other.present + other.missing];
  if (n === 0 || m === 0) return [];
  const [p, q] = [train.missing / n, other.missing / m];
  const pooled = (train.missing + other.missing) / (n + m);
  const error = Math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m));
  const difference = Math.abs(p - q);
  if (difference < LEAST_MISSING_DIFFERENCE || difference < STANDARD_ERRORS * error) return [];
  const { name } = train;
  return [
    {
      kind: 'missing',
      columns: [name],
      part,
      evidence: `missing in ${shareText(q)} of the ${part} rows, but in ${shareText(p)} of the training rows`,
      figures: { training: p, [part]: q },
      remedy: `find out why, or ${dropping([name])}`,
    },
  ];
}
