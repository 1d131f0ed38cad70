/**
 * Turns a table into training data. A cell goes through these steps: its source gives text (`reader.ts`); the
 * rules decide on all values of its column what the text means (`decidetable.ts`, `decidecolumn.ts`); the
 * reading turns it into a value (`convert.ts`); the column's schema is fitted to the training rows
 * (`fitcolumn.ts`); and the value is stored as the network will see it (`encode.ts`).
 */
import { DataError } from '../../errors.js';
import { numberFeatures, reachOf } from '../columnschema.js';
import { type FitOptions, type FittedDataset, fingerprint, splitRows } from '../fit.js';
import type { CompletePreprocessing } from '../preprocessing.js';
import type { TableSchema, TargetSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import type { Split } from '../split.js';
import { columnMoments, columnRanges, scaleOf } from '../statistics.js';
import { rejectFarCell, rejectMisfitCell } from './cellerrors.js';
import { checkTransforms, chosenColumns } from './choosecolumns.js';
import { type ColumnFit, rejectOverflow } from './columnfit.js';
import { type ConvertedColumn, convert } from './convert.js';
import { type DecidedColumn, type DecidedTable, decideTable } from './decidetable.js';
import { encodeColumns, type ReadColumn } from './encode.js';
import { fitColumn } from './fitcolumn.js';
import { chooseTarget, fitTarget } from './fittarget.js';
import { checkFirstLine } from './header.js';
import { withTable } from './opentable.js';
import type { TableReader } from './reader.js';
import type { Target } from './target.js';
import { checkWeights, readWeights } from './weights.js';

/**
 * Largest distance of the mean from 0, in standard deviations, at which float32 rounds a value by at most
 * 2⁻¹² of a standard deviation.
 */
const FLOAT32_RANGE = 2 ** 12;
/**
 * Smallest and largest standard deviation for which float32 holds both small parts and 1e15 times the whole.
 */
const FLOAT32_STD = [1e-30, 1e20] as const;

/**
 * Reads a table, decides what its columns are, splits the rows and fits the schema to the training rows.
 * Throws DataError for a table that cannot be used as it is, UsageError for options that do not fit the
 * table.
 */
export async function fitTable(source: TableSource, options: FitOptions): Promise<FittedDataset> {
  return withTable(source, options.overrides?.header, (reader) => fitReader(reader, source.name, options));
}

async function fitReader(reader: TableReader, name: string, options: FitOptions): Promise<FittedDataset> {
  const notes: string[] = [...reader.notes];
  const targetName = await findTarget(reader, options, notes);
  const table = await decideColumns(reader, targetName, options, notes);
  const read = await readColumns(reader, table.columns, targetName);
  const dataFingerprint = fingerprintOf(table.columns, read);

  const targetColumn = table.columns.find((column) => column.name === targetName)!;
  const target = await fitTarget(reader, targetColumn, read.get(targetName)!, options, notes);
  const split = splitByTarget(target, options, notes);
  const inputs = table.columns.filter(({ name }) => name !== targetName && name !== options.weights);
  const { embedAbove, preprocessing, overrides: { use = [] } = {} } = options;
  checkTransforms(reader, inputs, preprocessing);
  const columnFit = { reader, trainRows: split.train, embedAbove, preprocessing, use, notes };
  const columns = await fitInputs(columnFit, inputs, read);
  if (columns.length === 0) throw nothingLeft(reader, targetName, notes);

  const targetSchema = fitTargetSchema(reader, target, targetColumn, split.train, preprocessing);
  if (targetSchema.kind === 'values') {
    const [shift, scale] = [targetSchema.shift[0], targetSchema.scale[0]];
    await rejectFarCell(reader, targetName, read.get(targetName)!, { shift, scale });
  }
  const schema: TableSchema = {
    kind: 'table',
    numberType: numberType(columns),
    ...(options.overrides?.header === 'no' ? { header: false } : {}),
    columns: columns.map((column) => column.schema),
    target: targetSchema,
  };
  const encoded = encodeColumns(table.rows, columns, schema.numberType, notes);
  const weights =
    options.weights === undefined
      ? {}
      : { weights: await readWeights(reader, options.weights, read.get(options.weights)!) };
  const dataset = { ...encoded, targets: target.values, targetWidth: 1, ...weights };
  const examined = {
    columns: inputs.map(({ name, decision }) => ({
      name,
      column: read.get(name)!.column,
      isDate: decision.reading.as === 'date',
    })),
    target: { name: targetName, classes: target.classes, values: target.values },
  };
  return { name, schema, dataset, split, notes, fingerprint: dataFingerprint, examined };
}

/**
 * Returns the target's name. If there is no target, checks first whether the first line holds data rather
 * than names, since that may be the reason.
 */
async function findTarget(reader: TableReader, options: FitOptions, notes: string[]): Promise<string> {
  try {
    return chooseTarget(reader, options.target, notes);
  } catch (error) {
    checkFirstLine(reader, await decideTable(reader, options.overrides ?? {}, undefined));
    throw error;
  }
}

/**
 * Reads the table and decides what its columns are. Throws DataError if it is empty or something must be
 * asked.
 */
async function decideColumns(
  reader: TableReader,
  targetName: string,
  options: FitOptions,
  notes: string[],
): Promise<DecidedTable> {
  const { weights, overrides = {}, problemType } = options;
  if (weights !== undefined) checkWeights(reader, weights);
  const isUsed = chosenColumns(reader, targetName, options);
  const table = await decideTable(reader, overrides, targetName, problemType === 'classification', isUsed);
  if (table.rows === 0) throw new DataError(`${reader.source}: there are no rows, only a header; add rows`);
  checkFirstLine(reader, table);
  for (const { name, nested } of reader.columns) {
    if (nested !== null && isUsed(name))
      notes.push(`column "${name}": its type ${nested} is neither a number, a date nor text; left out`);
  }
  rejectQuestions(reader, table.columns);
  return table;
}

/**
 * Throws DataError that asks everything the decisions leave open at once, so that one more try answers it.
 */
function rejectQuestions({ source }: TableReader, columns: readonly DecidedColumn[]): void {
  const open = columns.flatMap(({ name, decision: { question } }) =>
    question === null ? [] : [`column "${name}": ${question}`],
  );
  if (open.length === 1) throw new DataError(`${source}, ${open[0]}`);
  if (open.length > 1)
    throw new DataError(`${source}: ${open.length} columns are ambiguous; ${open.join('; ')}`);
}

/** Converts every column by its reading. Throws DataError for a cell that does not fit. */
async function readColumns(
  reader: TableReader,
  columns: readonly DecidedColumn[],
  targetName: string,
): Promise<Map<string, ConvertedColumn>> {
  const read = new Map<string, ConvertedColumn>();
  for (const { name, cells, decision } of columns) {
    const { reading } = decision;
    const converted = convert(cells, reading);
    await rejectMisfitCell(reader, name, converted, reading, name === targetName);
    read.set(name, converted);
  }
  return read;
}

/**
 * Returns the SHA-256 of what was read, before anything is fitted or filled. It does not depend on the format
 * of the file.
 */
function fingerprintOf(
  columns: readonly DecidedColumn[],
  read: ReadonlyMap<string, ConvertedColumn>,
): string {
  const values = columns.map(({ name }) => read.get(name)!.column);
  const described = values.map((column, i) => [
    columns[i].name,
    column.kind === 'words' ? column.words : columns[i].decision.reading.as,
  ]);
  return fingerprint(
    described,
    values.map((column) => (column.kind === 'words' ? column.codes : column.values)),
  );
}

/** Splits the rows that have a target; each class keeps its share in every part. */
function splitByTarget({ rows, values, classes }: Target, options: FitOptions, notes: string[]): Split {
  const strata = classes === null ? null : Uint32Array.from(rows, (row) => values[row]);
  const parts = splitRows(rows.length, options, strata, notes);
  const inTable = (positions: Uint32Array<SharedArrayBuffer>) => {
    positions.forEach((position, i) => {
      positions[i] = rows[position];
    });
    return positions;
  };
  return { train: inTable(parts.train), val: inTable(parts.val), test: inTable(parts.test) };
}

/**
 * Fits the input columns, and notes what was decided about each. Columns that are left out are not returned.
 */
async function fitInputs(
  fit: ColumnFit & { readonly use: readonly string[] },
  inputs: readonly DecidedColumn[],
  read: ReadonlyMap<string, ConvertedColumn>,
): Promise<ReadColumn[]> {
  const columns: ReadColumn[] = [];
  for (const { name, decision } of inputs) {
    if (decision.why !== null) fit.notes.push(`column "${name}": ${decision.why}`);
    const converted = read.get(name)!;
    const forced = decision.forced || fit.use.includes(name);
    const schema = fitColumn(fit, name, converted.column, { ...decision, forced });
    const reach = schema === null ? null : reachOf(schema);
    if (reach !== null) await rejectFarCell(fit.reader, name, converted, reach);
    if (schema !== null) columns.push({ schema, read: converted });
  }
  return columns;
}

function nothingLeft({ source }: TableReader, targetName: string, notes: readonly string[]): DataError {
  const reasons = notes.filter((note) => note.endsWith('left out')).join('; ');
  return new DataError(
    `${source}: no column is left to predict "${targetName}" from${reasons === '' ? '' : ` (${reasons})`}; add columns`,
  );
}

/** Returns float32 if it holds the differences between the values of every column, else float64. */
function numberType(columns: readonly ReadColumn[]): 'f32' | 'f64' {
  const exact = numberFeatures(columns.map(({ schema }) => schema)).every(({ shift, scale }) => {
    const std = 1 / scale;
    return Math.abs(shift) <= FLOAT32_RANGE * std && std >= FLOAT32_STD[0] && std <= FLOAT32_STD[1];
  });
  return exact ? 'f32' : 'f64';
}

/** Fits the schema of the target: its classes, or shift and scale over the training rows. */
function fitTargetSchema(
  reader: TableReader,
  { classes, type, values }: Target,
  { name, decision: { reading } }: DecidedColumn,
  trainRows: Uint32Array,
  { clipPredictions }: CompletePreprocessing,
): TargetSchema {
  if (classes !== null && type !== 'date')
    return { kind: 'classes', name, type, classes: [...classes], reading };
  const { mean, std } = columnMoments(values, 1, trainRows);
  rejectOverflow(reader, name, std[0]);
  const kind = type === 'date' ? 'date' : 'number';
  return {
    kind: 'values',
    names: [name],
    type: kind,
    shift: [mean[0]],
    scale: [scaleOf(std[0])],
    ...(clipPredictions ? { range: columnRanges(values, 1, trainRows) } : {}),
    reading,
  };
}
