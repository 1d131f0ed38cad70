/** What each configuration of a sweep is trained with: every seed, or every fold of every seed. */
import type { Folds } from '../meaninterval.js';

/** What one training of a configuration is told apart by. */
export interface Unit {
  readonly seed: number;
  /** The fold of the cross-validation, counted from 1 through all repetitions; absent without one. */
  readonly fold?: number;
}

/** The trainings of each configuration. */
export interface Units {
  readonly all: readonly Unit[];
  /** Folds that share rows, which intervals account for; absent without a cross-validation. */
  readonly folds?: Folds;
}

/**
 * Returns the trainings of each configuration, in the order of the leaderboard.
 * @param folds of each seed; 0 without a cross-validation
 * @param testToTrain test rows over training rows of the folds
 */
export function unitsOf(seeds: readonly number[], folds: number, testToTrain: number): Units {
  if (folds === 0) return { all: seeds.map((seed) => ({ seed })) };
  const numbers = Array.from({ length: folds }, (_, fold) => fold + 1);
  return { all: seeds.flatMap((seed) => numbers.map((fold) => ({ seed, fold }))), folds: { testToTrain } };
}
