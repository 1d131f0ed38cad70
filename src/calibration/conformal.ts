/**
 * Split-conformal prediction (Vovk et al. 2005; Lei et al. 2018): a score says how badly a prediction fits a
 * target, and the scores of n rows that the network was not trained on say how large it will be on a new
 * row. If the n rows and the new one are exchangeable, its score is at most the ⌈(n+1)·level⌉-th smallest of
 * the n with a probability of at least `level`, whatever the network and the data.
 */
import { mostProbable } from './ece.js';
import type { ClassProbabilities, LabelledProbabilities } from './temperature.js';

/** Scores that a model keeps in all, and those of one list, at most and at least. */
const KEPT_IN_ALL = 20_000;
const KEPT = { most: 2000, least: 100 } as const;

/** Returns the highest level that n scores support, n/(n+1): beyond it an interval would have no end. */
export function highestLevel(rows: number): number {
  return rows / (rows + 1);
}

/** Returns ⌈(n+1)·level⌉, which is above n where n scores do not support the level. */
function conformalRank(rows: number, level: number): number {
  // 100·0.55 is 55.00000000000001 in floating point, and must stay rank 55.
  return Math.ceil((rows + 1) * level * (1 - 1e-14));
}

/**
 * Returns the scores in rising order, or of many scores a grid of these, entry i being the ⌈(i+1)n/m⌉-th
 * smallest. Each is rounded up to 7 digits, so that what is kept only ever widens an interval.
 * @param lists how many lists of scores the model keeps
 */
export function keptScores(scores: ArrayLike<number>, lists: number): number[] {
  const sorted = Float64Array.from(scores).sort();
  const rows = sorted.length;
  const most = Math.min(KEPT.most, Math.max(KEPT.least, Math.floor(KEPT_IN_ALL / lists)));
  const kept = Math.min(rows, most);
  return Array.from({ length: kept }, (_, i) => roundedUp(sorted[Math.ceil(((i + 1) * rows) / kept) - 1]));
}

/**
 * Returns the score that a new row's stays below with a probability of at least `level`.
 * @param kept what `keptScores` returned for `rows` scores
 */
export function conformalQuantile(kept: readonly number[], rows: number, level: number): number {
  const rank = conformalRank(rows, level);
  return rank > rows ? Number.POSITIVE_INFINITY : kept[Math.ceil((rank * kept.length) / rows) - 1];
}

/** Returns the smallest number of 7 digits that is not below the value. */
function roundedUp(value: number): number {
  const [mantissa, exponent] = value.toExponential(6).split('e');
  const nearest = Number(`${mantissa}e${exponent}`);
  if (nearest >= value) return nearest;
  const above = Number(`${Number(mantissa.replace('.', '')) + 1}e${Number(exponent) - 6}`);
  return Number.isFinite(above) ? above : value;
}

/**
 * Returns the score 1 − p_c of each row (Sadinle, Lei and Wasserman 2019). Of all sets that hold the right
 * class with a given probability, those that take every class above one threshold are the smallest on
 * average. Adaptive sets (APS, Romano et al. 2020) even out the coverage between easy and hard rows, but
 * without random numbers they are larger and cover more than was asked for.
 */
export function labelScores({ probabilities, classes, labels }: LabelledProbabilities): Float64Array {
  return Float64Array.from(labels, (label, row) => 1 - probabilities[row * classes + label]);
}

/**
 * Returns the classes of one row whose score is at most `quantile`, the most probable first. The most
 * probable class is always among them: an empty set would say nothing, and one class more can only help.
 */
export function predictionSet(
  { probabilities, classes }: ClassProbabilities,
  row: number,
  quantile: number,
): number[] {
  const at = row * classes;
  const best = mostProbable({ probabilities, classes }, row);
  const set: number[] = [];
  for (let j = 0; j < classes; j++) if (j === best || 1 - probabilities[at + j] <= quantile) set.push(j);
  return set.sort((a, b) => probabilities[at + b] - probabilities[at + a] || a - b);
}

/** A prediction as a range, whose ends are the same where the model predicts one value. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Returns by how much a target lies outside a range, negative inside: the score of conformalised quantile
 * regression (Romano et al. 2019). Where the ends are the same, it is |y − d|.
 */
export function intervalScore({ low, high }: Range, target: number): number {
  return Math.max(low - target, target - high);
}

/** Returns the range made wider by a score, or narrower, but never without the point prediction. */
export function interval({ low, high }: Range, point: number, quantile: number): Range {
  return { low: Math.min(point, low - quantile), high: Math.max(point, high + quantile) };
}
