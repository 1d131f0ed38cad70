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
import { examples } from '../words.js';
import { rejectFarCell, rejectMisfitCell } from './cellerrors.js';
import { asWords, type Cells, rowsOf } from './cells.js';
import { unknownColumn } from './columnnames.js';
import { type ConvertedColumn, convert, readModeOf } from './convert.js';
import { countEncoded, encodeRows, type ReadColumn } from './encode.js';
import { InputNotes } from './inputnotes.js';
import { isPlainNumber } from './numbers.js';
import { withTable } from './opentable.js';
import { asText, type BlockReader, type ReadModes, type SourceColumn, type TableReader } from './reader.js';
import { checkSomeTarget, encodeTarget, TargetCounts, targetNameOf } from './target.js';
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

async function load(reader: TableReader, schema: TableSchema, options: LoadTableOptions) {
  const { wanted, keptNames, modes } = checkTable(reader, schema, options);
  const { weights } = options;
  const names = wanted.map(({ name }) => name);
  const cells = await reader.read(names, modes);
  if (rowsOf(cells[0]) === 0) throw noRows(reader);
  const [weightCells] = weights === undefined ? [] : await reader.read([weights], new Map());
  const found = new FoundInRows();
  const encoded = await encodeCells(reader, schema, options, { cells, weights: weightCells }, found);
  const notes = [...reader.notes, ...legacyNotes(wanted), ...found.lines()];
  if (options.needTargets) checkSomeTarget(reader.source, schema.target, found.targets);
  const kept = await readKept(reader, keptNames);
  return { ...encoded, notes, kept };
}

/** Counts over blocks what notes are made of. */
export class FoundInRows {
  readonly inputs = new InputNotes();
  readonly targets = new TargetCounts();

  lines(): string[] {
    return [...this.inputs.lines(), ...this.targets.lines()];
  }
}

/** Returns the error for a table without rows. */
export const noRows = ({ source }: Pick<TableReader, 'source'>): DataError =>
  new DataError(`${source}: there are no rows, only a header; add rows`);

/**
 * Finds the columns that a model needs, and says how their cells must come. Throws DataError for one that is
 * missing, UsageError for columns to keep or to weigh by that are not there.
 */
export function checkTable(
  reader: BlockReader,
  { columns, target }: TableSchema,
  { needTargets, keep, weights }: LoadTableOptions,
): { readonly wanted: readonly WantedColumn[]; readonly keptNames: readonly string[]; modes: ReadModes } {
  const wanted: WantedColumn[] = needTargets ? [...columns, targetColumn(target)] : [...columns];
  const found = new Map(reader.columns.map((column) => [column.name, column]));
  checkHeader(reader, wanted);
  for (const column of wanted) checkColumn(reader, column, found.get(column.name));
  if (weights !== undefined) checkWeights(reader, weights);
  const modes: ReadModes = new Map(
    wanted.flatMap((column) => {
      const mode = readModeOf(readingOf(column));
      return mode === null ? [] : [[column.name, mode]];
    }),
  );
  return { wanted, keptNames: namesToKeep(reader, keep), modes };
}

const targetColumn = (target: TableSchema['target']): WantedColumn & { readonly name: string } => ({
  ...target,
  name: targetNameOf(target),
});

/**
 * Encodes the cells of some rows, in the order of the wanted columns, as a model's schema says. Throws
 * DataError for a cell that does not fit.
 */
