/** Says in one sentence what a comparison shows. */
import { type PairedComparison, seedsNeeded } from './statistics.js';

/** How the metric is read. */
export interface SentenceOptions {
  readonly greaterIsBetter: boolean;
  /** What the metric is multiplied with where it is shown: 100 makes percentage points of a share. */
  readonly scale?: number;
  /** The unit that is then named, such as 'points'. */
  readonly unit?: string;
  /** A p-value that stands in for the comparison's own, such as Holm's. */
  readonly p?: number;
}

/** Below this p-value a comparison shows a difference. */
export const SIGNIFICANT = 0.05;

/**
 * Returns 'A beats B by 0.31 points [0.12, 0.49], p = 0.003, 10 seeds' where the comparison shows a
 * difference, else 'no difference between A and B shown (±0.4 points with 5 seeds; about 30 would show 0.2)'.
 *
 * @example
 * ```js
 * import { compare, comparisonSentence } from 'gradpool';
 *
 * const found = compare([0.21, 0.25, 0.22], [0.31, 0.36, 0.33]);
 * const sentence = comparisonSentence('Adam', 'SGD', found, { greaterIsBetter: false });
 * console.log(sentence); // → Adam beats SGD by 0.107 [0.092, 0.121], p < 0.001, 3 seeds
 * ```
 */
export function comparisonSentence(
  a: string,
  b: string,
  comparison: PairedComparison,
  { greaterIsBetter, scale = 1, unit = '', p = comparison.p ?? 1 }: SentenceOptions,
): string {
  const { difference, interval, pairs, folds } = comparison;
  const noun = `${pairs} ${folds ? 'fold' : 'seed'}${pairs === 1 ? '' : 's'}`;
  const units = unit === '' ? '' : ` ${unit}`;
  if (interval === null) {
    return `no difference between ${a} and ${b} shown: ${noun} says nothing about the spread, so train with 2 or more`;
  }
  const half = ((interval.high - interval.low) / 2) * scale;
  if (!(p < SIGNIFICANT)) {
    if (half === 0) return `no difference between ${a} and ${b}: all ${noun} are equal`;
    return `no difference between ${a} and ${b} shown (±${rounded(half, half)}${units} with ${noun}${advice(comparison, half, scale)})`;
  }
  const [better, worse] = difference > 0 === greaterIsBetter ? [a, b] : [b, a];
  const ends = [interval.low * scale, interval.high * scale].map((end) => (difference > 0 ? end : -end));
  const [low, high] = ends.sort((x, y) => x - y).map((end) => rounded(end, half));
  const size = rounded(Math.abs(difference) * scale, half);
  return `${better} beats ${worse} by ${size}${units} [${low}, ${high}], ${pText(p)}, ${noun}`;
}

/** Says how many seeds would show half of what so many can show; folds cannot be added like that. */
function advice({ deviation, folds }: PairedComparison, half: number, scale: number): string {
  if (folds) return '';
  const wanted = Number((half / 2).toPrecision(1));
  const seeds = seedsNeeded(wanted / scale, deviation);
  return seeds === null ? '' : `; about ${seeds} would show ${wanted}`;
}

/** Writes a number with two significant digits of the interval's half width, so that both read alike. */
function rounded(value: number, half: number): string {
  if (half === 0) return String(Number(value.toPrecision(3)));
  let decimals = 0;
  while (decimals < 12 && Math.round(half * tenTo(decimals)) < 10) decimals++;
  return value.toFixed(decimals);
}

function tenTo(power: number): number {
  let value = 1;
  for (let i = 0; i < power; i++) value *= 10;
  return value;
}

function pText(p: number): string {
  return p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`;
}
