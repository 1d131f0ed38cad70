/** Opens rows that a program has in memory as a table: records by column name, or columns by name. */
import { DataError } from '../../errors.js';
import { type Cells, NO_WORD, WordBuilder } from './cells.js';
import { asText, placed, type SourceColumn, type TableReader } from './reader.js';

/** A cell value is one value of a row; null, undefined and NaN are missing values. */
export type CellValue = number | string | boolean | bigint | Date | null | undefined;
/** A table row holds its values by column name. A name that a row lacks is a missing value in that row. */
export type TableRow = Readonly<Record<string, CellValue>>;
/** Table columns hold arrays of values by column name, typed or not, all of the same length. */
export type TableColumns = Readonly<Record<string, ArrayLike<CellValue>>>;
/** Table rows are a table in memory: an iterable of rows, possibly asynchronous, or columns. */
export type TableRows = Iterable<TableRow> | AsyncIterable<TableRow> | TableColumns;

const MS_A_DAY = 86_400_000;

/**
 * Opens rows or columns in memory as a table. Throws DataError for rows that are no records, or uneven
 * columns.
 */
export async function openRecords(source: string, rows: TableRows): Promise<TableReader> {
  const columns = await columnsOf(source, rows);
  const found = Array.from(columns, ([name, values]): SourceColumn => ({ name, nested: nestedIn(values) }));
  const read: TableReader['read'] = async (names, modes) =>
    names.map((name) => {
      const values = columns.get(name)!;
      if (modes.get(name) === 'text') return wordsOf(values);
      return modes.has(name) ? numbersOf(values) : cellsOf(values);
    });
  /** Hands out all rows in one block, since they are in memory anyway. */
  async function* blocks(...[names, modes, texts]: Parameters<TableReader['blocks']>) {
    yield [...(await read(names, modes)), ...(await read(texts, asText(texts)))];
  }
  const locate = async (row: number) => `${source}: row ${row + 1}`;
  return {
    source,
    columns: found,
    header: null,
    notes: [],
    read,
    blocks: (...wanted) => placed(blocks(...wanted), locate),
    locate,
    close: () => {},
  };
}

type Column = ArrayLike<unknown>;

async function columnsOf(source: string, rows: TableRows): Promise<Map<string, Column>> {
  if (Symbol.iterator in rows || Symbol.asyncIterator in rows) {
    const records: TableRow[] = [];
    for await (const row of rows as AsyncIterable<TableRow>) {
      checkRecord(source, row, records.length);
      records.push(row);
    }
    return columnsOfRecords(records);
  }
  const columns = new Map<string, Column>(Object.entries(rows));
  const [first] = columns;
  for (const [name, values] of columns) {
    if (typeof values?.length !== 'number' || typeof values === 'string') {
      throw new DataError(`${source}, column "${name}": expected an array of values, found ${typeof values}`);
    }
    if (values.length !== first[1].length) {
      throw new DataError(
        `${source}: column "${name}" has ${values.length} values and column "${first[0]}" ${first[1].length}; give columns of one length`,
      );
    }
  }
  return columns;
}

function checkRecord(source: string, row: unknown, index: number): void {
  if (typeof row === 'object' && row !== null && !Array.isArray(row) && !ArrayBuffer.isView(row)) return;
  const found = row === null ? 'null' : Array.isArray(row) ? 'an array' : typeof row;
  throw new DataError(`${source}: row ${index + 1}: expected a record by column name, found ${found}`);
}

function columnsOfRecords(records: readonly TableRow[]): Map<string, Column> {
  const columns = new Map<string, unknown[]>();
  records.forEach((record, row) => {
    for (const name of Object.keys(record)) {
      if (!columns.has(name)) columns.set(name, new Array(records.length).fill(undefined));
      columns.get(name)![row] = record[name];
    }
  });
  return columns;
}

/** Returns the type of the first value that is not a single one; null if all values are single. */
function nestedIn(values: Column): string | null {
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (typeof value === 'object' && value !== null && !(value instanceof Date)) {
      return Array.isArray(value) ? 'list' : 'object';
    }
    if (typeof value === 'function' || typeof value === 'symbol') return typeof value;
  }
  return null;
}

const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));

/** Turns values into cells: numbers or days if all of them are numbers or dates, else words. */
export function cellsOf(values: Column): Cells {
  let numbers = 0;
  let dates = 0;
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    if (isMissing(value)) continue;
    present++;
    if (typeof value === 'number' || isSafe(value)) numbers++;
    else if (value instanceof Date && !Number.isNaN(value.getTime())) dates++;
  }
  if (numbers === present) return numbersOf(values);
  return dates === present
    ? { kind: 'days', values: Float64Array.from(values, dayOf), clock: false }
    : wordsOf(values);
}

/** Whether a value is a bigint that a double holds exactly. */
const isSafe = (value: unknown): boolean => typeof value === 'bigint' && BigInt(Number(value)) === value;

/** Turns values into number cells; everything that is not a finite number is an odd cell. */
export function numbersOf(values: Column): Cells {
  const odd = { rows: [] as number[], words: [] as string[] };
  let largest = 0;
  const numbers = Float64Array.from(values, (value, row) => {
    if (isMissing(value)) return Number.NaN;
    const number = typeof value === 'number' || isSafe(value) ? Number(value) : Number.NaN;
    if (Number.isFinite(number)) {
      largest = Math.max(largest, Math.abs(number));
      return number;
    }
    odd.rows.push(row);
    odd.words.push(textOf(value));
    return Number.NaN;
  });
  return { kind: 'numbers', values: numbers, odd, declared: true, largest };
}

function dayOf(value: unknown): number {
  return value instanceof Date ? value.getTime() / MS_A_DAY : Number.NaN;
}

const textOf = (value: unknown): string =>
  value instanceof Date && !Number.isNaN(dayOf(value)) ? value.toISOString() : String(value);

/** Turns values into word cells, each value spelled as in a file. */
export function wordsOf(values: Column): Cells {
  const builder = new WordBuilder();
  const codes = new Uint32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    codes[row] = isMissing(value) ? NO_WORD : builder.code(textOf(value));
  }
  return { kind: 'words', words: builder.words(), codes };
}