export async function encodeCells(
  place: Pick<TableReader, 'locate'>,
  { columns, target, numberType }: TableSchema,
  { needTargets, weights: weightName }: LoadTableOptions,
  { cells, weights: weightCells }: { cells: readonly Cells[]; weights?: Cells | undefined },
  found: FoundInRows,
): Promise<Omit<LoadedDataset, 'notes'>> {
  const rows = rowsOf(cells[0]);
  const read = async (column: WantedColumn, index: number, isTarget: boolean): Promise<ConvertedColumn> => {
    const converted = convert(cells[index], readingOf(column));
    await rejectMisfitCell(place, column.name, converted, readingOf(column), isTarget);
    return converted;
  };
  const readColumns: ReadColumn[] = [];
  for (const [index, column] of columns.entries()) {
    const converted = await read(column, index, false);
    const reach = reachOf(column);
    if (reach !== null) await rejectFarCell(place, column.name, converted, reach);
    readColumns.push({ schema: column, read: converted });
  }
  const { inputs, filled } = encodeRows(rows, readColumns, numberType);
  countEncoded(readColumns, filled, found.inputs);
  if (!needTargets) {
    const targets = new Float64Array(new SharedArrayBuffer(0));
    return { dataset: { ...inputs, targets, targetWidth: 0 }, rows: allRows(rows) };
  }
  const { name } = targetColumn(target);
  const converted = await read(targetColumn(target), columns.length, true);
  if (target.kind === 'values')
    await rejectFarCell(place, name, converted, { shift: target.shift[0], scale: target.scale[0] });
  const { values, rows: withTarget } = await encodeTarget(place, target, converted);
  found.targets.add(converted, { rows: withTarget });
  const weighted =
    weightCells === undefined ? {} : { weights: await weightsOf(place, weightName!, weightCells) };
  const dataset = { ...inputs, targets: values, targetWidth: 1, ...weighted };
  const examined = {
    columns: readColumns.map(({ schema, read: { column } }) => ({
      name: schema.name,
      column,
      isDate: schema.type === 'date',
    })),
    target: { name, classes: target.kind === 'classes' ? target.classes : null, values },
  };
  return { dataset, rows: withTarget, examined };
}

/** Converts the column that says what each row counts. */
async function weightsOf(
  place: Pick<TableReader, 'locate'>,
  name: string,
  cells: Cells,
): Promise<NonNullable<Dataset['weights']>> {
  const reading: Reading = { as: 'number', ...PLAIN_FORMAT, missing: [] };
  const converted = convert(cells, reading);
  await rejectMisfitCell(place, name, converted, reading, false);
  return readWeights(place, name, converted);
}

/** Reads the columns to hand on as text. */
async function readKept(reader: TableReader, names: readonly string[]): Promise<KeptColumn[]> {
  if (names.length === 0) return [];
  const cells = await reader.read(names, asText(names));
  return names.map((name, i) => keptColumn(name, cells[i]));
}

/** Hands cells on as the source writes them. */
export function keptColumn(name: string, cells: Cells): KeptColumn {
  const { words, codes } = asWords(cells);
  return { name, text: (row) => words.at(codes[row]) ?? null };
}

/** Returns the names of the columns to hand on. Throws UsageError for one that is not there. */
function namesToKeep({ source, columns }: BlockReader, keep: LoadTableOptions['keep']): readonly string[] {
  const names = columns.flatMap(({ name, nested }) => (nested === null ? [name] : []));
  if (keep === 'all') return names;
  for (const name of keep ?? []) {
    if (!names.includes(name)) throw unknownColumn('--keep', name, source, names);
  }
  return keep ?? [];
}

/** Throws DataError for a first line that holds data where the names of the columns should stand. */
function checkHeader({ source, header, columns }: BlockReader, wanted: readonly WantedColumn[]): void {
  const names = columns.map(({ name }) => name);
  if (header === null || header.cells.length === 0 || wanted.some(({ name }) => names.includes(name))) return;
  if (!names.some(isPlainNumber)) return;
  const shown = names.slice(0, 4).join(', ');
  throw new DataError(
    `${source}: there is no header: the first line (${shown}) names none of the columns that the model was trained on (${examples(wanted.map(({ name }) => name))}); put a line with the names above the rows`,
  );
}

/** Throws DataError for a column that the source lacks, or that does not hold single values there. */
function checkColumn(
  { source, columns }: BlockReader,
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
export function legacyNotes(columns: readonly WantedColumn[]): string[] {
  return columns
    .filter(({ type, reading }) => reading === undefined && (type === 'date' || type === 'boolean'))
    .map((column) => {
      const assumed = describeReading(readingOf(column));
      return `column "${column.name}": the model was saved by an earlier gradpool without its format; ${assumed} are assumed`;
    });
}
