/**
 * Writes the columns of columns.json as CSV, and answers what gradpool makes of the first column of such a
 * file.
 */
import { readFileSync } from 'node:fs';
import { misfitText } from '#src/data/tables/cellerrors.js';
import { convert } from '#src/data/tables/convert.js';
import { dayName } from '#src/data/tables/dates.js';
import { decideTable } from '#src/data/tables/decidetable.js';
import { checkFirstLine } from '#src/data/tables/header.js';
import { withTable } from '#src/data/tables/opentable.js';

const listed = JSON.parse(readFileSync(new URL('columns.json', import.meta.url), 'utf8'));

/**
 * All cases, columns and whole files. `show` lists the rows whose values are compared; negative ones count
 * from the end.
 */
export const cases = [
  ...listed.columns.map((column) => ({ ...column, isFile: false, bytes: Buffer.from(csvOf(column)) })),
  ...listed.files.map((file) => ({ ...file, isFile: true, bytes: bytesOf(file) })),
];

/** Writes the column `x` beside the numbers 1, 2, 3 …, which say nothing about it. */
function csvOf({ cells, before, quoted }) {
  const all = [...Array(before?.times ?? 0).fill(before?.cell), ...cells];
  const written = (cell) => (quoted || /[",]/.test(cell) ? `"${cell}"` : cell);
  return `x,n\n${all.map((cell, row) => `${written(cell)},${row + 1}\n`).join('')}`;
}

function bytesOf({ text, encoding }) {
  return encoding === 'utf-16' ? Buffer.from(`\ufeff${text}`, 'utf16le') : Buffer.from(text);
}

/** Resolves negative row numbers. */
export const shownRows = (show, rows) => show.map((row) => (row < 0 ? rows + row : row));

/**
 * Returns type, values and notes of the first column, or the question (`asks`) or error that would stop a
 * training run.
 */
export function decision(path, show) {
  const source = { kind: 'table', form: 'file', name: path, text: path };
  return withTable(source, undefined, async (reader) => {
    try {
      const table = await decideTable(reader, {}, undefined);
      checkFirstLine(reader, table);
      const names = table.columns.map(({ name }) => name);
      return { names, ...decided(table.columns[0], show) };
    } catch (error) {
      return { asks: error.message.replace(`${path}: `, '') };
    }
  });
}

function decided({ cells, decision: { reading, why, question } }, show) {
  if (question !== null) return { asks: question };
  const { column, misfit } = convert(cells, reading);
  if (misfit !== null) return { error: `row ${misfit.row + 1}: ${misfitText(misfit.word, reading, false)}` };
  const type = reading.as === 'words' ? 'text' : reading.as;
  const rows = column.kind === 'words' ? column.codes.length : column.values.length;
  const shown = (row) => {
    if (column.kind === 'words') return column.words[column.codes[row]] ?? 'missing';
    const value = column.values[row];
    if (Number.isNaN(value)) return 'missing';
    return type === 'date' ? dateText(value, reading.format) : String(value);
  };
  return { type, values: shownRows(show, rows).map(shown), notes: why };
}

/** Writes a date; a time of day is a fraction of a day. */
const dateText = (days, format) => (/^hh/.test(format) ? String(Number(days.toFixed(4))) : dayName(days));

const code = (text) => `\`${text.replace(/\r?\n/g, '⏎').replaceAll('|', '\\|')}\``;

/**
 * Formats an answer for a cell of the document's table; questions and errors are cut before the help they
 * give.
 */
export function cellOf({ names, type, values, asks, error }, isFile) {
  if (asks !== undefined)
    return `asks: ${asks.replace(/(, and every value|;).*/, '').replace(/ \(--[^)]*\)/g, '')}`;
  if (error !== undefined) return `error: ${error.replace(/(, where|;).*/, '')}`;
  const header = isFile ? `${names.map(code).join(', ')}: ` : '';
  return `${header}${type} ${values.map(code).join(', ')}`;
}
