/** Says how rows are parted: at random, by groups, by time, or as a column says. */
import type { TIME_WINDOWS } from './timeorder.js';

/** How rows are parted, beside the fractions that are kept back. */
export interface Parting {
  /** Folds of a cross-validation. */
  readonly cv?: number | undefined;
  /** How often the rows are parted into folds anew; default 1. */
  readonly cvRepeats?: number | undefined;
  /** Whether every part keeps each class's share; default true. */
  readonly stratify?: boolean | undefined;
  /** Tables: the column of groups, none of which has rows in two parts. */
  readonly group?: string | undefined;
  /** Tables: the column of times: what is trained on lies before what is validated or tested on. */
  readonly time?: string | undefined;
  /** Whether a fold by time is trained on all rows before it, or on as many as the first one. */
  readonly timeWindow?: (typeof TIME_WINDOWS)[number] | undefined;
  /** Tables: the column that says to which fold a row belongs. */
  readonly fold?: string | undefined;
}

const KEYS = ['cv', 'cvRepeats', 'stratify', 'group', 'time', 'timeWindow', 'fold'] as const;

/** Returns the options that say how rows are parted. */
export function partingOf(options: Parting): Parting {
  return Object.fromEntries(KEYS.map((key) => [key, options[key]]));
}

/** Whether the rows are parted into folds. */
export const isFolded = ({ cv, fold }: Parting): boolean => cv !== undefined || fold !== undefined;

/** What is known of each row that says how it may be parted; each list has an entry for every row. */
export interface RowKeys {
  /** The class by its index; null for numbers, and where shares of classes are not kept. */
  readonly strata: ArrayLike<number> | null;
  /** Names of the classes. */
  readonly classes: readonly string[] | null;
  /** The group: 0 … G − 1. */
  readonly groups: ArrayLike<number> | null;
  readonly times: ArrayLike<number> | null;
  /** The fold by its index in `names`. */
  readonly folds: { readonly of: ArrayLike<number>; readonly names: readonly string[] } | null;
}

/** The fractions that are kept back, and how. */
export interface PartingOptions extends Parting {
  readonly valFraction: number;
  readonly testFraction: number;
  readonly seed: number;
}

/** Returns why keys about parts exclude each other or need others; null where they fit together. */
export function partingConflict(options: Parting & { readonly val?: unknown }): string | null {
  const { cv, cvRepeats = 1, group, time, timeWindow = 'expanding', fold, val } = options;
  const repeats = `cvRepeats ${cvRepeats}`;
  if (fold !== undefined && cv !== undefined)
    return `cv ${cv}: the column of fold says which folds there are; leave out one of the two`;
  if (fold !== undefined && (group ?? time) !== undefined)
    return `fold: the column says which rows are held out together; leave out ${group === undefined ? 'time' : 'group'}, or take cv in place of fold`;
  if (time !== undefined && group !== undefined)
    return 'time: rows are parted by time or by group, not by both; leave out one of the two';
  if (cvRepeats > 1 && cv === undefined)
    return `${repeats}: repeats a cross-validation whose folds are drawn; give cv, such as cv 5`;
  if (cvRepeats > 1 && time !== undefined)
    return `${repeats}: there is one order of time, so every repetition would be the same; leave it out`;
  if (timeWindow !== 'expanding' && (time === undefined || cv === undefined))
    return `timeWindow ${timeWindow}: says which rows the folds in order of time are trained on; give time and cv, or leave it out`;
  if (isFolded(options) && typeof val !== 'number' && val !== undefined && val !== 'auto')
    return 'val: in a cross-validation every fold validates on rows of the training data; give a share such as 0.1, or leave it out';
  return null;
}
