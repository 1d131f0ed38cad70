/**
 * Partial dependence (Friedman 2001): the mean prediction over all rows when one column has a given value.
 */
import { isCoded, rareCode } from '../data/columnschema.js';
import type { Subset } from '../data/dataset.js';
import type { RawFeature, Schema } from '../data/schema.js';
import { unknownColumn } from '../data/tables/columnnames.js';
import type { KeptColumn } from '../data/tables/load.js';
import { UsageError } from '../errors.js';
import { columnFeatures } from './columnfeatures.js';
import { classesOf } from './format.js';
import { predictAll } from './predict.js';
import type { ReadModel } from './read.js';
import type { Runner } from './runner.js';
import { copyRows, takeFeatures } from './shuffled.js';

/** How a model's predictions depend on one column, averaged over the rows of a source. */
export interface Dependence {
  readonly column: string;
  readonly rows: number;
  /**
   * The values that the column was given, as the source writes them, in ascending order; null for "missing".
   */
  readonly values: readonly (string | null)[];
  /** The values as numbers: days for a date, null for a category. */
  readonly numbers: readonly (number | null)[];
  /** Share of the rows that have the value, or the nearest of these numbers. */
  readonly shares: readonly number[];
  /**
   * Mean prediction at each value, [values][outputs]: the probability of each class (the share of the rows
   * that are predicted to be of it, where the network gives no probabilities), or each target in its own
   * unit.
   */
  readonly means: readonly (readonly number[])[];
  /** Names of the classes, or of the targets. */
  readonly outputs: readonly string[];
}

/** Most values that a column is given. */
const MOST_VALUES = 20;

/** Loaded rows, with the columns in question as the source writes them. */
interface DependenceRows {
  readonly subset: Subset;
  readonly source: string;
  readonly kept: readonly KeptColumn[];
}

/** Computes the dependence on each of the columns. */
export function partialDependence(
  model: ReadModel,
  runner: Runner,
  { subset, source, kept }: DependenceRows,
  columns: readonly RawFeature[],
): Dependence[] {
  const rows = copyRows(subset);
  const changed = copyRows(subset);
  return columns.map((column): Dependence => {
    const text = kept.find(({ name }) => name === column.name)?.text ?? (() => null);
    const grid = gridOf(column, rows, (row) => text(subset.rows[row]), model.schema);
    const means = grid.map(({ donor }) => {
      takeFeatures(changed, rows, column, new Uint32Array(rows.dataset.rows).fill(donor));
      return meanPrediction(model, runner, changed, source);
    });
    takeFeatures(changed, rows, column, rows.rows);
    const { target } = model.schema;
    return {
      column: column.name,
      rows: rows.dataset.rows,
      values: grid.map(({ value }) => value),
      numbers: grid.map(({ number }) => number),
      shares: grid.map(({ share }) => share),
      means,
      outputs: target.kind === 'classes' ? target.classes : target.names,
    };
  });
}

/** Returns the features of the named columns. Throws UsageError for names that the model does not know. */
export function dependenceColumns(schema: Schema, names: readonly string[], file: string): RawFeature[] {
  const columns = schema.kind === 'arrays' ? null : columnFeatures(schema);
  if (columns === null) {
    throw new UsageError(
      `--dependence ${names.join(',')}: ${file} is a model of arrays, which have no columns`,
    );
  }
  const known = columns.map(({ name }) => name);
  return names.map((name) => {
    const found = columns.find((column) => column.name === name);
    if (found === undefined) throw unknownColumn('--dependence', name, file, known);
    return found;
  });
}

/** A value of the grid, and the row whose features stand for it. */
interface GridValue {
  readonly donor: number;
  readonly value: string | null;
  readonly number: number | null;
  readonly share: number;
}

/**
 * Chooses the values that a column is given: all of them if there are at most 20, else the values at the
 * shares (i + ½)/20 of the rows (numbers), or the 20 most frequent ones (categories). Each is taken from a
 * row that has it, so that all that was made of the column fits together.
 */
