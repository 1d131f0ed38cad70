/** Metrics of how probabilities rank the rows: each class against the rest, averaged over the classes. */
import { type ClassPredictions, type Undefined, undefinedBecause } from './predictions.js';

/** Rows of one class and of the others, by what they count. */
interface Counts {
  readonly positive: number;
  readonly negative: number;
}

/**
 * Walks down the ranking by class k and hands over what each group of rows with one probability counts. Equal
 * probabilities make one group, because no threshold separates them.
 */
function walk(
  predictions: ClassPredictions,
  k: number,
  group: (counts: Counts, probability: number) => void,
): void {
  const { classes, targets, weights } = predictions;
  const probabilities = predictions.probabilities!;
  const order = predictions.ranked(k);
  const score = (at: number) => probabilities[order[at] * classes.length + k];
  let [positive, negative] = [0, 0];
  for (let at = 0; at < order.length; at++) {
    const weight = weights === null ? 1 : weights[order[at]];
    if (targets[order[at]] === k) positive += weight;
    else negative += weight;
    if (at + 1 < order.length && score(at + 1) === score(at)) continue;
    group({ positive, negative }, score(at));
    [positive, negative] = [0, 0];
  }
}

/** A row of each class against the rest: the area under a curve, and what the class's rows count. */
interface ClassArea extends Counts {
  readonly area: number;
}

/**
 * Returns the area under the ROC curve: the probability that a row of the class ranks above one of another
 * class, where equal ones count half.
 */
function rocArea(predictions: ClassPredictions, k: number): ClassArea {
  let [positive, negative, area] = [0, 0, 0];
  walk(predictions, k, (group) => {
    area += group.negative * (positive + group.positive / 2);
    positive += group.positive;
    negative += group.negative;
  });
  return { area: area / positive / negative, positive, negative };
}

/** Returns the average precision: the mean over the class's rows of the precision down to their group. */
function averagePrecision(predictions: ClassPredictions, k: number): ClassArea {
  let [positive, negative, area] = [0, 0, 0];
  walk(predictions, k, (group) => {
    positive += group.positive;
    negative += group.negative;
    if (group.positive > 0) area += (group.positive * positive) / (positive + negative);
  });
  return { area: area / positive, positive, negative };
}

/** A point of a curve: what a threshold at `probability` gives. */
export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Rows with this probability or a greater one are taken for the class. */
  readonly probability: number;
}

/**
 * Returns the ROC curve of class k against the rest: the share of other rows that are taken for it across,
 * the share of its own rows up. Null where it or the rest has no rows.
 */
export function rocCurve(predictions: ClassPredictions, k: number): CurvePoint[] | null {
  const { groups, positive, negative } = cumulated(predictions, k);
  if (!(positive > 0 && negative > 0)) return null;
  const points = groups.map((group) => ({
    x: group.negative / negative,
    y: group.positive / positive,
    probability: group.probability,
  }));
  return [{ x: 0, y: 0, probability: Number.POSITIVE_INFINITY }, ...points];
}

/**
 * Returns the precision-recall curve of class k: recall across, precision up. Null where it has no rows.
 */
export function precisionRecallCurve(predictions: ClassPredictions, k: number): CurvePoint[] | null {
  const { groups, positive } = cumulated(predictions, k);
  if (!(positive > 0)) return null;
  return groups.map((group) => ({
    x: group.positive / positive,
    y: group.positive / (group.positive + group.negative),
    probability: group.probability,
  }));
}

/** Adds up what the groups of a ranking count, from its top down. */
function cumulated(predictions: ClassPredictions, k: number) {
  let [positive, negative] = [0, 0];
  const groups: (Counts & { readonly probability: number })[] = [];
  walk(predictions, k, (group, probability) => {
    positive += group.positive;
    negative += group.negative;
    groups.push({ positive, negative, probability });
  });
  return { groups, positive, negative };
}

/** Says how a ranking is measured: which area, and whether a class needs rows of other classes too. */
interface RankingMetric {
  readonly area: (predictions: ClassPredictions, k: number) => ClassArea;
  readonly needsOthers: boolean;
}

export const ROC: RankingMetric = { area: rocArea, needsOthers: true };
export const PRECISION_RECALL: RankingMetric = { area: averagePrecision, needsOthers: false };

/**
 * Averages a ranking metric over the classes, all alike or each as its rows count. With two classes it is
 * that of the second, as in scikit-learn.
 */
export const averagedRanking =
  ({ area, needsOthers }: RankingMetric, average: 'macro' | 'weighted') =>
  (predictions: ClassPredictions): number | Undefined => {
    const { classes } = predictions;
    const binary = classes.length === 2;
    let [sum, total] = [0, 0];
    for (let k = binary ? 1 : 0; k < classes.length; k++) {
      const found = area(predictions, k);
      if (needsOthers && found.negative === 0) {
        return undefinedBecause(`all rows are of one class (${classes[k]})`);
      }
      if (found.positive === 0) {
        if (average === 'weighted' && !binary) continue;
        return undefinedBecause(`class ${classes[k]} has no rows`);
      }
      const weight = average === 'macro' ? 1 : found.positive;
      sum += weight * found.area;
      total += weight;
    }
    return sum / total;
  };
