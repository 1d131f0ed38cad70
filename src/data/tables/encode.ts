/** Raw columns into the stored form that a schema describes: missing numbers filled, words as category codes. */

import type { Dataset } from '../dataset.js';
import { allocate } from '../elements.js';
import { type ColumnSchema, cardinality, type TableSchema } from '../schema.js';
import { examples, isNumber, plural } from '../words.js';
import { cellError, missingWords, notANumber } from './cells.js';
import { NO_WORD, type RawTable, type TextColumn } from './columns.js';
import type { Relation } from './relation.js';

type NumberColumn = ColumnSchema & { kind: 'number' };
type CategoryColumn = ColumnSchema & { kind: 'category' };

/** Rows that are handled together, column by column, so that they stay in the cache. */
const BLOCK = 256;

/** The inputs of a dataset; `notes` gets a line for each column with filled or unseen values. */
export async function encodeColumns(
  raw: RawTable,
  relation: Relation,
  { columns, numberType }: Pick<TableSchema, 'columns' | 'numberType'>,
  notes: string[],
): Promise<Omit<Dataset, 'targets' | 'targetWidth'>> {
  const numeric = columns.filter((column) => column.kind === 'number');
  const categorical = columns.filter((column) => column.kind === 'category');
  const numbers = allocate(numberType, raw.rows * numeric.length) as Float32Array<SharedArrayBuffer>;
  const sources: NumberSource[] = [];
  for (const { name } of numeric) sources.push(await numbersOf(raw, relation, name));
  const filled = new Uint32Array(numeric.length);
  for (let first = 0; first < raw.rows; first += BLOCK) {
    const last = Math.min(first + BLOCK, raw.rows);
    for (let j = 0; j < numeric.length; j++) {
      filled[j] += fillColumn(numbers, numeric.length, j, sources[j], numeric[j].fill, first, last);
    }
  }
  numeric.forEach((column, j) => {
    if (filled[j] > 0) notes.push(fillNote(column, filled[j]));
  });
  const codes = new Uint16Array(new SharedArrayBuffer(2 * raw.rows * categorical.length));
  categorical.forEach((column, c) => {
    const text = raw.texts.get(column.name)!;
    const { codeOf, unseen } = categoryCodes(text, column);
    const missing = column.missing ? column.categories.length : cardinality(column);
    for (let row = 0; row < raw.rows; row++) {
      const word = text.codes[row];
      codes[row * categorical.length + c] = word === NO_WORD ? missing : codeOf[word];
    }
    noteCategories(text, column, unseen, notes);
  });
  return { rows: raw.rows, numbers, numberWidth: numeric.length, codes, codeWidth: categorical.length };
}

/** One column for the rows first … last−1; returns how many values were missing. */
function fillColumn(
  numbers: Float32Array | Float64Array,
  width: number,
  column: number,
  source: NumberSource,
  fill: number,
  first: number,
  last: number,
): number {
  let missing = 0;
  for (let row = first; row < last; row++) {
    const value = source.values[row * source.width + source.at];
    if (Number.isNaN(value)) missing++;
    numbers[row * width + column] = Number.isNaN(value) ? fill : value;
  }
  return missing;
}

/** A column of numbers: element `at` of every row. */
interface NumberSource {
  readonly values: Float64Array;
  readonly width: number;
  readonly at: number;
}

/** A column of numbers wherever it lies; text that holds numbers is converted, any other cell is an error. */
export async function numbersOf(raw: RawTable, relation: Relation, name: string): Promise<NumberSource> {
  const at = raw.numberNames.indexOf(name);
  if (at >= 0) return { values: raw.numbers, width: raw.numberNames.length, at };
  const text = raw.texts.get(name)!;
  if (!text.words.every(isNumber)) throw await notANumber(text, relation);
  const numbers = text.words.map(Number);
  const values = Float64Array.from(text.codes, (code) => (code === NO_WORD ? Number.NaN : numbers[code]));
  const infinite = values.findIndex((value) => Math.abs(value) === Number.POSITIVE_INFINITY);
  if (infinite >= 0)
    throw await cellError(relation, infinite, name, 'the number is out of range; correct the cell');
  return { values, width: 1, at: 0 };
}

/** The category of each word; one that training never saw counts as missing, or as none of them. */
function categoryCodes(text: TextColumn, column: CategoryColumn): { codeOf: Uint16Array; unseen: string[] } {
  const known = new Map(column.categories.map((category, code) => [category, code]));
  const unseen = text.words.filter((word) => !known.has(word));
  return {
    codeOf: Uint16Array.from(text.words, (word) => known.get(word) ?? column.categories.length),
    unseen,
  };
}

function fillNote({ name, type, fill }: NumberColumn, count: number): string {
  const shown = type === 'date' ? dayName(fill) : Number(fill.toPrecision(6));
  return `column "${name}": ${plural(count, 'missing value')} filled with the median, ${shown}`;
}

function dayName(day: number): string {
  return new Date(day * 86_400_000).toISOString().replace(/T00:00:00.000Z$/, '');
}

function noteCategories(text: TextColumn, column: CategoryColumn, unseen: string[], notes: string[]): void {
  const taken = column.missing ? 'taken as missing' : 'taken as none of its categories';
  if (unseen.length > 0) {
    const words = new Set(unseen.map((word) => text.words.indexOf(word)));
    const count = text.codes.reduce((sum, code) => sum + (words.has(code) ? 1 : 0), 0);
    notes.push(
      `column "${column.name}": ${plural(count, 'value')} not seen in training (${examples(unseen)}), ${taken}`,
    );
  }
  const missing = missingWords(text);
  if (missing > 0) {
    const as = column.missing ? 'a category of its own' : 'none of its categories';
    notes.push(`column "${column.name}": ${plural(missing, 'missing value')} taken as ${as}`);
  }
}