function gridOf(
  { name, numbers, codes }: RawFeature,
  { dataset, rows }: Subset,
  textOf: (row: number) => string | null,
  schema: Schema,
): GridValue[] {
  const { numberWidth, codeWidth } = dataset;
  if (numbers.length === 0) {
    const [c] = codes;
    const nameOf = schema.kind === 'table' ? categoryNames(schema, c) : () => null;
    const groups = groupRows(rows, (row) => dataset.codes[row * codeWidth + c]);
    const frequent = [...groups].sort(([, a], [, b]) => b.length - a.length).slice(0, MOST_VALUES);
    return frequent
      .sort(([a], [b]) => a - b)
      .map(([code, members]) => ({
        donor: members[0],
        value: nameOf(code),
        number: null,
        share: members.length / rows.length,
      }));
  }
  const [j] = numbers;
  const valueAt = (row: number): number => dataset.numbers[row * numberWidth + j];
  const present = [...rows].filter((row) => textOf(row) !== null);
  const used = (present.length > 0 ? present : [...rows]).sort((a, b) => valueAt(a) - valueAt(b));
  const distinct = groupRows(used, valueAt);
  const chosen =
    distinct.size <= MOST_VALUES
      ? [...distinct.values()].map(([first]) => first)
      : [...new Set(Array.from({ length: MOST_VALUES }, (_, i) => quantileRow(used, i, valueAt, distinct)))];
  const nearest = new Uint32Array(chosen.length);
  for (const row of used) nearest[nearestIndex(chosen, valueAt, valueAt(row))]++;
  const named = schema.kind === 'table' && schema.columns.find((column) => column.name === name)!;
  const isSign = named && named.kind === 'category';
  return chosen.map((donor, i) => ({
    donor,
    value: textOf(donor) ?? String(valueAt(donor)),
    number: isSign ? null : valueAt(donor),
    share: nearest[i] / used.length,
  }));
}

/** Returns the first row that has the value at the share (i + ½)/20 of the sorted rows. */
function quantileRow(
  sorted: readonly number[],
  i: number,
  valueAt: (row: number) => number,
  distinct: ReadonlyMap<number, readonly number[]>,
): number {
  const row = sorted[Math.round(((i + 0.5) / MOST_VALUES) * (sorted.length - 1))];
  return distinct.get(valueAt(row))![0];
}

function nearestIndex(chosen: readonly number[], valueAt: (row: number) => number, value: number): number {
  let best = 0;
  for (let i = 1; i < chosen.length; i++) {
    if (Math.abs(valueAt(chosen[i]) - value) < Math.abs(valueAt(chosen[best]) - value)) best = i;
  }
  return best;
}

/** Returns what the codes of code column c are called: categories, those pooled as rare, null for missing. */
function categoryNames({ columns }: Schema & { kind: 'table' }, c: number): (code: number) => string | null {
  const column = columns.filter(isCoded)[c];
  const rare = column.rare === undefined ? null : rareCode(column);
  return (code) => (code === rare ? '(rare)' : (column.categories[code] ?? null));
}

function groupRows(rows: Iterable<number>, keyOf: (row: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const members = groups.get(key);
    if (members === undefined) groups.set(key, [row]);
    else members.push(row);
  }
  return groups;
}

/** Returns the mean over the rows of each class's probability, or of each target. */
function meanPrediction(model: ReadModel, runner: Runner, subset: Subset, source: string): number[] {
  const predictions = predictAll(model, runner, { subset, source, notes: [], kept: [], uncertainty: null });
  const classes = classesOf(model.schema);
  const width = classes?.length ?? predictions.targets.length;
  const sums = new Array<number>(width).fill(0);
  for (const { predicted, probabilities } of predictions.batches()) {
    if (classes === null) {
      predicted.forEach((value, i) => {
        sums[i % width] += value as number;
      });
    } else if (probabilities === null) {
      for (const name of predicted) sums[classes.indexOf(name as string)]++;
    } else {
      probabilities.forEach((probability, i) => {
        sums[i % width] += probability;
      });
    }
  }
  return sums.map((sum) => sum / subset.rows.length);
}
