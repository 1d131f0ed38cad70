/** Rows given as values rather than as a source, from users of the library. */

import { reachOf } from '../data/columnschema.js';
import type { Dataset, Subset } from '../data/dataset.js';
import { allocate } from '../data/elements.js';
import { firstFar, TOO_FAR } from '../data/finite.js';
import type { Reading } from '../data/reading.js';
import { type ArraysSchema, elementCount, readingOf, type Schema, type TableSchema } from '../data/schema.js';
import { allRows } from '../data/split.js';
import { misfitText } from '../data/tables/cellerrors.js';
import type { Cells } from '../data/tables/cells.js';
import { convert } from '../data/tables/convert.js';
import { encodeColumns } from '../data/tables/encode.js';
import { cellsOf, numbersOf, wordsOf } from '../data/tables/records.js';
import { DataError } from '../errors.js';

/**
 * One row to predict. A model of tables takes a record by column name, with null for a missing value; a model
 * of arrays takes the numbers of one instance.
 */
export type Row = Readonly<Record<string, unknown>> | ArrayLike<number>;

/**
 * Stores rows as the training data was stored, without targets.
 * @throws DataError naming row and column of a value that does not fit
 */
export function datasetOf(rows: readonly Row[], schema: Schema): { subset: Subset; notes: string[] } {
  const notes: string[] = [];
  const inputs = schema.kind === 'arrays' ? fromArrays(rows, schema) : fromRecords(rows, schema, notes);
  const targets = { targets: allocate('f32', 0), targetWidth: 0 };
  return {
    subset: { dataset: { ...inputs, rows: rows.length, ...targets }, rows: allRows(rows.length) },
    notes,
  };
}

type Inputs = Omit<Dataset, 'rows' | 'targets' | 'targetWidth'>;

function fromArrays(rows: readonly Row[], { type, shape }: ArraysSchema): Inputs {
  const width = elementCount(shape);
  const numbers = allocate(type === 'f32' ? 'f32' : 'f64', rows.length * width);
  for (const [index, row] of rows.entries()) {
    if (row?.length !== width) {
      throw new DataError(`row ${index + 1}: expected ${width} numbers, found ${row?.length ?? 'none'}`);
    }
    for (let j = 0; j < width; j++) {
      numbers[index * width + j] = finite((row as ArrayLike<number>)[j], `row ${index + 1}, number ${j + 1}`);
    }
  }
  return { numbers, numberWidth: width, ...codesOf(0, 0) };
}

function fromRecords(rows: readonly Row[], { columns, numberType }: TableSchema, notes: string[]): Inputs {
  rows.forEach(checkRecord);
  const records = rows as readonly Readonly<Record<string, unknown>>[];
  const read = columns.map((schema) => {
    const { name } = schema;
    const values = records.map((row, index) => {
      if (Object.hasOwn(row, name)) return dated(refuseNaN(row[name], index, name), schema.type);
      throw new DataError(`row ${index + 1}: the column "${name}" is missing; give null for a missing value`);
    });
    const reading = readingOf(schema);
    const converted = convert(cellsFor(reading, values), reading);
    const { misfit } = converted;
    if (misfit !== null) {
      throw new DataError(
        `row ${misfit.row + 1}, column "${name}": ${misfitText(misfit.word, reading, false)}`,
      );
    }
    const reach = reachOf(schema);
    if (reach !== null && converted.column.kind === 'numbers') {
      const row = firstFar(converted.column.values, reach);
      if (row >= 0) throw new DataError(`row ${row + 1}, column "${name}": ${values[row]} ${TOO_FAR}`);
    }
    return { schema, read: converted };
  });
  return encodeColumns(rows.length, read, numberType, notes);
}

function checkRecord(row: Row, index: number): void {
  if (typeof row === 'object' && row !== null && !('length' in row && typeof row.length === 'number')) return;
  const found = row === null ? 'null' : typeof row === 'object' ? 'a list' : `${row}`;
  throw new DataError(`row ${index + 1}: expected a record by column name, found ${found}`);
}

const MS_A_DAY = 86_400_000;

/** Reads a number in a date column as days since 1970-01-01. */
function dated(value: unknown, type: 'number' | 'date' | 'text' | 'boolean'): unknown {
  return type === 'date' && typeof value === 'number' ? new Date(value * MS_A_DAY) : value;
}

function cellsFor({ as }: Reading, values: readonly unknown[]): Cells {
  if (as === 'number') return numbersOf(values);
  return as === 'date' ? cellsOf(values) : wordsOf(values);
}

/** Refuses NaN: it is the result of a computation that went wrong, not a missing value. */
function refuseNaN(value: unknown, index: number, name: string): unknown {
  if (!Number.isNaN(value)) return value;
  throw new DataError(
    `row ${index + 1}, column "${name}": expected a finite number, found NaN; give null for a missing value`,
  );
}

function finite(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  const found = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  throw new DataError(`${where}: expected a finite number, found ${found}`);
}

function codesOf(rows: number, codeWidth: number): Pick<Dataset, 'codes' | 'codeWidth'> {
  return { codes: new Uint16Array(new SharedArrayBuffer(2 * rows * codeWidth)), codeWidth };
}
