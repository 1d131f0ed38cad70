/** Fits a table that was read to the training rows of one split: its schema, and its rows as stored by it. */
import { DataError } from '../../errors.js';
import { numberFeatures, reachOf } from '../columnschema.js';
import type { Dataset } from '../dataset.js';
import type { FitOptions } from '../fit.js';
import { columnMoments } from '../moments.js';
import type { CompletePreprocessing } from '../preprocessing.js';
import type { TableSchema, TargetSchema } from '../schema.js';
import { columnRanges, scaleOf } from '../statistics.js';
import { rejectFarCell } from './cellerrors.js';
import { type ColumnFit, rejectOverflow } from './columnfit.js';
import type { ConvertedColumn } from './convert.js';
import type { DecidedColumn } from './decidetable.js';
import { encodeColumns, type ReadColumn } from './encode.js';
import { encodeStored, type StreamedTable } from './encodestored.js';
import { fitColumn } from './fitcolumn.js';
import type { TableReader } from './reader.js';
import type { Target } from './target.js';

/**
 * Largest distance of the mean from 0, in standard deviations, at which float32 rounds a value by at most
 * 2⁻¹² of a standard deviation.
 */
const FLOAT32_RANGE = 2 ** 12;
/**
 * Smallest and largest standard deviation for which float32 holds both small parts and 1e15 times the whole.
 */
const FLOAT32_STD = [1e-30, 1e20] as const;

/** A table as it was read, before anything is fitted to some of its rows. */
interface ReadTable {
  readonly reader: TableReader;
  readonly rows: number;
  readonly targetColumn: DecidedColumn;
  readonly target: Target;
  readonly inputs: readonly DecidedColumn[];
  readonly read: ReadonlyMap<string, ConvertedColumn>;
  readonly weights: Pick<Dataset, 'weights'>;
  /** Where its columns are on disk. */
  readonly streamed: StreamedTable | null;
}

/**
 * Fits the schema to training rows and stores all rows by it.
 * @throws DataError where no column is left, and for a cell too far from the training rows to compute with
 */
export async function fitSplit(
  table: ReadTable,
  trainRows: Uint32Array,
  { embedAbove, preprocessing, overrides: { use = [], header } = {} }: FitOptions,
  notes: string[],
): Promise<{ schema: TableSchema; dataset: Dataset }> {
  const { reader, targetColumn, target, inputs, read } = table;
  const room = new Float64Array(trainRows.length);
  const columnFit = { reader, trainRows, room, embedAbove, preprocessing, use, notes };
  const columns = await fitInputs(columnFit, inputs, read);
  if (columns.length === 0) throw nothingLeft(reader, targetColumn.name, notes);
  const targetSchema = fitTargetSchema(reader, target, targetColumn, trainRows, preprocessing);
  if (targetSchema.kind === 'values') {
    const [shift, scale] = [targetSchema.shift[0], targetSchema.scale[0]];
    await rejectFarCell(reader, targetColumn.name, read.get(targetColumn.name)!, { shift, scale });
  }
  const schema: TableSchema = {
    kind: 'table',
    numberType: numberType(columns),
    ...(header === 'no' ? { header: false } : {}),
    columns: columns.map((column) => column.schema),
    target: targetSchema,
  };
  const { rows, streamed } = table;
  const encoded =
    streamed === null
      ? encodeColumns(rows, columns, schema.numberType, notes)
      : await encodeStored(streamed, rows, columns, schema.numberType, notes);
  return { schema, dataset: { ...encoded, targets: target.values, targetWidth: 1, ...table.weights } };
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
