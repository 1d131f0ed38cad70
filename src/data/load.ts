/**
 * From the DATA argument to datasets in shared memory: for training, and with the schema of a trained model.
 */
import { DataError, UsageError } from '../errors.js';
import { fitArrays, loadArrays } from './arrays/arrays.js';
import { type Encoding, inputWidth, type Subset } from './dataset.js';
import { type FitOptions, type FittedDataset, fingerprint, type LoadedDataset } from './fit.js';
import { encodingOf, numberWidthOf, outputsOf, type ProblemType, type Schema } from './schema.js';
import { type DataSource, named, openSource, type Source } from './source.js';
import type { KeptColumn, LoadTableOptions } from './tables/load.js';
import type { TableOverrides } from './tables/overrides.js';

export interface LoadOptions extends TableOverrides {
  /** a built-in name, a file, a pattern, a directory or a query; or a table in memory */
  readonly data: DataSource;
  readonly target?: string | undefined;
  readonly task: 'auto' | ProblemType;
  /**
   * a fraction of the rows kept back, or another source; 'auto': AUTO_VAL, or none where the rows are all
   * there is
   */
  readonly val: number | DataSource;
  /**
   * a fraction of the rows kept back, or another source; default: the test part that comes with the data, if
   * any
   */
  readonly test?: number | DataSource | undefined;
  readonly seed: number;
  /** a category column is embedded above this many categories, else one-hot encoded; default: 32 */
  readonly embedAbove?: number;
  /** tables: the column of sample weights */
  readonly weights?: string | undefined;
}

export interface TrainingData {
  /** short, for the run's directory: `mnist`, `houses` */
  readonly name: string;
  readonly train: Subset;
  readonly val: Subset | null;
  readonly test: Subset | null;
  readonly encoding: Encoding;
  readonly inputWidth: number;
  readonly schema: Schema;
  readonly task: ProblemType;
  /** by index; null for regression */
  readonly classes: readonly string[] | null;
  /** number of classes, or of values to be regressed */
  readonly outputs: number;
  /** what was inferred, filled or dropped, one plain line each */
  readonly notes: readonly string[];
  /** SHA-256 over the data as it was read: the same file gives the same fingerprint */
  readonly fingerprint: string;
  /** the same of validation and test data that are sources of their own, else null */
  readonly fingerprints: { readonly val: string | null; readonly test: string | null };
}

const AUTO_VAL = 0.1;

export async function loadTrainingData(options: LoadOptions): Promise<TrainingData> {
  const source = openSource(options.data);
  const complete = source.kind === 'arrays' && source.complete === true;
  const val = options.val === 'auto' ? (complete ? 0 : AUTO_VAL) : options.val;
  const fitted = await fitSource(source, {
    target: options.target,
    task: options.task,
    ...fractions(val, options.test),
    seed: options.seed,
    embedAbove: options.embedAbove ?? 32,
    weights: options.weights,
    overrides: options,
  });
  const { schema, dataset, split, notes } = fitted;
  if (options.val === 'auto' && complete)
    notes.push(
      `validation: none, ${fitted.name} is its ${dataset.rows} rows; --val ${AUTO_VAL} keeps some back`,
    );
  rejectOverrides(options, schema);
  const encoding = encodingOf(schema);
  /** A source of its own, or these rows of the training source. */
  const part = async (given: number | DataSource | undefined, rows: Subset['rows']) => {
    if (typeof given === 'number' || given === undefined)
      return rows.length > 0 ? { subset: { dataset, rows }, fingerprint: null } : null;
    const loaded = await loadWithSchema(given, schema, { needTargets: true });
    notes.push(...loaded.notes.map((note) => `${named(given)}: ${note}`));
    return loaded;
  };
  const ownVal = await part(val, split.val);
  const ownTest = await part(options.test, split.test);
  return {
    name: fitted.name,
    train: { dataset, rows: split.train },
    val: ownVal?.subset ?? null,
    test: options.test === undefined ? testPart(source, schema) : (ownTest?.subset ?? null),
    encoding,
    inputWidth: inputWidth(encoding, numberWidthOf(schema)),
    schema,
    task: schema.target.kind === 'classes' ? 'classification' : 'regression',
    classes: schema.target.kind === 'classes' ? schema.target.classes : null,
    outputs: outputsOf(schema),
    notes,
    fingerprint: fitted.fingerprint,
    fingerprints: { val: ownVal?.fingerprint ?? null, test: ownTest?.fingerprint ?? null },
  };
}

