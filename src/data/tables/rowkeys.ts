/** Reads the columns that say how rows are parted: groups, times and the user's own folds. */
import { DataError, UsageError } from '../../errors.js';
import type { FitOptions } from '../fit.js';
import type { Parting, RowKeys } from '../parting.js';
import { shellWord } from '../words.js';
import { cellError } from './cellerrors.js';
import { NO_WORD } from './cells.js';
import { unknownColumn } from './columnnames.js';
import type { ColumnValues, ConvertedColumn } from './convert.js';
import type { DecidedColumn } from './decidetable.js';
import type { TableReader } from './reader.js';
import { eachWord, type Words } from './wordlist.js';

/** The flags that name such a column, with what it holds. */
const ROLES = { group: 'the groups', time: 'the times', fold: 'the folds' } as const;
type Role = keyof typeof ROLES;

/** Returns the columns that say how rows are parted, with their roles. */
export function partingColumns(parting: Parting): { readonly role: Role; readonly name: string }[] {
  return (Object.keys(ROLES) as Role[]).flatMap((role) => {
    const name = parting[role];
    return name === undefined ? [] : [{ role, name }];
  });
}

/** Throws UsageError for such a column that is not there or is the target, DataError for one of lists. */
export function checkPartingColumns(
  { source, columns }: Pick<TableReader, 'source' | 'columns'>,
  target: string,
  parting: Parting,
): void {
  const names = columns.map(({ name }) => name);
  for (const { role, name } of partingColumns(parting)) {
    if (!names.includes(name)) throw unknownColumn(`--${role}`, name, source, names);
    if (name === target) {
      throw new UsageError(
        `--${role} ${shellWord(name)}: the column is the target, by which rows cannot be parted; name another column`,
      );
    }
    const { nested } = columns.find((column) => column.name === name)!;
    if (nested === null) continue;
    throw new DataError(
      `${source}, column "${name}": it holds ${nested}, which cannot be ${ROLES[role]}; convert the column`,
    );
  }
}

/**
 * Returns the columns that are inputs, without those that say how rows are parted. A note names each of
 * these; one that --use names is an input as well.
 */
export function withoutPartingColumns(
  columns: readonly DecidedColumn[],
  { parting = {}, overrides: { use = [] } = {} }: Pick<FitOptions, 'parting' | 'overrides'>,
  notes: string[],
): DecidedColumn[] {
  const left = partingColumns(parting).filter(({ name }) => !use.includes(name));
  for (const { role, name } of left) {
    notes.push(`column "${name}": holds ${ROLES[role]}, so it is no input; left out, unless --use names it`);
  }
  return columns.filter(({ name }) => !left.some((column) => column.name === name));
}

/** Returns what is known of the rows that have a target. Throws DataError for a cell that says nothing. */
export async function readRowKeys(
  reader: TableReader,
  table: {
    readonly read: ReadonlyMap<string, ConvertedColumn>;
    readonly columns: readonly DecidedColumn[];
    readonly rows: Uint32Array;
  },
  { group, time, fold }: Parting,
): Promise<Pick<RowKeys, 'groups' | 'times' | 'folds'>> {
  const { read, columns, rows } = table;
  const valuesOf = (role: Role, name: string) =>
    presentValues(reader, role, name, read.get(name)!.column, rows);
  const isDate = columns.find(({ name }) => name === fold)?.decision.reading.as === 'date';
  return {
    groups: group === undefined ? null : numberedValues(await valuesOf('group', group)),
    times: time === undefined ? null : await timesOf(reader, time, read.get(time)!.column, rows),
    folds:
      fold === undefined ? null : namedFolds(read.get(fold)!.column, await valuesOf('fold', fold), isDate),
  };
}

/** Returns a number for each row that has a value: its own, or that of its word. */
async function presentValues(
  reader: TableReader,
  role: Role,
  name: string,
  column: ColumnValues,
  rows: Uint32Array,
): Promise<Float64Array> {
  const [values, missing] =
    column.kind === 'words' ? [column.codes, NO_WORD] : ([column.values, Number.NaN] as const);
  const empty = rows.find((row) => Object.is(values[row], missing));
  if (empty === undefined) {
    const first = column.kind === 'words' ? firstCodes(column.words) : null;
    return Float64Array.from(rows, (row) => first?.[values[row]] ?? values[row]);
  }
  throw await cellError(
    reader,
    empty,
    name,
    `no value, where --${role} needs one in every row; fill the cell or leave out the row`,
  );
}

/**
 * Returns for each word the code of the first one that equals it; null where no two do. A column of very many
 * words lists some more than once.
 */
function firstCodes(words: Words): Uint32Array | null {
  const first = new Map<string, number>();
  const codes = new Uint32Array(words.length);
  eachWord(words, (word, code) => {
    codes[code] = first.get(word) ?? code;
    if (codes[code] === code) first.set(word, code);
  });
  return first.size === words.length ? null : codes;
}

async function timesOf(
  reader: TableReader,
  name: string,
  column: ColumnValues,
  rows: Uint32Array,
): Promise<Float64Array> {
  if (column.kind === 'numbers') return presentValues(reader, 'time', name, column, rows);
  const row = rows.find((found) => column.codes[found] !== NO_WORD) ?? 0;
  throw await cellError(
    reader,
    row,
    name,
    `"${column.words.at(column.codes[row]) ?? ''}" is neither a date nor a number, so it has no place in time; name another column, or its format by --date-format`,
  );
}

/** Numbers values from 0, without gaps, in the order of the values. */
function numberedValues(values: Float64Array): Uint32Array {
  const numbers = new Map([...new Set(values)].sort((a, b) => a - b).map((value, number) => [value, number]));
  return Uint32Array.from(values, (value) => numbers.get(value)!);
}

const MS_PER_DAY = 86_400_000;

/** Returns the folds that a column names, in the order of its numbers, dates or words. */
function namedFolds(column: ColumnValues, values: Float64Array, isDate: boolean): RowKeys['folds'] {
  const nameOf = (value: number) => {
    if (column.kind === 'words') return column.words.at(value)!;
    return isDate ? new Date(value * MS_PER_DAY).toISOString().slice(0, 10) : String(value);
  };
  const different = [...new Set(values)].sort((a, b) => a - b);
  if (column.kind === 'words') different.sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const numbers = new Map(different.map((value, number) => [value, number]));
  return { of: Uint32Array.from(values, (value) => numbers.get(value)!), names: different.map(nameOf) };
}
