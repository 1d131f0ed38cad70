/** What single cells of a table can be guilty of: each is named with its file, row, column and value. */

import { DataError } from '../../errors.js';
import { isNumber, shorten } from '../words.js';
import { NO_WORD, type RawTable, type TextColumn } from './columns.js';
import type { Relation } from './relation.js';

export async function cellError(
  relation: Relation,
  row: number,
  column: string,
  fault: string,
): Promise<DataError> {
  return new DataError(`${await relation.locate(row)}, column "${column}": ${fault}`);
}

/** Refuses an infinite value in the columns that were read as numbers. */
export async function rejectInfinite({ numbers, numberNames }: RawTable, relation: Relation): Promise<void> {
  const width = numberNames.length;
  for (let i = 0; i < numbers.length; i++) {
    if (numbers[i] !== Number.POSITIVE_INFINITY && numbers[i] !== Number.NEGATIVE_INFINITY) continue;
    const row = Math.floor(i / width);
    throw await cellError(
      relation,
      row,
      numberNames[i % width],
      `${numbers[i]} is not a finite number; correct or empty the cell`,
    );
  }
}

/** How often each word occurs. */
export function wordCounts({ codes, words }: TextColumn): Uint32Array {
  const counts = new Uint32Array(words.length);
  for (let row = 0; row < codes.length; row++) if (codes[row] !== NO_WORD) counts[codes[row]]++;
  return counts;
}

export function missingWords({ codes }: TextColumn): number {
  let count = 0;
  for (let row = 0; row < codes.length; row++) if (codes[row] === NO_WORD) count++;
  return count;
}

const DECIMAL_COMMA = /^\s*[+-]?\d+,\d+\s*$/;

/** Of a column of text that is plainly meant as numbers, the share of cells that may fail to be one. */
const BROKEN_SHARE = 0.05;

/**
 * A file without types in which a few cells of a number column are not numbers reads as text. It is refused when at
 * most one cell in twenty is broken, or a single one, or when the column has too many values to be categories.
 */
export async function rejectBrokenNumbers(
  text: TextColumn,
  relation: Relation,
  tooMany: boolean,
): Promise<void> {
  if (relation.typed) return;
  if (text.words.length > 0 && text.words.every((word) => DECIMAL_COMMA.test(word))) {
    throw new DataError(
      `${relation.source}, column "${text.name}": "${text.words[0]}" has a decimal comma; write points, or read it with a query: SELECT * FROM read_csv('${relation.source}', decimal_separator=',')`,
    );
  }
  const counts = wordCounts(text);
  let good = 0;
  let bad = 0;
  text.words.forEach((word, code) => {
    if (isNumber(word)) good += counts[code];
    else bad += counts[code];
  });
  const few = bad === 1 || bad <= BROKEN_SHARE * (good + bad);
  if (bad === 0 || good <= bad || !(few || tooMany)) return;
  throw await notANumber(text, relation);
}

/** The error for the first cell of a text column that is not a number. */
export async function notANumber(text: TextColumn, relation: Relation): Promise<DataError> {
  const bad = text.words.map((word) => !isNumber(word));
  const row = text.codes.findIndex((code) => code !== NO_WORD && bad[code]);
  const word = shorten(text.words[text.codes[row]]);
  return cellError(
    relation,
    row,
    text.name,
    `"${word}" is not a number, where the column holds numbers; correct the cell, or empty it to mark it as missing`,
  );
}
