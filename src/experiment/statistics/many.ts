/** Compares one configuration with many, with Holm's correction. */
import { comparisonSentence, type SentenceOptions, SIGNIFICANT } from './sentence.js';
import { type ComparisonOptions, comparePaired, holm, type PairedComparison } from './statistics.js';

/** A configuration with its metric, one value for each seed or fold. */
export interface Competitor {
  readonly name: string;
  readonly values: readonly number[];
}

/** One of several comparisons. */
export interface AdjustedComparison extends PairedComparison {
  readonly name: string;
  /** Holm's p-value, which accounts for the number of comparisons; null with one pair. */
  readonly adjusted: number | null;
  /** Whether a difference is shown when all comparisons are looked at together. */
  readonly shown: boolean;
  readonly sentence: string;
}

/**
 * Compares one configuration, such as the best, with others on the same seeds or folds. The more there are,
 * the more likely is it that one of them differs by chance, so the p-values are Holm's.
 *
 * @throws UsageError where the numbers of values differ
 * @example
 * ```js
 * import { compareWithMany } from 'gradpool';
 *
 * const best = { name: 'wide', values: [0.93, 0.95, 0.94, 0.92, 0.96] };
 * const others = [
 *   { name: 'narrow', values: [0.9, 0.93, 0.91, 0.9, 0.93] },
 *   { name: 'deep', values: [0.93, 0.94, 0.95, 0.91, 0.97] },
 * ];
 * const reading = { greaterIsBetter: true, scale: 100, unit: 'points' };
 * const found = compareWithMany(best, others, reading);
 * console.log(found[0].sentence); // → wide beats narrow by 2.60 points [1.92, 3.28], p < 0.001, 5 seeds
 * console.log(found.map(({ shown }) => shown)); // → [ true, false ]
 * ```
 */
export function compareWithMany(
  one: Competitor,
  others: readonly Competitor[],
  reading: Omit<SentenceOptions, 'p'>,
  options: ComparisonOptions = {},
): AdjustedComparison[] {
  const found = others.map(({ values }) => comparePaired(one.values, values, options));
  const tested = found.flatMap(({ p }, i) => (p === null ? [] : [{ p, i }]));
  const adjusted = new Map(holm(tested.map(({ p }) => p)).map((p, at) => [tested[at].i, p]));
  return found.map((comparison, i) => {
    const p = adjusted.get(i) ?? null;
    const { name } = others[i];
    const given = p === null ? reading : { ...reading, p };
    const sentence = comparisonSentence(one.name, name, comparison, given);
    return { ...comparison, name, adjusted: p, shown: p !== null && p < SIGNIFICANT, sentence };
  });
}
