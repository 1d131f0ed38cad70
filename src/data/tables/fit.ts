/**
 * A table as training data. A cell's way: its source gives text (`reader.ts`); what the text of a column
 * means is decided on all its values (`understand.ts`, `decide.ts`); the reading makes values of it
 * (`convert.ts`); what is fitted to the training rows stands here; `encode.ts` stores what the network will
 * see.
 */
import { DataError } from '../../errors.js';
import { type FitOptions, type FittedDataset, fingerprint, splitRows } from '../fit.js';
import type { ColumnSchema, TableSchema, TargetSchema } from '../schema.js';
import type { TableSource } from '../source.js';
import { columnMedians, columnMoments, scaleOf } from '../statistics.js';
import { counted, examples } from '../words.js';
import { rejectFarCell, rejectMisfitCell } from './cellerrors.js';
import { NO_WORD } from './cells.js';
import { type ColumnValues, type ConvertedColumn, convert } from './convert.js';
import type { ColumnDecision } from './decidecolumn.js';
import { type DecidedColumn, decideTable } from './decidetable.js';
import { withDuckDB } from './duckdb.js';
import { encodeColumns, type ReadColumn } from './encode.js';
import { checkFirstLine } from './header.js';
import { openTable } from './opentable.js';
import type { TableReader } from './reader.js';
import { chooseTarget, fitTarget, type Target } from './target.js';
import { checkWeights, readWeights } from './weights.js';

/** A column with more categories is left out, as names of rows rather than kinds. */
export const MAX_CATEGORIES = 10_000;
/** Category codes are stored in 16 bits, and two of them have another meaning. */
const MOST_CODES = 65_533;

/** float32 rounds a value this many standard deviations from 0 by at most 2⁻¹² of one. */
const FLOAT32_RANGE = 2 ** 12;
/** Standard deviations of which float32 holds the smallest part and 1e15 times the whole. */
const FLOAT32_STD = [1e-30, 1e20] as const;

export async function fitTable(source: TableSource, options: FitOptions): Promise<FittedDataset> {
  return withDuckDB(async (connection) => {
    const reader = await openTable(connection, source, options.overrides?.header);
    try {
      return await fitReader(reader, source.name, options);
    } finally {
      reader.close();
    }
  });
}

async function fitReader(reader: TableReader, name: string, options: FitOptions): Promise<FittedDataset> {
  const notes: string[] = [];
  const target = await targetOf(reader, options, notes);
  if (options.weights !== undefined) checkWeights(reader, options.weights);
  const table = await decideTable(
    reader,
    options.overrides ?? {},
    target,
    options.problemType === 'classification',
  );
  const { rows } = table;
  if (rows === 0) throw new DataError(`${reader.source}: there are no rows, only a header; add rows`);
  checkFirstLine(reader, table);
  for (const { name, nested } of reader.columns) {
    if (nested !== null)
      notes.push(`column "${name}": its type ${nested} is neither a number, a date nor text; left out`);
  }
  rejectQuestions(reader, table.columns);
  const read = new Map<string, ConvertedColumn>();
  for (const column of table.columns) read.set(column.name, await readColumn(reader, column, target));
  const print = fingerprintOf(table.columns, read);

  const targetColumn = table.columns.find((column) => column.name === target)!;
  const fitted = await fitTarget(reader, targetColumn, read.get(target)!, options, notes);
  const parts = splitTarget(fitted, options, notes);
  const columns: ReadColumn[] = [];
  for (const { name, decision } of table.columns) {
    if (name === target || name === options.weights) continue;
    noteDecision(name, decision, notes);
    const values = read.get(name)!;
    const schema =
      values.column.kind === 'numbers'
        ? fitNumber(reader, name, values.column.values, decision, parts.train, notes)
        : fitCategory(reader, name, values.column, decision, parts.train, options, notes);
    if (schema?.kind === 'number') await rejectFarCell(reader, name, values, schema.shift, schema.scale);
    if (schema !== null) columns.push({ schema, read: values });
  }
  if (columns.length === 0) throw nothingLeft(reader, target, notes);

  const goal = targetSchema(reader, fitted, targetColumn, parts.train);
  if (goal.kind === 'values')
    await rejectFarCell(reader, target, read.get(target)!, goal.shift[0], goal.scale[0]);
  const schema: TableSchema = {
    kind: 'table',
    numberType: numberType(columns),
    ...(options.overrides?.header === 'no' ? { header: false } : {}),
    columns: columns.map((column) => column.schema),
    target: goal,
  };
  const inputs = encodeColumns(rows, columns, schema.numberType, notes);
  const weights =
    options.weights === undefined
      ? {}
      : { weights: await readWeights(reader, options.weights, read.get(options.weights)!) };
  const dataset = { ...inputs, targets: fitted.values, targetWidth: 1, ...weights };
  return { name, schema, dataset, split: parts, notes, fingerprint: print };
}

