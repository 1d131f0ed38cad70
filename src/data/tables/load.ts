/** A table for a trained model: its columns by name, in any order, each read as the model's schema says. */
import { DataError, UsageError } from '../../errors.js';
import type { LoadedDataset } from '../fit.js';
import { describeReading } from '../reading.js';
import { type ColumnSchema, readingOf, type TableSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import { allRows } from '../split.js';
import { didYouMean } from '../words.js';
import { rejectFarCell, rejectMisfitCell } from './cellerrors.js';
import { asWords, rowsOf, type WordCells } from './cells.js';
import { type ConvertedColumn, convert, readModeOf } from './convert.js';
import { withDuckDB } from './duckdb.js';
import { encodeColumns } from './encode.js';
import { openTable } from './opentable.js';
import { asText, type ReadModes, type SourceColumn, type TableReader } from './reader.js';
import { encodeTarget } from './target.js';

export interface LoadTableOptions {
  readonly needTargets: boolean;
  /** columns to hand on as they are written, or all of them */
  readonly keep?: readonly string[] | 'all' | undefined;
}

/** A column as the source writes it, beside the predictions. */
export interface KeptColumn {
  readonly name: string;
  /** null where the cell is empty */
  readonly text: (row: number) => string | null;
}

export async function loadTable(
  source: TableSource,
  schema: TableSchema,
  options: LoadTableOptions,
): Promise<LoadedDataset & { readonly kept: readonly KeptColumn[] }> {
  return withDuckDB(async (connection) => {
    const reader = await openTable(connection, source, schema.header === false ? 'no' : 'yes');
    try {
      return await load(reader, schema, options);
    } finally {
      reader.close();
    }
  });
}

type Wanted = Pick<ColumnSchema, 'name' | 'type' | 'reading'>;

async function load(reader: TableReader, schema: TableSchema, { needTargets, keep }: LoadTableOptions) {
  const { columns, target } = schema;
  const goal: Wanted = { ...target, name: target.kind === 'classes' ? target.name : target.names[0] };
  const wanted: Wanted[] = needTargets ? [...columns, goal] : [...columns];
  const found = new Map(reader.columns.map((column) => [column.name, column]));
  for (const column of wanted) checkColumn(reader, column, found.get(column.name));
  const kept = keptNames(reader, keep);
  const names = wanted.map(({ name }) => name);
  const modes: ReadModes = new Map(
    wanted.flatMap((column) => {
      const wish = readModeOf(readingOf(column));
      return wish === null ? [] : [[column.name, wish]];
    }),
  );
  const cells = await reader.read(names, modes);
  const rows = rowsOf(cells[0]);
  if (rows === 0) throw new DataError(`${reader.source}: there are no rows, only a header; add rows`);

  const cellsOf = new Map(names.map((name, at) => [name, cells[at]]));
  const notes = legacyNotes(wanted);
  const read = async (column: Wanted): Promise<ConvertedColumn> => {
    const converted = convert(cellsOf.get(column.name)!, readingOf(column));
    await rejectMisfitCell(reader, column.name, converted, readingOf(column), column === goal);
    return converted;
  };
  const readColumns = [];
  for (const column of columns) {
    const converted = await read(column);
    if (column.kind === 'number')
      await rejectFarCell(reader, column.name, converted, column.shift, column.scale);
    readColumns.push({ schema: column, read: converted });
  }
  const inputs = encodeColumns(rows, readColumns, schema.numberType, notes);
  const keptCells = kept.length === 0 ? [] : await reader.read(kept, asText(kept));
  const keptColumns = kept.map((name, at) => keptColumn(name, asWords(keptCells[at])));
  if (!needTargets) {
    const targets = new Float64Array(new SharedArrayBuffer(0));
    const dataset = { ...inputs, targets, targetWidth: 0 };
    return { dataset, rows: allRows(rows), notes, kept: keptColumns };
  }
  const wantedValues = await read(goal);
  if (target.kind === 'values')
    await rejectFarCell(reader, goal.name, wantedValues, target.shift[0], target.scale[0]);
  const { values, rows: withTarget } = await encodeTarget(reader, target, wantedValues, notes);
  return {
    dataset: { ...inputs, targets: values, targetWidth: 1 },
    rows: withTarget,
    notes,
    kept: keptColumns,
  };
}

function keptColumn(name: string, { words, codes }: WordCells): KeptColumn {
  return { name, text: (row) => words[codes[row]] ?? null };
}

/** The columns to hand on. Throws UsageError for one that is not there. */
function keptNames({ source, columns }: TableReader, keep: LoadTableOptions['keep']): readonly string[] {
  const names = columns.flatMap(({ name, nested }) => (nested === null ? [name] : []));
  if (keep === 'all') return names;
  for (const name of keep ?? []) {
    if (names.includes(name)) continue;
    const meant = didYouMean(name, names);
    throw new UsageError(
      `--keep ${name}: ${source} has no such column${meant === '' ? `; its columns are ${names.slice(0, 30).join(', ')}` : meant}`,
    );
  }
  return keep ?? [];
}

function checkColumn(
  { source, columns }: TableReader,
  { name, ...column }: Wanted,
  found: SourceColumn | undefined,
): void {
  if (found === undefined) {
    const meant = didYouMean(
      name,
      columns.map((candidate) => candidate.name),
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

/** What is assumed of a model that was saved before readings were. */
function legacyNotes(columns: readonly Wanted[]): string[] {
  return columns
    .filter(({ type, reading }) => reading === undefined && (type === 'date' || type === 'boolean'))
    .map((column) => {
      const assumed = describeReading(readingOf(column));
      return `column "${column.name}": the model was saved by an earlier gradpool without its format; ${assumed} are assumed`;
    });
}
