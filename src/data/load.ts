/**
 * Turns the DATA argument into datasets in shared memory: for training, or by the schema of a trained model.
 */
import { UsageError } from '../errors.js';
import { fitArrays } from './arrays/arrays.js';
import { loadArrays } from './arrays/loadarrays.js';
import { rejectColumnOptions } from './columnoptions.js';
import { type Encoding, inputWidth, type Subset } from './dataset.js';
import { findingsOf } from './examined.js';
import type { Finding } from './findings/finding.js';
import { type FitOptions, type FittedDataset, fingerprint, type LoadedDataset } from './fit.js';
import { loadSet, otherKind } from './loadkinds.js';
import { type Parting, partingConflict } from './parting.js';
import { type Preprocessing, preprocessingOf } from './preprocessing.js';
import {
  continuousWidth,
  encodingOf,
  numberWidthOf,
  outputsOf,
  type ProblemType,
  type Schema,
} from './schema.js';
import { type DataSource, openSource, type Source, sourceName } from './source.js';
import { fitStreamed } from './stream/fitstreamed.js';
import type { StreamOptions } from './stream/source.js';
import type { KeptColumn, LoadTableOptions } from './tables/load.js';
import type { TableOverrides } from './tables/overrides.js';

/** Says which data to train on and how to read and split it. */
export interface LoadOptions extends TableOverrides, Preprocessing, Parting, StreamOptions {
  /** A built-in name, a file, a pattern of files, a directory or a query; or data in memory. */
  readonly data: DataSource;
  /** Tables: the target column; found by its name if left out. */
  readonly target?: string | undefined;
  readonly task: 'auto' | ProblemType;
  /**
   * Fraction of the rows to keep back for validation, or another source. 'auto' keeps back AUTO_VAL, or
   * nothing if the rows are a complete problem such as XOR.
   */
  readonly val: number | DataSource;
  /**
   * Fraction of the rows to keep back for the test, or another source. If left out, the test part that comes
   * with the data is used, if there is one.
   */
  readonly test?: number | DataSource | undefined;
  readonly seed: number;
  /** Most categories that a column may have and still be one-hot encoded; default 32. */
  readonly embedAbove?: number;
  /** Tables: the column of sample weights. */
  readonly weights?: string | undefined;
}

/**
 * Training data is a source, read, split and encoded, with everything that a training needs to know about it.
 */
export interface TrainingData {
  /** Short name for the run's directory: `mnist`, `houses`. */
  readonly name: string;
  readonly train: Subset;
  readonly val: Subset | null;
  readonly test: Subset | null;
  readonly encoding: Encoding;
  readonly inputWidth: number;
  /** How many of the inputs measure something; they come first, before marks, one-hot blocks and codes. */
  readonly continuous: number;
  readonly schema: Schema;
  readonly task: ProblemType;
  /** Class names by index; null for regression. */
  readonly classes: readonly string[] | null;
  /** Number of classes, or of values to predict. */
  readonly outputs: number;
  /** Notes on what was inferred, filled or left out, one plain line each. */
  readonly notes: readonly string[];
  /** Tables: what should be checked before a training on the data is believed, the most serious first. */
  readonly findings: readonly Finding[];
  /** SHA-256 of the data as it was read; the same file always gives the same fingerprint. */
  readonly fingerprint: string;
  /** Fingerprints of validation and test data that are sources of their own, else null. */
  readonly fingerprints: { readonly val: string | null; readonly test: string | null };
}

/** Fraction of the rows that `val: 'auto'` keeps back. */
export const AUTO_VAL = 0.1;

/**
 * Reads a source, infers what its columns or labels are, splits the rows and fits the encoding to the
 * training rows, all as `train` does. A resolved configuration will do as options.
 *
 * @throws UsageError for options that do not apply, DataError for data that cannot be read or understood
 * @example
 * ```js
 * import { loadTrainingData } from 'gradpool';
 *
 * const data = await loadTrainingData({ data: 'iris', task: 'auto', val: 0.2, seed: 1 });
 * console.log(data.task, data.inputWidth, data.outputs); // → classification 4 3
 * console.log(data.train.rows.length, data.val?.rows.length); // → 120 30
 * ```
 */
export async function loadTrainingData(options: LoadOptions): Promise<TrainingData> {
  const source = openSource(options.data);
  const complete = isComplete(source);
  const val = options.val === 'auto' ? (complete ? 0 : AUTO_VAL) : options.val;
  const { stratify, group, time } = options;
  const fitted = await fitFor(
    source,
    withoutFoldColumn({ ...options, val }),
    { stratify, group, time },
    true,
  );
  if (options.val === 'auto' && complete)
    fitted.notes.push(
      `validation: none, since the ${fitted.dataset.rows} rows are all there is of ${fitted.name}; --val ${AUTO_VAL} keeps some back`,
    );
  return partsOf(source, { ...options, val }, fitted);
}

/** Leaves a column of folds out of the inputs where one network is trained, without folds. */
function withoutFoldColumn(options: LoadOptions): LoadOptions {
  const { fold, use, drop = [] } = options;
  return fold === undefined || use !== undefined ? options : { ...options, drop: [...drop, fold] };
}

/**
 * Reads and fits a source as options say, its rows on disk if they may be `streamable` and should be.
 * @throws UsageError for options that do not fit together
 */