/** The target's name. Where there is none, it may be because the first line holds no names. */
async function targetOf(reader: TableReader, options: FitOptions, notes: string[]): Promise<string> {
  try {
    return chooseTarget(reader, options.target, notes);
  } catch (error) {
    checkFirstLine(reader, await decideTable(reader, options.overrides ?? {}, undefined));
    throw error;
  }
}

/** Throws DataError that asks all that two readings leave open, so that one more try answers it. */
function rejectQuestions({ source }: TableReader, columns: readonly DecidedColumn[]): void {
  const open = columns.flatMap(({ name, decision: { question } }) =>
    question === null ? [] : [`column "${name}": ${question}`],
  );
  if (open.length === 1) throw new DataError(`${source}, ${open[0]}`);
  if (open.length > 1)
    throw new DataError(`${source}: ${open.length} columns are ambiguous; ${open.join('; ')}`);
}

/** The values of a column by what was decided of it. Throws DataError for a cell that does not fit. */
async function readColumn(
  reader: TableReader,
  { name, cells, decision }: DecidedColumn,
  target: string,
): Promise<ConvertedColumn> {
  const { reading } = decision;
  const converted = convert(cells, reading);
  await rejectMisfitCell(reader, name, converted, reading, name === target);
  return converted;
}

/**
 * SHA-256 over what was read, before anything is fitted or filled: it does not depend on the format of the
 * file.
 */
function fingerprintOf(
  columns: readonly DecidedColumn[],
  read: ReadonlyMap<string, ConvertedColumn>,
): string {
  const values = columns.map(({ name }) => read.get(name)!.column);
  const described = values.map((column, at) => [
    columns[at].name,
    column.kind === 'words' ? column.words : columns[at].decision.reading.as,
  ]);
  return fingerprint(
    described,
    values.map((column) => (column.kind === 'words' ? column.codes : column.values)),
  );
}

function noteDecision(name: string, { why }: ColumnDecision, notes: string[]): void {
  if (why !== null) notes.push(`column "${name}": ${why}`);
}

