/** What metrics are functions of: predictions for rows whose targets are known, and what each row counts. */

/** Predicted classes for R rows whose classes are known. */
export interface ClassPredictions {
  /** The names of the C classes. */
  readonly classes: readonly string[];
  /** [R]: the index of each row's class. */
  readonly targets: ArrayLike<number>;
  /** [R]: the index of the class that is predicted for each row. */
  readonly predicted: ArrayLike<number>;
  /** [R, C], row by row; null where the network gives no probabilities. */
  readonly probabilities: ArrayLike<number> | null;
  /** [R]: what each row counts, 0 or more; null where all count the same. */
  readonly weights: ArrayLike<number> | null;
  /** Returns the rows in falling order of the probability of class k; equal ones in the order of the rows. */
  readonly ranked: (k: number) => Uint32Array;
}

/** Predicted numbers for R rows whose N targets are known. */
export interface ValuePredictions {
  readonly outputs: number;
  /** [R, N], in the targets' own units. */
  readonly targets: ArrayLike<number>;
  /** [R, N], in the targets' own units. */
  readonly predicted: ArrayLike<number>;
  /** The levels of the Q quantiles that are predicted; empty where none are. */
  readonly levels: readonly number[];
  /** [R, N, Q]: the predicted quantiles; null where none are. */
  readonly quantiles: ArrayLike<number> | null;
  /** [R]: what each row counts, 0 or more; null where all count the same. */
  readonly weights: ArrayLike<number> | null;
}

/** Says why a metric has no value, in a sentence without its full stop. */
export interface Undefined {
  readonly reason: string;
}

/** Makes the reason why a metric has no value. */
export function undefinedBecause(reason: string): Undefined {
  return { reason };
}

/** Above so many probabilities, the order of the rows is sorted anew each time instead of being kept. */
const MOST_KEPT = 2 ** 24;

/** Adds the ranking of the rows, which is computed when a metric first asks for it. */
export function classPredictions(given: Omit<ClassPredictions, 'ranked'>): ClassPredictions {
  const { classes, targets, probabilities } = given;
  const keeps = targets.length * classes.length <= MOST_KEPT;
  const kept: Uint32Array[] = [];
  const sorted = (k: number) => {
    const order = Uint32Array.from({ length: targets.length }, (_, row) => row);
    if (probabilities === null) return order;
    const score = Float64Array.from(order, (row) => probabilities[row * classes.length + k]);
    return order.sort((a, b) => score[b] - score[a] || a - b);
  };
  return {
    ...given,
    ranked(k) {
      if (!keeps) return sorted(k);
      kept[k] ??= sorted(k);
      return kept[k];
    },
  };
}

/** Returns the sum of the weights of all rows. */
export function totalWeight({ targets, weights, outputs = 1 }: Countable): number {
  if (weights === null) return targets.length / outputs;
  let total = 0;
  for (let row = 0; row < weights.length; row++) total += weights[row];
  return total;
}

interface Countable {
  readonly targets: ArrayLike<number>;
  readonly weights: ArrayLike<number> | null;
  readonly outputs?: number;
}
