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
  { rows }: Pick<Target, 'rows'>,
  notes: string[],
): void {
  const without = rowCount(read.column) - rows.length;
  if (without === 0) return;
  const words = [...read.missing.keys()].filter((word) => word !== '');
  const spelled = words.length === 0 ? '' : ` (${examples(words)})`;
  notes.push(`target: ${counted(without, 'row')} without a value${spelled} left out`);
}

/** Returns a target of quantities. */
export function quantities(values: Float64Array): Pick<Target, 'values' | 'rows'> {
  const stored = new Float64Array(new SharedArrayBuffer(8 * values.length));
  stored.set(values);
  return { values: stored, rows: rowsWhere(stored.length, (row) => !Number.isNaN(stored[row])) };
}

/** Returns a target of classes; `wordOf` says which class each row has, null for none. */
export function classTarget(
  classes: readonly string[],
  type: 'number' | 'text' | 'boolean',
  rows: number,
  wordOf: (row: number) => string | null,
): Target {
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const values = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let row = 0; row < rows; row++) {
    const word = wordOf(row);
    values[row] = word === null ? NO_CLASS : indexOf.get(word)!;
  }
  return { classes, type, values, rows: rowsWhere(rows, (row) => values[row] !== NO_CLASS) };
}

/** Returns the name of the column that a table's model predicts. */
export const targetNameOf = (schema: TargetSchema): string =>
  schema.kind === 'classes' ? schema.name : schema.names[0];

/**
 * Encodes the targets of a table as a trained model's schema says. Throws DataError for a class that the
 * model does not know, and if no row has a target.
 */
export async function encodeTarget(
  reader: TableReader,
  schema: TargetSchema,
  read: ConvertedColumn,
  notes: string[],
): Promise<Pick<Target, 'values' | 'rows'>> {
  const target =
    schema.kind === 'classes'
      ? await encodeClasses(reader, schema, read.column)
      : quantities((read.column as ColumnValues & { kind: 'numbers' }).values);
  noteRowsWithoutTarget(read, target, notes);
  if (target.rows.length === 0) {
    throw new DataError(
      `${reader.source}, column "${targetNameOf(schema)}": the target has no value in any row`,
    );
  }
  return target;
}

async function encodeClasses(
  reader: TableReader,
  schema: TargetSchema & { kind: 'classes' },
  column: ColumnValues,
): Promise<Target> {
  const { name, type, classes } = schema;
  const reading = readingOf(schema);
  // classes that are numbers are compared as numbers, so that `1` in a later file is the class `1.0`
  const keyOfClass = reading.as === 'number' && type === 'number' ? numberParser(reading) : String;
  const known = new Map(classes.map((word): [number | string, string] => [keyOfClass(word), word]));
  const keyOf = (row: number): number | string | null => {
    if (column.kind === 'words') return column.words[column.codes[row]] ?? null;
    return Number.isNaN(column.values[row]) ? null : column.values[row];
  };
  for (let row = 0; row < rowCount(column); row++) {
    const key = keyOf(row);
    if (key === null || known.has(key)) continue;
    throw await cellError(
      reader,
      row,
      name,
      `"${key}" is none of the ${classes.length} classes that the model knows (${examples(classes)}); correct or leave out the row`,
    );
  }
  return classTarget(classes, type, rowCount(column), (row) => {
    const key = keyOf(row);
    return key === null ? null : known.get(key)!;
  });
}

function rowsWhere(count: number, holds: (row: number) => boolean): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let kept = 0;
  for (let row = 0; row < count; row++) if (holds(row)) rows[kept++] = row;
  return rows.subarray(0, kept);
}
