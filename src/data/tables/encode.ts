/**
 * Encodes converted columns as a schema describes: missing numbers are filled, words become category codes.
 * The result is what the network will see, but for scaling and one-hot blocks.
 */
import {
  type CategoryColumn,
  type ColumnSchema,
  cardinality,
  isCoded,
  type NumberFeature,
  numberFeatures,
  rareCode,
} from '../columnschema.js';
import type { Dataset } from '../dataset.js';
import { type DatePart, datePart } from '../dateparts.js';
import { allocate } from '../elements.js';
import type { TableSchema } from '../schema.js';
import { transformOf } from '../transforms.js';
import { NO_WORD } from './cells.js';
import type { ConvertedColumn } from './convert.js';
import { InputNotes } from './inputnotes.js';
import type { Words } from './wordlist.js';

/** A read column is a column of the schema with the values that were read for it. */
export interface ReadColumn {
  readonly schema: ColumnSchema;
  readonly read: ConvertedColumn;
}

/** Number of rows that are filled together, column by column, so that they stay in the cache. */
const BLOCK = 256;

type EncodedInputs = Omit<Dataset, 'targets' | 'targetWidth'>;

/** Encodes the inputs of a dataset. Adds a note for each column with missing or unseen values. */
export function encodeColumns(
  rows: number,
  columns: readonly ReadColumn[],
  numberType: TableSchema['numberType'],
  notes: string[],
): EncodedInputs {
  const { inputs, filled } = encodeRows(rows, columns, numberType);
  noteEncoded(columns, filled, notes);
  return inputs;
}

/** Encodes rows, and counts the missing numbers of each feature. Rows do not depend on each other. */
export function encodeRows(
  rows: number,
  columns: readonly ReadColumn[],
  numberType: TableSchema['numberType'],
): { inputs: EncodedInputs; filled: Uint32Array } {
  const features = numberFeatures(columns.map(({ schema }) => schema)).map(({ column, part }) =>
    featureValues(columns[column], part),
  );
  const width = features.length;
  const numbers = allocate(numberType, rows * width) as Float32Array<SharedArrayBuffer>;
  const filled = new Uint32Array(width);
  for (let first = 0; first < rows; first += BLOCK) {
    const last = Math.min(first + BLOCK, rows);
    for (let j = 0; j < width; j++) {
      const { values, fill } = features[j];
      filled[j] += fillColumn(numbers, width, j, values, fill, first, last);
    }
  }
  return { inputs: { rows, numbers, numberWidth: width, ...encodeCodes(rows, columns) }, filled };
}

/**
 * Adds a note for each column with missing or unseen values.
 * @param filled missing numbers of each feature
 */
export function noteEncoded(columns: readonly ReadColumn[], filled: Uint32Array, notes: string[]): void {
  const found = new InputNotes();
  countEncoded(columns, filled, found);
  notes.push(...found.lines());
}

/** Counts the missing and unseen values of some rows, of which there may be more. */
export function countEncoded(columns: readonly ReadColumn[], filled: Uint32Array, found: InputNotes): void {
  for (const [j, { column, part }] of numberFeatures(columns.map(({ schema }) => schema)).entries()) {
    const { schema, read } = columns[column];
    if ((part === 'value' || part === 'days') && schema.kind !== 'category')
      found.addFilled(schema, filled[j], read.missing);
  }
  for (const column of columns) found.addCategories(column);
}

/** Returns the codes of the columns that are stored as such. */
function encodeCodes(rows: number, columns: readonly ReadColumn[]): Pick<Dataset, 'codes' | 'codeWidth'> {
  const coded = columns.filter(({ schema }) => isCoded(schema));
  const codes = new Uint16Array(new SharedArrayBuffer(2 * rows * coded.length));
  coded.forEach(({ schema, read: { column } }, c) => {
    if (schema.kind !== 'category' || column.kind !== 'words') return;
    const { words, codes: wordCodes } = column;
    const categoryOf = categoryCodes(words, schema);
    const missing = schema.missing ? schema.categories.length : cardinality(schema);
    for (let row = 0; row < rows; row++) {
      const word = wordCodes[row];
      codes[row * coded.length + c] = word === NO_WORD ? missing : categoryOf[word];
    }
  });
  return { codes, codeWidth: coded.length };
}

/**
 * Returns the value of one number of a column for each row, NaN where it is missing, and what replaces it
 * there.
 */
function featureValues(
  { schema, read: { column } }: ReadColumn,
  part: NumberFeature['part'],
): { values: Float64Array; fill: number } {
  if (schema.kind === 'category' || column.kind === 'words') {
    if (schema.kind !== 'category' || column.kind !== 'words') throw new Error(`${schema.name}: no ${part}`);
    const signs = Float64Array.from(categoryCodes(column.words, schema), (code) => SIGNS[code] ?? 0);
    return { values: Float64Array.from(column.codes, (word) => signs[word] ?? 0), fill: 0 };
  }
  const { values } = column;
  if (part === 'missing') return { values: values.map((value) => Number(Number.isNaN(value))), fill: 0 };
  if (schema.kind === 'number') {
    if (schema.transform === undefined) return { values, fill: schema.fill };
    const bend = transformOf(schema.transform);
    return { values: values.map(bend), fill: bend(schema.fill) };
  }
  const of = (days: number) => datePart(part as DatePart, days);
  const fill = schema.numbers.some((number) => number.part === part) ? of(schema.fill) : 0;
  return { values: values.map(of), fill };
}

/** What the first and the second of two categories become. */
const SIGNS = [-1, 1] as const;

/** Writes one column of the rows first … last−1, filling gaps; returns how many values were missing. */
function fillColumn(
  numbers: Float32Array | Float64Array,
  width: number,
  column: number,
  values: Float64Array,
  fill: number,
  first: number,
  last: number,
): number {
  let missing = 0;
  for (let row = first; row < last; row++) {
    const value = values[row];
    if (Number.isNaN(value)) missing++;
    numbers[row * width + column] = Number.isNaN(value) ? fill : value;
  }
  return missing;
}

/**
 * Returns the category code of each word. A word that training never saw gets that of rare categories if
 * there is one, else the code after all categories, which is that of missing values if training had any, and
 * of no category otherwise.
 */
function categoryCodes(words: Words, schema: CategoryColumn): Uint16Array {
  const known = new Map(schema.categories.map((category, code) => [category, code]));
  const other = rareCode(schema);
  return Uint16Array.from(words, (word) => known.get(word) ?? other);
}
