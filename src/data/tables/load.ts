/** Reads a table for a trained model: finds the columns by name and reads each as the model's schema says. */

import { didYouMean } from '../../didyoumean.js';
import { DataError } from '../../errors.js';
import { type ColumnSchema, reachOf } from '../columnschema.js';
import type { Dataset } from '../dataset.js';
import type { LoadedDataset } from '../fit.js';
import { describeReading, PLAIN_FORMAT, type Reading } from '../reading.js';
import { readingOf, type TableSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import { allRows } from '../split.js';
import { rejectFarCell, rejectMisfitCell } from './cellerrors.js';
import { asWords, type Cells, rowsOf } from './cells.js';
import { unknownColumn } from './columnnames.js';
import { type ConvertedColumn, convert, readModeOf } from './convert.js';
import { encodeColumns } from './encode.js';
import { withTable } from './opentable.js';
import { asText, type ReadModes, type SourceColumn, type TableReader } from './reader.js';
import { encodeTarget, targetNameOf } from './target.js';
import { checkWeights, readWeights } from './weights.js';

/** Says what to read besides the model's input columns. */
export interface LoadTableOptions {
  readonly needTargets: boolean;
  /** Columns to hand on as the source writes them, or all of them. */
  readonly keep?: readonly string[] | 'all' | undefined;
  /** The column that says what each row counts, written as plain numbers. */
  readonly weights?: string | undefined;
}

/** A kept column is handed on as the source writes it, to stand beside the predictions. */
export interface KeptColumn {
  readonly name: string;
  /** Returns the text of a row's cell; null if it is empty. */
  readonly text: (row: number) => string | null;
}

/**
 * Reads a table by a model's schema. Throws DataError for a missing column and for cells that do not fit the
 * schema, UsageError for a column in `keep` that is not there.
 */
export async function loadTable(
  source: TableSource,
  schema: TableSchema,
  options: LoadTableOptions,
): Promise<LoadedDataset & { readonly kept: readonly KeptColumn[] }> {
  return withTable(source, schema.header === false ? 'no' : 'yes', (reader) => load(reader, schema, options));
}

/** A wanted column is an input or target of the model. */
type WantedColumn = Pick<ColumnSchema, 'name' | 'type' | 'reading'>;

async function load(
  reader: TableReader,
  schema: TableSchema,
  { needTargets, keep, weights }: LoadTableOptions,
) {
  const { columns, target } = schema;
  const targetName = targetNameOf(target);
  const targetColumn: WantedColumn = { ...target, name: targetName };
  const wanted: WantedColumn[] = needTargets ? [...columns, targetColumn] : [...columns];
  const found = new Map(reader.columns.map((column) => [column.name, column]));
  for (const column of wanted) checkColumn(reader, column, found.get(column.name));
  if (weights !== undefined) checkWeights(reader, weights);
  const keptNames = namesToKeep(reader, keep);
  const cells = await readWanted(reader, wanted);
  const rows = rowsOf(cells.get(wanted[0].name)!);
  if (rows === 0) throw new DataError(`${reader.source}: there are no rows, only a header; add rows`);

  const notes = [...reader.notes, ...legacyNotes(wanted)];
  const read = async (column: WantedColumn): Promise<ConvertedColumn> => {
    const converted = convert(cells.get(column.name)!, readingOf(column));
    await rejectMisfitCell(reader, column.name, converted, readingOf(column), column === targetColumn);
    return converted;
  };
  const readColumns = [];
  for (const column of columns) {
    const converted = await read(column);
    const reach = reachOf(column);
    if (reach !== null) await rejectFarCell(reader, column.name, converted, reach);
    readColumns.push({ schema: column, read: converted });
  }
  const inputs = encodeColumns(rows, readColumns, schema.numberType, notes);
  const kept = await readKept(reader, keptNames);
  if (!needTargets) {
    const targets = new Float64Array(new SharedArrayBuffer(0));
    const dataset = { ...inputs, targets, targetWidth: 0 };
    return { dataset, rows: allRows(rows), notes, kept };
  }
  const converted = await read(targetColumn);
  if (target.kind === 'values')
    await rejectFarCell(reader, targetName, converted, { shift: target.shift[0], scale: target.scale[0] });
  const { values, rows: withTarget } = await encodeTarget(reader, target, converted, notes);
  const weighted = weights === undefined ? {} : { weights: await weightsOf(reader, weights) };
  const dataset = { ...inputs, targets: values, targetWidth: 1, ...weighted };
  const examined = {
    columns: readColumns.map(({ schema: { name, type }, read: { column } }) => ({
      name,
      column,
      isDate: type === 'date',
    })),
    target: { name: targetName, classes: target.kind === 'classes' ? target.classes : null, values },
  };
  return { dataset, rows: withTarget, notes, kept, examined };
}

/** Reads the cells of the wanted columns in the modes that their readings require. */
async function readWanted(reader: TableReader, wanted: readonly WantedColumn[]): Promise<Map<string, Cells>> {
  const modes: ReadModes = new Map(
    wanted.flatMap((column) => {
      const mode = readModeOf(readingOf(column));
      return mode === null ? [] : [[column.name, mode]];
    }),
  );
  const names = wanted.map(({ name }) => name);
  const cells = await reader.read(names, modes);
  return new Map(names.map((name, i) => [name, cells[i]]));
}

/** Reads the column that says what each row counts. */
async function weightsOf(reader: TableReader, name: string): Promise<NonNullable<Dataset['weights']>> {
  const reading: Reading = { as: 'number', ...PLAIN_FORMAT, missing: [] };
  const [cells] = await reader.read([name], new Map());
  const converted = convert(cells, reading);
  await rejectMisfitCell(reader, name, converted, reading, false);
  return readWeights(reader, name, converted);
}

/** Reads the columns to hand on as text. */
async function readKept(reader: TableReader, names: readonly string[]): Promise<KeptColumn[]> {
  if (names.length === 0) return [];
  const cells = await reader.read(names, asText(names));
  return names.map((name, i) => {
    const { words, codes } = asWords(cells[i]);
    return { name, text: (row) => words[codes[row]] ?? null };
  });
}

/** Returns the names of the columns to hand on. Throws UsageError for one that is not there. */
function namesToKeep({ source, columns }: TableReader, keep: LoadTableOptions['keep']): readonly string[] {
  const names = columns.flatMap(({ name, nested }) => (nested === null ? [name] : []));
  if (keep === 'all') return names;
  for (const name of keep ?? []) {
    if (!names.includes(name)) throw unknownColumn('--keep', name, source, names);
  }
  return keep ?? [];
}

/** Throws DataError for a column that the source lacks, or that does not hold single values there. */
function checkColumn(
  { source, columns }: TableReader,
  { name, ...column }: WantedColumn,
  found: SourceColumn | undefined,
): void {
  if (found === undefined) {
    const meant = didYouMean(
      name,
      columns.map((candidate) => candidate.name),
      '"',
    );
    throw new DataError(
      `${source}: the column "${name}" is missing, which the model was trained on${meant === '' ? '; add it' : `${meant} Rename it`}`,
    );
  }
  if (found.nested === null) return;
  const wanted = describeReading(readingOf(column));
  throw new DataError(
    `${source}, column "${name}": it holds ${found.nested}, the model was trained on ${wanted}; convert the column`,
  );
}

/** Notes what is assumed about the columns of a model that was saved before models held readings. */
function legacyNotes(columns: readonly WantedColumn[]): string[] {
  return columns
    .filter(({ type, reading }) => reading === undefined && (type === 'date' || type === 'boolean'))
    .map((column) => {
      const assumed = describeReading(readingOf(column));
      return `column "${column.name}": the model was saved by an earlier gradpool without its format; ${assumed} are assumed`;
    });
}
