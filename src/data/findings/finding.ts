/** Defines findings: what the data itself gives cause to check before a training on it is believed. */

/**
 * The kinds of findings, the most serious first, each with what it looks for and the thresholds as
 * docs/data.md states them.
 */
export const FINDING_KINDS = {
  leakage:
    'a column that alone predicts the target: AUC (two classes) or R² (ranks of a number) above 0.99, or 99 % of the wrong guesses gone (more classes), on rows that the rule was not made from; or a copy of the target',
  overlap:
    'validation or test rows that are also training rows: 5 or more, and 1 % of the part or more, and ten times what chance gives',
  conflict:
    'rows with equal inputs and different targets (numbers: by more than a tenth of their interquartile range): 5 or more, and 1 % of the rows or more, and ten times what chance gives',
  duplicates:
    'rows that repeat an earlier row: 5 or more, and 1 % of the rows or more, and ten times what chance gives',
  identifier:
    'a column that names the rows: whole numbers that are all different, in a range so small that those of a quantity would repeat',
  sentinel:
    'a number such as -999 or 9999 that stands apart from all others of its column by more than their whole range, in 3 rows or more',
  drift:
    'a column that is distributed differently in validation or test data of its own: Kolmogorov–Smirnov distance or total variation above 0.15, and more than chance explains',
  unseen: 'categories that training never saw in 1 % of the validation or test rows or more',
  missing:
    'a column whose share of missing values differs by 5 % or more between training and validation or test data of its own, and by more than chance explains',
  scale:
    'a few values (fewer than 1 % of the rows) beyond 100 interquartile ranges from the median that hold 90 % of the variance of a column',
  outliers:
    'a few targets (fewer than 1 % of the rows) beyond 10 interquartile ranges from the median that hold half of the variance',
  imbalance: 'a class with less than a tenth of the rows of the largest class',
  names: 'a column of words that name the rows: they differ in 95 % of the rows or more; it is left out',
  constant: 'columns that hold one value in all training rows; they are left out',
} as const;

/** Says what a finding is about. */
export type FindingKind = keyof typeof FINDING_KINDS;

/** A finding is something in the data that should be checked: where it is, how much it is, and what to do. */
export interface Finding {
  readonly kind: FindingKind;
  /** Names of the columns; empty where whole rows are meant. */
  readonly columns: readonly string[];
  /** The part of the data that is compared with the training rows; null where only those are looked at. */
  readonly part: 'validation' | 'test' | null;
  /** What was found, with its figures, for people. */
  readonly evidence: string;
  /** The figures of the evidence by name; shares go from 0 to 1. */
  readonly figures: Readonly<Record<string, number>>;
  /** What to do, with the flag as it is typed. */
  readonly remedy: string;
}

/** Writes a finding in one line: where, what, and what to do. */
export function findingText({ columns, evidence, remedy }: Finding): string {
  const shown = columns.slice(0, MOST_NAMED).map((name) => `"${name}"`);
  const more = columns.length > MOST_NAMED ? `, … (${columns.length})` : '';
  const where =
    columns.length === 0 ? '' : `column${columns.length === 1 ? '' : 's'} ${shown.join(', ')}${more}: `;
  return `${where}${evidence}; ${remedy}`;
}

/** Most columns that the line of a finding names. */
const MOST_NAMED = 4;

/** Writes a share for people: 12 %, 1.25 %, 0.031 %. */
export const shareText = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** Writes a number for people, with at most four significant digits. */
export const shortNumber = (value: number): string =>
  String(Number.isInteger(value) && Math.abs(value) < 1e15 ? value : Number(value.toPrecision(4)));
