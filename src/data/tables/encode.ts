/**
 * Encodes converted columns as a schema describes: missing numbers are filled, words become category codes.
 * The result is what the network will see, but for scaling and one-hot blocks.
 */
import type { Dataset } from '../dataset.js';
import { allocate } from '../elements.js';
import { type ColumnSchema, cardinality, type TableSchema } from '../schema.js';
import { counted, examples } from '../words.js';
import { NO_WORD } from './cells.js';
import type { ConvertedColumn } from './convert.js';
import { dayName } from './dates.js';

type NumberColumn = ColumnSchema & { kind: 'number' };
type CategoryColumn = ColumnSchema & { kind: 'category' };

/** A read column is a column of the schema with the values that were read for it. */
export interface ReadColumn {
  readonly schema: ColumnSchema;
  readonly read: ConvertedColumn;
}

/** Number of rows that are filled together, column by column, so that they stay in the cache. */
const BLOCK = 256;

/** Encodes the inputs of a dataset. Adds a note for each column with missing or unseen values. */
export function encodeColumns(
  rows: number,
  columns: readonly ReadColumn[],
  numberType: TableSchema['numberType'],
  notes: string[],
): Omit<Dataset, 'targets' | 'targetWidth'> {
  const numeric = columns.flatMap(({ schema, read }) =>
    schema.kind === 'number' && read.column.kind === 'numbers' ? [{ schema, read, ...read.column }] : [],
  );
  const categorical = columns.flatMap(({ schema, read }) =>
    schema.kind === 'category' && read.column.kind === 'words' ? [{ schema, read, ...read.column }] : [],
  );
  const width = numeric.length;
  const numbers = allocate(numberType, rows * width) as Float32Array<SharedArrayBuffer>;
  const filled = new Uint32Array(width);
  for (let first = 0; first < rows; first += BLOCK) {
    const last = Math.min(first + BLOCK, rows);
    for (let j = 0; j < width; j++) {
      const { values, schema } = numeric[j];
      filled[j] += fillColumn(numbers, width, j, values, schema.fill, first, last);
    }
  }
  numeric.forEach(({ schema, read }, j) => {
    if (filled[j] > 0) notes.push(fillNote(schema, filled[j], read.missing));
  });
  const codes = new Uint16Array(new SharedArrayBuffer(2 * rows * categorical.length));
  categorical.forEach(({ schema, read, words, codes: wordCodes }, c) => {
    const categoryOf = categoryCodes(words, schema);
    const missing = schema.missing ? schema.categories.length : cardinality(schema);
    const counts = new Uint32Array(words.length + 1);
    for (let row = 0; row < rows; row++) {
      const word = wordCodes[row];
      codes[row * categorical.length + c] = word === NO_WORD ? missing : categoryOf[word];
      counts[word === NO_WORD ? words.length : word]++;
    }
    noteCategories(schema, words, counts, read.missing, notes);
  });
  return { rows, numbers, numberWidth: width, codes, codeWidth: categorical.length };
}

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
 * Returns the category code of each word. A word that training never saw gets the code after all categories,
 * which is that of missing values if training had any, and of no category otherwise.
 */
function categoryCodes(words: readonly string[], { categories }: CategoryColumn): Uint16Array {
  const known = new Map(categories.map((category, code) => [category, code]));
  return Uint16Array.from(words, (word) => known.get(word) ?? categories.length);
}

function fillNote(
  { name, type, fill }: NumberColumn,
  count: number,
  words: ConvertedColumn['missing'],
): string {
  const shown = type === 'date' ? dayName(fill) : Number(fill.toPrecision(6));
  return `column "${name}": ${counted(count, 'missing value')}${spelled(words)} filled with the median, ${shown}`;
}

/**
 * Says how missing values are spelled: ` ("NA" 3 times, "?" once)`; returns nothing if all cells are empty.
 */
function spelled(words: ConvertedColumn['missing']): string {
  const shown = Array.from(words, ([word, count]) =>
    word === '' ? [] : [`"${word}" ${count === 1 ? 'once' : `${count} times`}`],
  ).flat();
  return shown.length === 0 ? '' : ` (${shown.join(', ')})`;
}

/** Adds notes on values that training never saw, and on missing values. */
function noteCategories(
  column: CategoryColumn,
  words: readonly string[],
  counts: Uint32Array,
  missingWords: ConvertedColumn['missing'],
  notes: string[],
): void {
  const known = new Set(column.categories);
  const unseen = words.filter((word, code) => !known.has(word) && counts[code] > 0);
  if (unseen.length > 0) {
    const count = words.reduce((sum, word, code) => sum + (known.has(word) ? 0 : counts[code]), 0);
    const taken = column.missing ? 'taken as missing' : 'taken as none of its categories';
    notes.push(
      `column "${column.name}": ${counted(count, 'value')} not seen in training (${examples(unseen)}), ${taken}`,
    );
  }
  const missing = counts[words.length];
  if (missing > 0) {
    const as = column.missing ? 'a category of its own' : 'none of its categories';
    notes.push(
      `column "${column.name}": ${counted(missing, 'missing value')}${spelled(missingWords)} taken as ${as}`,
    );
  }
}