export async function fitFor(
  source: Source,
  options: LoadOptions,
  parting: Parting,
  streamable = false,
): Promise<FittedDataset> {
  const conflict = partingConflict({ ...parting, val: options.val });
  if (conflict !== null) throw new UsageError(conflict);
  if (source.kind === 'arrays') rejectColumnOptions(options);
  const how: FitOptions = {
    target: options.target,
    problemType: options.task,
    ...fractions(options.val, options.test),
    seed: options.seed,
    embedAbove: options.embedAbove ?? 32,
    preprocessing: preprocessingOf(options),
    weights: options.weights,
    parting,
    overrides: options,
  };
  return (streamable ? await fitStreamed(source, how, options) : null) ?? fitSource(source, how);
}

/** Returns the data of a fitted source, with the parts that have sources of their own. */
export async function partsOf(
  source: Source,
  options: LoadOptions,
  fitted: FittedDataset,
): Promise<TrainingData> {
  const { val, test } = options;
  const { schema, dataset, split, notes } = fitted;
  /** Loads a part from a source of its own, or makes it of these rows of the training source. */
  const loadPart = async (given: number | DataSource | undefined, rows: Subset['rows']) => {
    if (typeof given === 'number' || given === undefined)
      return rows.length > 0
        ? { subset: { dataset, rows }, fingerprint: null, examined: fitted.examined }
        : null;
    const loaded = await loadWithSchema(given, schema, { needTargets: true });
    notes.push(...loaded.notes.map((note) => `${sourceName(given)}: ${note}`));
    return loaded;
  };
  const valPart = await loadPart(val, split.val);
  const testPart = await loadPart(test, split.test);
  return {
    name: fitted.name,
    train: { dataset, rows: split.train },
    val: valPart?.subset ?? null,
    test: test === undefined ? includedTest(source, schema) : (testPart?.subset ?? null),
    ...schemaFacts(schema),
    notes,
    findings: await findingsOf(fitted, options.data, [
      { part: 'validation', given: val, loaded: valPart },
      { part: 'test', given: test, loaded: testPart },
    ]),
    fingerprint: fitted.fingerprint,
    fingerprints: { val: valPart?.fingerprint ?? null, test: testPart?.fingerprint ?? null },
  };
}

/** Returns what follows from a schema alone. */
export function schemaFacts(
  schema: Schema,
): Pick<TrainingData, 'encoding' | 'inputWidth' | 'continuous' | 'schema' | 'task' | 'classes' | 'outputs'> {
  const encoding = encodingOf(schema);
  return {
    encoding,
    inputWidth: inputWidth(encoding, numberWidthOf(schema)),
    continuous: continuousWidth(schema),
    schema,
    task: schema.target.kind === 'classes' ? 'classification' : 'regression',
    classes: schema.target.kind === 'classes' ? schema.target.classes : null,
    outputs: outputsOf(schema),
  };
}

/** Whether the rows of a source are all that there is of a problem, as of XOR. */
export const isComplete = (source: Source): boolean => source.kind === 'arrays' && source.complete === true;

/**
 * Returns `val` and `test` as fractions, 0 for a part with a source of its own. Throws UsageError for a
 * number that is no fraction, and where no rows would be left to train on.
 */
export function fractions(
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

/**
 * Returns the data with unscaled regression targets, and with a note that says why. Classes stay as they are.
 */
export function unscaledTargets(data: TrainingData, note: string): TrainingData {
  const { target } = data.schema;
  if (target.kind !== 'values') return data;
  const unscaled = { shift: target.names.map(() => 0), scale: target.names.map(() => 1) };
  const schema: Schema = { ...data.schema, target: { ...target, ...unscaled } };
  return { ...data, schema, encoding: encodingOf(schema), notes: [...data.notes, note] };
}

/**
 * Reads a source as a trained model expects it. Columns may come in any order, unknown ones are ignored, and
 * missing values are filled as in training. Throws DataError for a missing column, for a value that does not
 * fit the schema, and for a label that the model does not know.
 */
export async function loadWithSchema(
  source: DataSource,
  schema: Schema,
  options: LoadTableOptions,
): Promise<LoadedSource> {
  const { dataset, rows, notes, kept = [], examined } = await load(source, schema, options);
  const { numbers, codes, targets } = dataset;
  return {
    subset: { dataset, rows },
    notes,
    rows: rows.length,
    kept,
    fingerprint: fingerprint([dataset.rows], [numbers, codes, targets]),
    ...(examined === undefined ? {} : { examined }),
  };
}

interface LoadedSource {
  readonly subset: Subset;
  readonly notes: readonly string[];
  readonly rows: number;
  /** The columns that `keep` asked for, as the source writes them. */
  readonly kept: readonly KeptColumn[];
  readonly fingerprint: string;
  readonly examined?: LoadedDataset['examined'];
}

/** Imports DuckDB only when there is a table to read, so that training on arrays starts without it. */
async function fitSource(source: Source, options: FitOptions): Promise<FittedDataset> {
  if (source.kind === 'arrays') return fitArrays(source, options);
  return (await import('./tables/fit.js')).fitTable(source, options);
}

async function load(
  data: DataSource,
  schema: Schema,
  options: LoadTableOptions,
): Promise<LoadedDataset & { readonly kept?: readonly KeptColumn[] }> {
  const source = openSource(data);
  if (source.kind === 'arrays' && schema.kind === 'arrays') return loadSet(source, schema, options);
  if (source.kind === 'table' && schema.kind === 'table')
    return (await import('./tables/load.js')).loadTable(source, schema, options);
  throw otherKind(sourceName(data), source, schema);
}

/** Returns the test part that comes with the data, such as MNIST's 10,000 images; null if there is none. */
function includedTest(source: Source, schema: Schema): Subset | null {
  if (source.kind !== 'arrays' || schema.kind !== 'arrays' || source.test === null) return null;
  const { dataset, rows } = loadArrays(source, schema, true);
  return { dataset, rows };
}
