/** Defines what is decided about a column, and what the decision may look at besides the column itself. */
import { MISSING_WORDS, type Reading } from '../reading.js';
import type { ColumnOverrides } from './overrides.js';

/**
 * A column context holds what is known about the column and its file when its words alone leave a question
 * open.
 */
export interface ColumnContext {
  /** The decimal mark that other columns of the file surely use; null if unknown. */
  readonly decimal: '.' | ',' | null;
  readonly isTarget: boolean;
}

/** A column decision says how the column is read, why, and what has to be asked first. */
export interface ColumnDecision {
  readonly reading: Reading;
  /** The reason, to be told to the user; null if nothing was assumed. */
  readonly why: string | null;
  /** The question to ask, with the flags that answer it, if two readings fit every value and differ. */
  readonly question: string | null;
  /** Whether the user wants a category, however many different values there are. */
  readonly forced: boolean;
}

/** Returns the decision for a reading that needs no reason and leaves no question. */
export const decisionFor = (reading: Reading): ColumnDecision => ({
  reading,
  why: null,
  question: null,
  forced: false,
});

/** Returns the words that mean "missing" in any column: the usual ones and those that the user adds. */
export const missingWords = ({ missing }: ColumnOverrides): string[] => [
  ...new Set([...MISSING_WORDS, ...missing]),
];
