/** Rows given as values rather than as a source: what a library's user has in hand. */

import type { Dataset, Subset } from '../data/dataset.js';
import { allocate } from '../data/elements.js';
import {
  type ArraysSchema,
  type ColumnSchema,
  product,
  type Schema,
  type TableSchema,
} from '../data/schema.js';
import { allRows } from '../data/split.js';
import { DataError } from '../errors.js';

/** For a model of tables a record by column name, null where a value is missing; for one of arrays its numbers. */
export type Row = Readonly<Record<string, unknown>> | ArrayLike<number>;

/** The rows as a dataset without targets, stored as the training data was. Throws DataError naming row and column. */
export function datasetOf(rows: readonly Row[], schema: Schema): Subset {
  const inputs = schema.kind === 'arrays' ? fromArrays(rows, schema) : fromRecords(rows, schema);
  const targets = { targets: allocate('f32', 0), targetWidth: 0 };
  return { dataset: { rows: rows.length, ...inputs, ...targets }, rows: allRows(rows.length) };
}

type Inputs = Omit<Dataset, 'rows' | 'targets' | 'targetWidth'>;

function fromArrays(rows: readonly Row[], { type, shape }: ArraysSchema): Inputs {
  const width = product(shape);
  const numbers = allocate(type === 'f32' ? 'f32' : 'f64', rows.length * width);
  for (const [index, row] of rows.entries()) {
    if (row.length !== width) {
      throw new DataError(`row ${index + 1}: expected ${width} numbers, found ${row.length ?? 'none'}`);
    }
    for (let j = 0; j < width; j++) {
      numbers[index * width + j] = finite((row as ArrayLike<number>)[j], `row ${index + 1}, number ${j + 1}`);
    }
  }
  return { numbers, numberWidth: width, ...codesOf(0, 0) };
}

function fromRecords(rows: readonly Row[], { columns, numberType }: TableSchema): Inputs {
  const numeric = columns.filter((column) => column.kind === 'number');
  const categorical = columns.filter((column) => column.kind === 'category');
  const numbers = allocate(numberType, rows.length * numeric.length);
  const { codes, codeWidth } = codesOf(rows.length, categorical.length);
  const known = categorical.map(({ categories }) => new Map(categories.map((word, code) => [word, code])));
  for (const [index, row] of rows.entries()) {
    const cell = ({ name }: ColumnSchema) => {
      if (Object.hasOwn(row, name)) return (row as Readonly<Record<string, unknown>>)[name];
      throw new DataError(`row ${index + 1}: the column "${name}" is missing; give null for a missing value`);
    };
    numeric.forEach((column, j) => {
      const value = cell(column) ?? column.fill;
      const days = column.type === 'date' && value instanceof Date ? value.getTime() / MS_A_DAY : value;
      numbers[index * numeric.length + j] = finite(days, `row ${index + 1}, column "${column.name}"`);
    });
    categorical.forEach((column, c) => {
      // a missing or unknown word has the code after the known ones, as when a source is read
      const value = cell(column) ?? null;
      const code = value === null ? undefined : known[c].get(String(value));
      codes[index * categorical.length + c] = code ?? column.categories.length;
    });
  }
  return { numbers, numberWidth: numeric.length, codes, codeWidth };
}

const MS_A_DAY = 86_400_000;

function finite(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new DataError(`${where}: expected a finite number, found ${JSON.stringify(value) ?? value}`);
}

function codesOf(rows: number, codeWidth: number): Pick<Dataset, 'codes' | 'codeWidth'> {
  return { codes: new Uint16Array(new SharedArrayBuffer(2 * rows * codeWidth)), codeWidth };
}
