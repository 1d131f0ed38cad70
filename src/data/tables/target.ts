/** Encodes the target column: class indices or quantities, and the rows that have one. */
import { DataError } from '../../errors.js';
import type { StoredArray } from '../dataset.js';
import { readingOf, type TargetSchema } from '../schema.js';
import { counted, examples } from '../words.js';
import { cellError } from './cellerrors.js';
import { type ColumnValues, type ConvertedColumn, rowCount } from './convert.js';
import { numberParser } from './numbers.js';
import type { TableReader } from './reader.js';

/**
 * A target holds the values of the target column. A row without one has NaN or NO_CLASS and is not in `rows`.
 */
export interface Target {
  /** Names of the classes by index; null for quantities. */
  readonly classes: readonly string[] | null;
  readonly type: 'number' | 'text' | 'boolean' | 'date';
  /** Class indices or quantities of all rows. */
  readonly values: StoredArray;
  /** The rows that have a target, ascending. */
  readonly rows: Uint32Array<SharedArrayBuffer>;
}

/** Class index of a row without a class. */
const NO_CLASS = 0xffff;

/** Adds a note on the rows that have no target, if there are any. */
export function noteRowsWithoutTarget(
  read: ConvertedColumn,
  target: Pick<Target, 'rows'>,
  notes: string[],
): void {
  const counts = new TargetCounts();
  counts.add(read, target);
  notes.push(...counts.lines());
}

/** Counts the rows with and without a target, block by block. */
export class TargetCounts {
  /** Rows that have a target. */
  present = 0;
  #without = 0;
  readonly #words = new Set<string>();

  add(read: ConvertedColumn, { rows }: Pick<Target, 'rows'>): void {
    this.present += rows.length;
    this.#without += rowCount(read.column) - rows.length;
    for (const word of read.missing.keys()) if (word !== '') this.#words.add(word);
  }

  /** Returns the note on the rows that have no target, if there are any. */
  lines(): string[] {
    if (this.#without === 0) return [];
    const spelled = this.#words.size === 0 ? '' : ` (${examples([...this.#words])})`;
    return [`target: ${counted(this.#without, 'row')} without a value${spelled} left out`];
  }
}

/** Returns a target of quantities. */
export function quantities(values: Float64Array): Pick<Target, 'values' | 'rows'> {
  const stored = new Float64Array(new SharedArrayBuffer(8 * values.length));
  stored.set(values);
  return { values: stored, rows: rowsWhere(stored.length, (row) => !Number.isNaN(stored[row])) };
}

/** Returns a target of classes; `classOf` says which class each row has by its index, undefined for none. */
export function classTarget(
  classes: readonly string[],
  type: 'number' | 'text' | 'boolean',
  rows: number,
  classOf: (row: number) => number | undefined,
): Target {
  const values = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let row = 0; row < rows; row++) values[row] = classOf(row) ?? NO_CLASS;
  return { classes, type, values, rows: rowsWhere(rows, (row) => values[row] !== NO_CLASS) };
}

/** Returns the name of the column that a table's model predicts. */
export const targetNameOf = (schema: TargetSchema): string =>
  schema.kind === 'classes' ? schema.name : schema.names[0];

/** Throws DataError if no row has had a target. */
export function checkSomeTarget(source: string, schema: TargetSchema, { present }: TargetCounts): void {
  if (present > 0) return;
  throw new DataError(`${source}, column "${targetNameOf(schema)}": the target has no value in any row`);
}

/**
 * Encodes the targets of a table as a trained model's schema says. Throws DataError for a class that the
 * model does not know.
 */
export async function encodeTarget(
  reader: Pick<TableReader, 'locate'>,
  schema: TargetSchema,
  read: ConvertedColumn,
): Promise<Pick<Target, 'values' | 'rows'>> {
  return schema.kind === 'classes'
    ? encodeClasses(reader, schema, read.column)
    : quantities((read.column as ColumnValues & { kind: 'numbers' }).values);
}

async function encodeClasses(
  reader: Pick<TableReader, 'locate'>,
  schema: TargetSchema & { kind: 'classes' },
  column: ColumnValues,
): Promise<Target> {
  const { name, type, classes } = schema;
  const reading = readingOf(schema);
  // classes that are numbers are compared as numbers, so that `1` in a later file is the class `1.0`
  const keyOfClass = reading.as === 'number' && type === 'number' ? numberParser(reading) : String;
  const known = new Map(classes.map((word, index): [number | string, number] => [keyOfClass(word), index]));
  const keyOf = (row: number): number | string | null => {
    if (column.kind === 'words') return column.words.at(column.codes[row]) ?? null;
    return Number.isNaN(column.values[row]) ? null : column.values[row];
  };
  const rows = rowCount(column);
  for (let row = 0; row < rows; row++) {
    const key = keyOf(row);
    if (key === null || known.has(key)) continue;
    throw await cellError(
      reader,
      row,
      name,
      `"${key}" is none of the ${classes.length} classes that the model knows (${examples(classes)}); correct or leave out the row`,
    );
  }
  return classTarget(classes, type, rows, (row) => {
    const key = keyOf(row);
    return key === null ? undefined : known.get(key)!;
  });
}

function rowsWhere(count: number, holds: (row: number) => boolean): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let kept = 0;
  for (let row = 0; row < count; row++) if (holds(row)) rows[kept++] = row;
  return rows.subarray(0, kept);
}
