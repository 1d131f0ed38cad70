/** From the DATA argument to datasets in shared memory: for training, and with the schema of a trained model. */
import { DataError, UsageError } from '../errors.js';
import { fitArrays, loadArrays } from './arrays/arrays.js';
import { type Encoding, inputWidth, type Subset } from './dataset.js';
import type { FitOptions, Fitted, Loaded } from './fit.js';
import { encodingOf, numberWidthOf, outputsOf, type Schema } from './schema.js';
import { openSource, type Source } from './source.js';

export interface LoadOptions {
  /** a built-in name, a file, a pattern, a directory or a query */
  readonly data: string;
  readonly target?: string | undefined;
  readonly task: 'auto' | 'classification' | 'regression';
  /** a fraction of the rows kept back, or another source; 'auto': AUTO_VAL, or none where the rows are all there is */
  readonly val: number | string;
  /** a fraction of the rows kept back, or another source; default: the test part that comes with the data, if any */
  readonly test?: number | string | undefined;
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
  readonly task: 'classification' | 'regression';
  /** by index; null for regression */
  readonly classes: readonly string[] | null;
  /** number of classes, or of values to be regressed */
  readonly outputs: number;
  /** what was inferred, filled or dropped, one plain line each */
  readonly notes: readonly string[];
  /** SHA-256 over the data as it was read: the same file gives the same fingerprint */
  readonly fingerprint: string;
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
  });
  const { schema, dataset, split, notes } = fitted;
  if (options.weights !== undefined && schema.kind !== 'table') {
    throw new UsageError(
      `--weights ${options.weights}: ${options.data} is no table and has no columns; leave the flag out`,
    );
  }
  if (options.val === 'auto' && complete)
    notes.push(
      `validation: none, ${fitted.name} is its ${dataset.rows} rows; --val ${AUTO_VAL} keeps some back`,
    );
  const load = async (data: string) => {
    const loaded = await loadWithSchema(data, schema, { needTargets: true });
    notes.push(...loaded.notes.map((note) => `${data}: ${note}`));
    return loaded.subset;
  };

  const part = async (source: number | string | undefined, rows: Subset['rows']): Promise<Subset | null> => {
    if (typeof source === 'string') return load(source);
    return rows.length > 0 ? { dataset, rows } : null;
  };

  const encoding = encodingOf(schema);
  return {
    name: fitted.name,
    train: { dataset, rows: split.train },
    val: await part(val, split.val),
    test: options.test === undefined ? ownTest(source, schema) : await part(options.test, split.test),
    encoding,
    inputWidth: inputWidth(encoding, numberWidthOf(schema)),
    schema,
    task: schema.target.kind === 'classes' ? 'classification' : 'regression',
    classes: schema.target.kind === 'classes' ? schema.target.classes : null,
    outputs: outputsOf(schema),
    notes,
    fingerprint: fitted.fingerprint,
  };
}

/** The fractions among `val` and `test`. Throws UsageError where one is none, or nothing would be left to train on. */
function fractions(
  val: number | string,
  test: number | string | undefined,
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

/** The same data with its targets as they are, in the network's eyes and in the model's; a note says why. */
export function unscaledTargets(data: TrainingData, note: string): TrainingData {
  const { target } = data.schema;
  if (target.kind !== 'values') return data;
  const as = (value: number) => target.names.map(() => value);
  const schema: Schema = { ...data.schema, target: { ...target, shift: as(0), scale: as(1) } };
  return { ...data, schema, encoding: encodingOf(schema), notes: [...data.notes, note] };
}

/**
 * A raw source as the model's network expects it: columns in any order, others ignored, missing values filled as in
 * training. A missing column or a label that the model does not know is a DataError.
 */
export async function loadWithSchema(
  source: string,
  schema: Schema,
  { needTargets }: { needTargets: boolean },
): Promise<{ subset: Subset; notes: string[]; rows: number }> {
  const { dataset, rows, notes } = await load(source, schema, needTargets);
  return { subset: { dataset, rows }, notes, rows: rows.length };
}

/** DuckDB is imported only where there is a table to read: arrays start without it. */
const table = () => import('./tables/table.js');

async function fitSource(source: Source, options: FitOptions): Promise<Fitted> {
  return source.kind === 'arrays' ? fitArrays(source, options) : (await table()).fitTable(source, options);
}

async function load(data: string, schema: Schema, needTargets: boolean): Promise<Loaded> {
  const source = openSource(data);
  if (source.kind === 'arrays' && schema.kind === 'arrays') return loadArrays(source, schema, needTargets);
  if (source.kind === 'table' && schema.kind === 'table') {
    return (await table()).loadTable(source, schema, needTargets);
  }
  const words = { arrays: 'arrays (IDX, NPY)', table: 'a table' };
  throw new DataError(
    `${data}: the data is ${words[source.kind]}, the model was trained on ${words[schema.kind]}; give data of that kind`,
  );
}

/** The test part that comes with the data, MNIST's 10,000 images say. */
function ownTest(source: Source, schema: Schema): Subset | null {
  if (source.kind !== 'arrays' || schema.kind !== 'arrays' || source.test === null) return null;
  const { dataset, rows } = loadArrays(source, schema, true);
  return { dataset, rows };
}
