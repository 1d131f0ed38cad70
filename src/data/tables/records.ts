/** Rows in memory as a table: records by column name, or columns by name, as a program has them in hand. */
import { DataError } from '../../errors.js';
import { type Cells, NO_WORD, WordBuilder } from './cells.js';
import type { SourceColumn, TableReader } from './reader.js';

/** One value of a record; null, undefined and NaN are missing. */
export type CellValue = number | string | boolean | bigint | Date | null | undefined;
/** A row by column name. A column that a row does not have is missing there. */
export type TableRow = Readonly<Record<string, CellValue>>;
/** Columns by name, all of one length: typed arrays or lists of values. */
export type TableColumns = Readonly<Record<string, ArrayLike<CellValue>>>;
/** A table in memory. */
export type TableRows = Iterable<TableRow> | AsyncIterable<TableRow> | TableColumns;

const MS_A_DAY = 86_400_000;

export async function openRecords(source: string, rows: TableRows): Promise<TableReader> {
  const columns = await columnsOf(source, rows);
  const found = Array.from(columns, ([name, values]): SourceColumn => ({ name, nested: nestedIn(values) }));
  return {
    source,
    columns: found,
    header: null,
    read: async (names, asWords) =>
      names.map((name) => {
        const values = columns.get(name)!;
        return asWords.has(name) ? wordsOf(values) : cellsOf(values);
      }),
    locate: async (row) => `${source}: row ${row + 1}`,
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

/** Numbers and dates come as what they are, all else as words. */
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
  if (numbers === present) return numberCells(values);
  return dates === present
    ? { kind: 'days', values: Float64Array.from(values, dayOf), clock: false }
    : wordsOf(values);
}

const isSafe = (value: unknown): boolean => typeof value === 'bigint' && BigInt(Number(value)) === value;

function numberCells(values: Column): Cells {
  const odd = { rows: [] as number[], words: [] as string[] };
  let largest = 0;
  const numbers = Float64Array.from(values, (value, row) => {
    if (isMissing(value)) return Number.NaN;
    const number = Number(value);
    largest = Math.max(largest, Math.abs(number));
    if (Number.isFinite(number)) return number;
    odd.rows.push(row);
    odd.words.push(String(value));
    return Number.NaN;
  });
  return { kind: 'numbers', values: numbers, odd, declared: true, largest };
}

function dayOf(value: unknown): number {
  return value instanceof Date ? value.getTime() / MS_A_DAY : Number.NaN;
}

/** Each value as text, as a file would spell it. */
export function wordsOf(values: Column): Cells {
  const builder = new WordBuilder();
  const codes = new Uint32Array(values.length);
  for (let row = 0; row < values.length; row++) {
    const value = values[row];
    codes[row] = isMissing(value)
      ? NO_WORD
      : builder.code(
          value instanceof Date && !Number.isNaN(dayOf(value)) ? value.toISOString() : String(value),
        );
  }
  return { kind: 'words', words: builder.words, codes };
}