function splitTarget({ rows, values, classes }: Target, options: FitOptions, notes: string[]) {
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

function fitNumber(
  reader: TableReader,
  name: string,
  values: Float64Array,
  { reading }: ColumnDecision,
  trainRows: Uint32Array,
  notes: string[],
): ColumnSchema | null {
  const { mean, std } = columnMoments(values, 1, trainRows);
  if (Number.isNaN(mean[0])) throw allMissing(reader, name);
  rejectOverflow(reader, name, std[0]);
  if (!(std[0] > 0)) {
    notes.push(`column "${name}": always ${mean[0]}; left out`);
    return null;
  }
  const [fill] = columnMedians(values, 1, trainRows);
  const type = reading.as === 'date' ? 'date' : 'number';
  return { kind: 'number', name, type, shift: mean[0], scale: scaleOf(std[0]), fill, reading };
}

function fitCategory(
  reader: TableReader,
  name: string,
  { words, codes }: ColumnValues & { kind: 'words' },
  { reading, forced }: ColumnDecision,
  trainRows: Uint32Array,
  { embedAbove }: FitOptions,
  notes: string[],
): ColumnSchema | null {
  let present = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) present++;
  if (present === 0) throw allMissing(reader, name);
  const used = usedWords(codes, words.length);
  const idLike = used > MAX_CATEGORIES || 2 * used > present;
  if (reading.as === 'words' && (forced ? used > MOST_CODES : idLike)) {
    const remedy = forced ? `: more than ${MOST_CODES} categories` : '';
    notes.push(
      `column "${name}": ${used} different words in ${counted(present, 'row')} (${examples(words, 3)}) tell rows apart, not kinds${remedy}; left out`,
    );
    return null;
  }
  const seen = new Set<number>();
  for (const row of trainRows) seen.add(codes[row]);
  const missing = seen.delete(NO_WORD);
  const categories = Array.from(seen, (code) => words[code]).sort();
  if (categories.length === 0) throw allMissing(reader, name);
  if (categories.length === 1 && !missing) {
    notes.push(`column "${name}": always "${categories[0]}"; left out`);
    return null;
  }
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  if (categories.length <= embedAbove) return { kind: 'category', name, type, categories, missing, reading };
  const embedding = Math.ceil(Math.sqrt(categories.length));
  notes.push(
    `column "${name}": ${categories.length} categories, each a learned vector of ${embedding} numbers`,
  );
  return { kind: 'category', name, type, categories, missing, embedding, reading };
}

/** Words that some row holds: those of a missing value are in the list, and in no row. */
function usedWords(codes: Uint32Array, words: number): number {
  const used = new Uint8Array(words);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) used[codes[row]] = 1;
  return used.reduce((sum, one) => sum + one, 0);
}

/** The square of a deviation beyond 1e154 leaves the range of a double, and the scale would be 0. */
function rejectOverflow({ source }: TableReader, name: string, std: number): void {
  if (std < Number.POSITIVE_INFINITY) return;
  throw new DataError(
    `${source}, column "${name}": its values spread too far to compute with (beyond 1e154); write them in another unit, or correct the largest`,
  );
}

function allMissing({ source }: TableReader, name: string): DataError {
  return new DataError(`${source}, column "${name}": every value is missing; remove the column or fill it`);
}

function nothingLeft({ source }: TableReader, target: string, notes: readonly string[]): DataError {
  const reasons = notes.filter((note) => note.endsWith('left out')).join('; ');
  return new DataError(
    `${source}: no column is left to predict "${target}" from${reasons === '' ? '' : ` (${reasons})`}; add columns`,
  );
}

/** float32 where it holds the differences between the values of each column, else float64. */
function numberType(columns: readonly ReadColumn[]): 'f32' | 'f64' {
  const exact = columns.every(({ schema }) => {
    if (schema.kind !== 'number') return true;
    const std = 1 / schema.scale;
    return Math.abs(schema.shift) <= FLOAT32_RANGE * std && std >= FLOAT32_STD[0] && std <= FLOAT32_STD[1];
  });
  return exact ? 'f32' : 'f64';
}

function targetSchema(
  reader: TableReader,
  { classes, type, values }: Target,
  { name, decision: { reading } }: DecidedColumn,
  trainRows: Uint32Array,
): TargetSchema {
  if (classes !== null && type !== 'date')
    return { kind: 'classes', name, type, classes: [...classes], reading };
  const { mean, std } = columnMoments(values, 1, trainRows);
  rejectOverflow(reader, name, std[0]);
  const kind = type === 'date' ? 'date' : 'number';
  return { kind: 'values', names: [name], type: kind, shift: [mean[0]], scale: [scaleOf(std[0])], reading };
}
