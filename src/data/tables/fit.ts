/**
 * Turns a table into training data. A cell goes through these steps: its source gives text (`reader.ts`); the
 * rules decide on all values of its column what the text means (`decidetable.ts`, `decidecolumn.ts`); the
 * reading turns it into a value (`convert.ts`); the rows are parted (`rowkeys.ts`); the column's schema is
 * fitted to the training rows (`fitsplit.ts`, `fitcolumn.ts`); and the value is stored as the network will
 * see it (`encode.ts`).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { DataError } from '../../errors.js';
import { withSharedArrays } from '../dataset.js';
import { type FitOptions, type FittedDataset, inFold, splitRows } from '../fit.js';
import type { RowKeys } from '../parting.js';
import { type Parted, partsOfTable } from '../partrows.js';
import type { TableSource } from '../source.js';
import type { EntryWriter } from '../stream/entrywriter.js';
import { rejectMisfitCell } from './cellerrors.js';
import { checkTransforms, chosenColumns } from './choosecolumns.js';
import { ColumnWorkers } from './columnwork.js';
import { type ConvertedColumn, convert } from './convert.js';
import { type DecidedColumn, type DecidedTable, decideTable } from './decidetable.js';
import type { StreamedTable } from './encodestored.js';
import { type PrintedColumn, tableFingerprint } from './fingerprint.js';
import { fitSplit } from './fitsplit.js';
import { chooseTarget, fitTarget } from './fittarget.js';
import { checkFirstLine } from './header.js';
import { withTable } from './opentable.js';
import type { TableReader } from './reader.js';
import { checkPartingColumns, readRowKeys, withoutPartingColumns } from './rowkeys.js';
import { Spill } from './spill.js';
import type { Target } from './target.js';
import { checkWeights, readWeights } from './weights.js';

/**
 * Reads a table, decides what its columns are, splits the rows and fits the schema to the training rows.
 * Throws DataError for a table that cannot be used as it is, UsageError for options that do not fit the
 * table.
 * @param streaming takes the rows where they are not to be held in memory
 */
export async function fitTable(
  source: TableSource,
  options: FitOptions,
  streaming?: Streaming,
): Promise<FittedDataset> {
  const { header } = options.overrides ?? {};
  if (streaming === undefined)
    return withTable(source, header, (reader) => fitReader(reader, source.name, options, null));
  const { writer, memoryLimit } = streaming;
  const spill = new Spill(join(writer.folder, COLUMNS));
  const mebibytes = memoryLimit && Math.max(LEAST_DUCKDB, Math.floor(memoryLimit / 2));
  const workers = new ColumnWorkers();
  const fit = (reader: TableReader) => fitReader(reader, source.name, options, { spill, workers, writer });
  const fitted = await withTable(source, header, fit, { store: spill, mebibytes }).finally(() => {
    spill.close();
    return workers.close();
  });
  rmSync(join(writer.folder, COLUMNS), { recursive: true });
  return fitted;
}

/** Where the rows of a table go that are not held in memory, and how much memory reading may take, in MiB. */
interface Streaming {
  readonly writer: EntryWriter;
  readonly memoryLimit?: number | undefined;
}

/** The folder of the columns in an entry that is being written. */
const COLUMNS = 'columns';
/** MiB that DuckDB needs to read files of any kind with several threads. */
const LEAST_DUCKDB = 256;

async function fitReader(
  reader: TableReader,
  name: string,
  options: FitOptions,
  streamed: StreamedTable | null,
): Promise<FittedDataset> {
  const notes: string[] = [...reader.notes];
  const targetName = await findTarget(reader, options, notes);
  const table = await decideColumns(reader, targetName, options, notes);
  const read = await readColumns(reader, table.columns, targetName, streamed?.spill);
  // Columns on disk are read by a thread while the schema is fitted.
  const dataFingerprint = fingerprintOf(table.columns, read, streamed);

  const targetColumn = table.columns.find((column) => column.name === targetName)!;
  const target = await fitTarget(reader, targetColumn, read.get(targetName)!, options, notes);
  const keys = await readRowKeys(
    reader,
    { read, columns: table.columns, rows: target.rows },
    options.parting ?? {},
  );
  const parted = splitByTarget(target, keys, options, notes);
  const others = table.columns.filter(({ name }) => name !== targetName && name !== options.weights);
  const inputs = withoutPartingColumns(others, options, notes);
  checkTransforms(reader, inputs, options.preprocessing);
  const weights =
    options.weights === undefined
      ? {}
      : { weights: await readWeights(reader, options.weights, read.get(options.weights)!) };
  const readTable = { reader, rows: table.rows, targetColumn, target, inputs, read, weights, streamed };
  const whole = await fitSplit(readTable, parted.whole.train, options, notes);
  const folds = [];
  for (const [index, fold] of parted.folds.entries()) {
    const { schema, dataset } = await fitSplit(readTable, fold.split.train, options, []).catch((error) => {
      throw inFold(error, index, parted.folds.length);
    });
    folds.push({ ...fold, schema, dataset: withSharedArrays(dataset, whole.dataset) });
  }
  const examined = {
    columns: inputs.map(({ name, decision }) => ({
      name,
      column: read.get(name)!.column,
      isDate: decision.reading.as === 'date',
    })),
    target: { name: targetName, classes: target.classes, values: target.values },
  };
  const { whole: split } = parted;
  const fitted = { name, ...whole, split, folds, notes, fingerprint: await dataFingerprint };
  return streamed === null ? { ...fitted, examined } : fitted;
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
  const { weights, overrides = {}, problemType, parting = {} } = options;
  if (weights !== undefined) checkWeights(reader, weights);
  checkPartingColumns(reader, targetName, parting);
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
  spill: Spill | undefined,
): Promise<Map<string, ConvertedColumn>> {
  const read = new Map<string, ConvertedColumn>();
  for (const { name, cells, decision } of columns) {
    const { reading } = decision;
    const converted = convert(cells, reading);
    await rejectMisfitCell(reader, name, converted, reading, name === targetName);
    read.set(name, spill?.keep(converted) ?? converted);
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
  streamed: StreamedTable | null,
): string | Promise<string> {
  const values = columns.map(({ name }) => read.get(name)!.column);
  const printed = values.map(
    (column, i): PrintedColumn => ({
      name: columns[i].name,
      words: column.kind === 'words' ? column.words : null,
      as: columns[i].decision.reading.as,
    }),
  );
  if (streamed !== null) {
    const files = values.map((column) => column.onDisk!.file);
    return streamed.workers.fingerprint(printed, files);
  }
  const arrays = values.map((column) => (column.kind === 'words' ? column.codes : column.values));
  return tableFingerprint(printed, arrays);
}

/** Parts the rows that have a target. */
function splitByTarget(
  { rows, values, classes }: Target,
  keys: Pick<RowKeys, 'groups' | 'times' | 'folds'>,
  options: FitOptions,
  notes: string[],
): Parted {
  const strata = classes === null ? null : new Uint32Array(rows.length);
  if (strata !== null) for (let i = 0; i < rows.length; i++) strata[i] = values[rows[i]];
  return partsOfTable(splitRows(rows.length, { ...keys, strata, classes }, options, notes), rows);
}
