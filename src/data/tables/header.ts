/** Checks whether the first line of a CSV file can be its header, once the cells below it are known. */
import { DataError } from '../../errors.js';
import { convert } from './convert.js';
import type { DecidedColumn, DecidedTable } from './decidetable.js';
import { isPlainNumber } from './numbers.js';
import type { TableReader } from './reader.js';
import { someWord } from './wordlist.js';

/**
 * Throws DataError that asks for --header if the first line may be names or data. A line without a number is
 * a header. A line with numbers is a header if the columns show it: by a name over numbers, by a name that
 * never occurs in a column whose words repeat, or by numbers that do not belong in their columns (years over
 * measurements).
 */
export function checkFirstLine({ source, header }: TableReader, { columns, rows }: DecidedTable): void {
  if (header === null || !header.assumed || rows === 0) return;
  const numbers = columns.filter(({ name }) => isPlainNumber(name));
  if (numbers.length === 0) return;
  if (columns.some(showsName) || numbers.every((column) => isOutside(column))) return;
  const shown = header.cells.slice(0, 4).join(', ');
  const alike = numbers.every(({ decision }) => decision.reading.as === 'number');
  throw new DataError(
    alike
      ? `${source}: there seems to be no header: the first line (${shown}) holds numbers like those below it; --header no names the columns c1, c2, …, --header yes takes the line as names`
      : `${source}: the first line (${shown}) may be names or data; say --header yes or --header no`,
  );
}

/**
 * Whether the first cell of a column must be a name: it is a word over numbers or dates, or over repeating
 * words among which it never occurs.
 */
function showsName({ name, cells, decision }: DecidedColumn): boolean {
  if (isPlainNumber(name)) return false;
  if (decision.reading.as === 'number' || decision.reading.as === 'date') return true;
  if (cells.kind !== 'words') return true;
  return !someWord(cells.words, (word) => word === name) && 2 * cells.words.length <= cells.codes.length;
}

/**
 * Whether the first cell is a whole number that does not belong to the numbers below it, since most of them
 * are fractions or all are far away from it.
 */
function isOutside({ name, cells, decision }: DecidedColumn): boolean {
  const { column } = convert(cells, decision.reading);
  if (column.kind !== 'numbers' || !Number.isInteger(Number(name))) return false;
  let [min, max, fractions] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of column.values) {
    if (Number.isNaN(value)) continue;
    min = Math.min(min, value);
    max = Math.max(max, value);
    if (!Number.isInteger(value)) fractions++;
  }
  if (2 * fractions > column.values.length) return true;
  const far = FAR * (max - min);
  return max > min && (Number(name) < min - far || Number(name) > max + far);
}

/** Distance from a column's range, in units of that range, from which on a number does not belong to it. */
const FAR = 10;
