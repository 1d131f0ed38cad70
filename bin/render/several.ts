/** Tells the trainings of a bag or a cross-validation apart. */
import type { StartEvent } from '../../src/train/events.js';

/** An event of one of several trainings. */
export interface Numbered {
  readonly member?: number;
  readonly fold?: number;
}

/** Returns the number of the bag's member or of the fold that an event is of. */
export const numberOf = ({ member, fold }: Numbered): number | undefined => member ?? fold;

/** Returns how a bag's member or a fold began, counted from 1. */
export const ownStart = ({ bag, folds }: Pick<StartEvent, 'bag' | 'folds'>, number: number) =>
  (bag ?? folds)?.[number - 1];
