/** Raw columns into the stored form that a schema describes: missing numbers filled, words as category codes. */
import { cellError, examples, missingWords, notANumber, plural } from './cells.js';
import { NO_WORD, type RawTable, type TextColumn } from './columns.js';
import { isNumber } from './csv.js';
import type { Dataset } from './dataset.js';
import { allocate } from './elements.js';
import type { Relation } from './relation.js';
import { type ColumnSchema, cardinality, type TableSchema } from './schema.js';

type NumberColumn = ColumnSchema & { kind: 'number' };
type CategoryColumn = ColumnSchema & { kind: 'category' };

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
  for (const [j, column] of numeric.entries()) {
    const { values, width, at } = await numbersOf(raw, relation, column.name);
    let filled = 0;
    for (let row = 0; row < raw.rows; row++) {
      const value = values[row * width + at];
      if (Number.isNaN(value)) filled++;
      numbers[row * numeric.length + j] = Number.isNaN(value) ? column.fill : value;
    }
    if (filled > 0) notes.push(fillNote(column, filled));
  }
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

/** A column of numbers wherever it lies; text that holds numbers is converted, any other cell is an error. */
export async function numbersOf(
  raw: RawTable,
  relation: Relation,
  name: string,
): Promise<{ values: Float64Array; width: number; at: number }> {
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
    const as = column.missing ? 'are a category of their own' : 'are none of its categories';
    notes.push(`column "${column.name}": ${plural(missing, 'missing value')} ${as}`);
  }
}