/**
 * The fractions among `val` and `test`. Throws UsageError where one is none, or nothing would be left to
 * train on.
 */
function fractions(
  val: number | DataSource,
  test: number | DataSource | undefined,
): Pick<FitOptions, 'valFraction' | 'testFraction'> {
  for (const [flag, value] of Object.entries({ val, test })) {
    if (typeof value !== 'number' || (value >= 0 && value < 1)) continue;
    throw new UsageError(
      `--${flag} ${value}: expected a fraction from 0 up to but not including 1, or another data source`,
    );
  }
  const valFraction = typeof val === 'number' ? val : 0;
  const testFraction = typeof test === 'number' ? test : 0;
  if (valFraction + testFraction < 1) return { valFraction, testFraction };
  throw new UsageError(
    `--val ${val} and --test ${test}: no rows are left to train on; the two must stay below 1 together`,
  );
}

/** Arrays have no columns, of which something could be said. */
function rejectOverrides(options: LoadOptions, schema: Schema): void {
  if (schema.kind === 'table') return;
  const flags = { weights: 0, decimal: 0, missing: 0, dateFormat: 0, text: 0, number: 0, category: 0 };
  for (const key of Object.keys(flags) as (keyof typeof flags)[]) {
    if (options[key] === undefined) continue;
    const flag = key === 'dateFormat' ? 'date-format' : key;
    const value = typeof options[key] === 'string' ? ` ${options[key]}` : '';
    throw new UsageError(
      `--${flag}${value}: ${named(options.data)} is no table and has no columns; leave the flag out`,
    );
  }
}

/** The same data with its targets as they are, in the network's eyes and in the model's; a note says why. */
export function unscaledTargets(data: TrainingData, note: string): TrainingData {
  const { target } = data.schema;
  if (target.kind !== 'values') return data;
  const as = (value: number) => target.names.map(() => value);
  const schema: Schema = { ...data.schema, target: { ...target, shift: as(0), scale: as(1) } };
  return { ...data, schema, encoding: encodingOf(schema), notes: [...data.notes, note] };
}

/**
 * A raw source as the model's network expects it: columns in any order, others ignored, missing values filled
 * as in training. A missing column or a label that the model does not know is a DataError.
 */
export async function loadWithSchema(
  source: DataSource,
  schema: Schema,
  options: LoadTableOptions,
): Promise<LoadedSource> {
  const { dataset, rows, notes, kept = [] } = await load(source, schema, options);
  const { numbers, codes, targets } = dataset;
  return {
    subset: { dataset, rows },
    notes,
    rows: rows.length,
    kept,
    fingerprint: fingerprint([dataset.rows], [numbers, codes, targets]),
  };
}

export interface LoadedSource {
  readonly subset: Subset;
  readonly notes: readonly string[];
  readonly rows: number;
  /** columns that were asked for as they are written */
  readonly kept: readonly KeptColumn[];
  readonly fingerprint: string;
}

/** DuckDB is imported only where there is a table to read: arrays start without it. */
const tables = {
  fit: async () => (await import('./tables/fit.js')).fitTable,
  load: async () => (await import('./tables/load.js')).loadTable,
};

async function fitSource(source: Source, options: FitOptions): Promise<FittedDataset> {
  return source.kind === 'arrays' ? fitArrays(source, options) : (await tables.fit())(source, options);
}

async function load(
  data: DataSource,
  schema: Schema,
  options: LoadTableOptions,
): Promise<LoadedDataset & { readonly kept?: readonly KeptColumn[] }> {
  const source = openSource(data);
  if (source.kind === 'arrays' && schema.kind === 'arrays') {
    if (options.keep !== undefined)
      throw new UsageError(`--keep: ${source.name} is no table and has no columns`);
    return loadArrays(source, schema, options.needTargets);
  }
  if (source.kind === 'table' && schema.kind === 'table')
    return (await tables.load())(source, schema, options);
  const words = { arrays: 'arrays (IDX, NPY)', table: 'a table' };
  throw new DataError(
    `${named(data)}: the data is ${words[source.kind]}, the model was trained on ${words[schema.kind]}; give data of that kind`,
  );
}

/** The test part that comes with the data, MNIST's 10,000 images say. */
function testPart(source: Source, schema: Schema): Subset | null {
  if (source.kind !== 'arrays' || schema.kind !== 'arrays' || source.test === null) return null;
  const { dataset, rows } = loadArrays(source, schema, true);
  return { dataset, rows };
}
