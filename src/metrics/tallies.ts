/** Metrics of predicted classes: counts of rows by class, and what follows from them. */
import { mean } from '../statistics.js';
import { type ClassPredictions, type Undefined, undefinedBecause } from './predictions.js';

/** What the rows count in total, by class: the sums of a confusion matrix that every metric here needs. */
interface Tallies {
  /** [C]: rows of each class that are predicted as it. */
  readonly right: Float64Array;
  /** [C]: rows of each class. */
  readonly rows: Float64Array;
  /** [C]: rows that are predicted as each class. */
  readonly predicted: Float64Array;
  readonly total: number;
}

function tally({ classes, targets, predicted, weights }: ClassPredictions): Tallies {
  const [right, rows, of] = [0, 0, 0].map(() => new Float64Array(classes.length));
  let total = 0;
  for (let row = 0; row < targets.length; row++) {
    const weight = weights === null ? 1 : weights[row];
    rows[targets[row]] += weight;
    of[predicted[row]] += weight;
    if (targets[row] === predicted[row]) right[targets[row]] += weight;
    total += weight;
  }
  return { right, rows, predicted: of, total };
}

/** Returns the confusion matrix: what the rows of class i that are predicted as j count, by [i][j]. */
export function confusionMatrix({ classes, targets, predicted, weights }: Labelled): number[][] {
  const counts = classes.map(() => new Array<number>(classes.length).fill(0));
  for (let row = 0; row < targets.length; row++) {
    counts[targets[row]][predicted[row]] += weights === null ? 1 : weights[row];
  }
  return counts;
}

type Labelled = Omit<ClassPredictions, 'ranked' | 'probabilities'>;

/** The scores of one class. */
export interface ClassScores {
  readonly class: string;
  /** The share of the rows predicted as this class that belong to it; null when there are none. */
  readonly precision: number | null;
  /** The share of the rows of this class that were predicted as it; null when there are none. */
  readonly recall: number | null;
  /** The harmonic mean of the two; null when the class is in no row and predicted for none. */
  readonly f1: number | null;
  /** The rows of this class, or the sum of their weights. */
  readonly rows: number;
}

/** Returns the scores of each class. */
export function classScores(predictions: ClassPredictions): ClassScores[] {
  const tallies = tally(predictions);
  return predictions.classes.map((name, k) => ({
    class: name,
    precision: SHARES.precision(tallies, k),
    recall: SHARES.recall(tallies, k),
    f1: SHARES.f1(tallies, k),
    rows: tallies.rows[k],
  }));
}

const ratio = (part: number, whole: number) => (whole === 0 ? null : part / whole);

/** What can be averaged over classes; null where nothing can be divided by. */
const SHARES = {
  precision: ({ right, predicted }: Tallies, k: number) => ratio(right[k], predicted[k]),
  recall: ({ right, rows }: Tallies, k: number) => ratio(right[k], rows[k]),
  f1: ({ right, rows, predicted }: Tallies, k: number) => ratio(2 * right[k], rows[k] + predicted[k]),
};
/** What can be averaged over classes. */
type Share = keyof typeof SHARES;

/**
 * Returns the mean over the classes that occur, in the targets or in the predictions. As in scikit-learn, a
 * class that is never predicted has precision 0 there, and one without rows recall 0.
 */
export const macro = (share: Share) => (predictions: ClassPredictions) => {
  const tallies = tally(predictions);
  return mean(occurring(tallies).map((k) => SHARES[share](tallies, k) ?? 0));
};

/** Returns the mean over the classes, each counting as its rows do. */
export const weighted = (share: Share) => (predictions: ClassPredictions) => {
  const tallies = tally(predictions);
  const values = Array.from(tallies.rows, (rows, k) => rows * (SHARES[share](tallies, k) ?? 0));
  return values.reduce((sum, value) => sum + value, 0) / tallies.total;
};

/**
 * Returns the ratio of sums over all classes, which for one class a row is the share of right rows: the micro
 * averages of precision, recall and F1 are all the accuracy.
 */
export function accuracy(predictions: ClassPredictions): number {
  const { right, total } = tally(predictions);
  return right.reduce((sum, part) => sum + part, 0) / total;
}

/** Returns the mean recall of the classes that have rows. */
export function balancedAccuracy(predictions: ClassPredictions): number {
  const { right, rows } = tally(predictions);
  return mean([...rows.keys()].filter((k) => rows[k] > 0).map((k) => right[k] / rows[k]));
}

function occurring({ rows, predicted }: Tallies): number[] {
  return [...rows.keys()].filter((k) => rows[k] > 0 || predicted[k] > 0);
}

/**
 * Returns Matthews' correlation coefficient of targets and predictions (for more than two classes, Gorodkin
 * 2004), which is 0 where all predictions are the same.
 */
export function matthews(predictions: ClassPredictions): number | Undefined {
  const { right, rows, predicted, total } = tally(predictions);
  if (present(rows) < 2) return undefinedBecause(`all rows are of one class (${only(predictions, rows)})`);
  if (present(predicted) < 2) return 0;
  const s = right.reduce((sum, part) => sum + part, 0);
  const covariance = s * total - dot(rows, predicted);
  const variances = (total * total - dot(rows, rows)) * (total * total - dot(predicted, predicted));
  return covariance / Math.sqrt(variances);
}

/** Returns Cohen's κ: by how much predictions agree with the targets beyond what their shares alone give. */
export function cohen(predictions: ClassPredictions): number | Undefined {
  const { right, rows, predicted, total } = tally(predictions);
  if (occurring({ right, rows, predicted, total }).length < 2) {
    return undefinedBecause(`all rows are of one class (${only(predictions, rows)}), and predicted as it`);
  }
  const s = right.reduce((sum, part) => sum + part, 0);
  return 1 - (total - s) / (total - dot(rows, predicted) / total);
}

function present(counts: Float64Array): number {
  return counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
}

/** Returns the name of the first class that has rows. */
function only({ classes }: ClassPredictions, rows: Float64Array): string {
  return classes[rows.findIndex((count) => count > 0)];
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}
