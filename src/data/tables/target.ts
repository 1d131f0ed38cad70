/**
 * The target column: which it is, whether it names classes or holds quantities, and its values as they are
 * stored.
 */
import { DataError, UsageError } from '../../errors.js';
import type { StoredArray } from '../dataset.js';
import { type FitOptions, inferProblemType, MANY_VALUES, MAX_CLASSES } from '../fit.js';
import { PLAIN_FORMAT, type Reading } from '../reading.js';
import { readingOf, type TargetSchema } from '../schema.js';
import { counted, didYouMean, examples } from '../words.js';
import { cellError, misfitText } from './cellerrors.js';
import { type Cells, NO_WORD, wordCounts } from './cells.js';
import type { ColumnValues, ConvertedColumn } from './convert.js';
import type { DecidedColumn } from './decidetable.js';
import { numberParser, parsePlain } from './numbers.js';
import type { TableReader } from './reader.js';

const USUAL_NAMES = ['target', 'label', 'class', 'y'];

export function chooseTarget(
  { source, columns }: TableReader,
  target: string | undefined,
  notes: string[],
): string {
  const names = columns.map(({ name }) => name);
  const list = `${names.slice(0, 30).join(', ')}${names.length > 30 ? `, … (${names.length} in all)` : ''}`;
  if (target !== undefined) {
    if (names.includes(target)) return target;
    const meant = didYouMean(target, names);
    throw new UsageError(
      `--target ${target}: ${source} has no such column${meant}${meant === '' ? ';' : ''} its columns are ${list}`,
    );
  }
  const usual = names.filter((name) => USUAL_NAMES.includes(name.toLowerCase()));
  if (usual.length !== 1) {
    throw new UsageError(
      `--target is missing: which column of ${source} is to be predicted? Its columns are ${list}`,
    );
  }
  notes.push(`target: column "${usual[0]}", by its name`);
  return usual[0];
}

/** The values of a target; a row without one is NaN or NO_CLASS and left out of `rows`. */
export interface Target {
  readonly classes: readonly string[] | null;
  readonly type: 'number' | 'text' | 'boolean' | 'date';
  readonly values: StoredArray;
  /** the rows that have a target, ascending */
  readonly rows: Uint32Array<SharedArrayBuffer>;
}

const NO_CLASS = 0xffff;

export async function fitTarget(
  reader: TableReader,
  column: DecidedColumn,
  read: ConvertedColumn,
  { problemType }: Pick<FitOptions, 'problemType'>,
  notes: string[],
): Promise<Target> {
  const target =
    read.column.kind === 'words'
      ? await fitWords(reader, column, read.column, problemType, notes)
      : fitNumbers(reader, column, read.column.values, problemType, notes);
  const { name, decision } = column;
  if (target.rows.length === 0) {
    throw new DataError(
      `${reader.source}, column "${name}": the target has no value in any row; choose another`,
    );
  }
  if (decision.why !== null) notes.push(`target: ${decision.why}`);
  noteMissing(rowsIn(read.column) - target.rows.length, read, notes);
  return target;
}

function rowsIn(column: ColumnValues): number {
  return column.kind === 'words' ? column.codes.length : column.values.length;
}

function noteMissing(without: number, { missing }: ConvertedColumn, notes: string[]): void {
  if (without === 0) return;
  const words = [...missing.keys()].filter((word) => word !== '');
  const spelled = words.length === 0 ? '' : ` (${examples(words)})`;
  notes.push(`target: ${counted(without, 'row')} without a value${spelled} left out`);
}

async function fitWords(
  reader: TableReader,
  { name, decision: { reading, forced } }: DecidedColumn,
  { words, codes }: ColumnValues & { kind: 'words' },
  problemType: FitOptions['problemType'],
  notes: string[],
): Promise<Target> {
  const counts = wordCounts({ kind: 'words', words, codes });
  const used = words.filter((_, code) => counts[code] > 0);
  const present = counts.reduce((sum, count) => sum + count, 0);
  if (problemType === 'regression') throw await noQuantity(reader, name, reading, words, codes);
  const idLike = used.length > 20 && 2 * used.length > present && !forced;
  if (idLike || used.length > MAX_CLASSES) {
    throw new DataError(
      `${reader.source}, column "${name}": ${used.length} different words in ${present} rows (${examples(used, 3)}) are no classes to learn; choose another target, or say what it holds: --number ${name}, --date-format ${name}=dd/mm/yyyy, or --category ${name}`,
    );
  }
  const classes = reading.as === 'boolean' ? used.sort(by(reading.spellings)) : used.sort();
  if (classes.length === 1) throw sameEverywhere(reader, name, classes[0]);
  if (problemType === 'auto') notes.push(`task: classification, since the target "${name}" holds words`);
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  return classTarget(classes, type, codes.length, (row) => words[codes[row]] ?? null);
}

const by =
  (order: readonly string[]) =>
  (a: string, b: string): number =>
    order.indexOf(a) - order.indexOf(b);

/** Words to be regressed: the first of them is named. */
async function noQuantity(
  reader: TableReader,
  name: string,
  reading: Reading,
  words: readonly string[],
  codes: Uint32Array,
): Promise<DataError> {
  if (reading.as === 'boolean') {
    const shown = reading.spellings.join(' and ');
    return new DataError(
      `${reader.source}, column "${name}": ${shown} are classes, not quantities; use --task classification`,
    );
  }
  const row = codes.findIndex((code) => code !== NO_WORD && Number.isNaN(parsePlain(words[code])));
  const at = Math.max(0, row);
  const wanted: Reading = { as: 'number', ...PLAIN_FORMAT, missing: [] };
  return cellError(reader, at, name, misfitText(words[codes[at]], wanted, true));
}

function fitNumbers(
  reader: TableReader,
  { name, cells, decision: { reading } }: DecidedColumn,
  values: Float64Array,
  problemType: FitOptions['problemType'],
  notes: string[],
): Target {
  const type = reading.as === 'date' ? 'date' : 'number';
  const distinct = new Set<number>();
  let whole = type === 'number';
  let present = 0;
  for (let row = 0; row < values.length; row++) {
    if (Number.isNaN(values[row])) continue;
    present++;
    whole &&= Number.isInteger(values[row]);
    // fractions are counted only where they may be classes all the same
    const most = whole || problemType === 'classification' ? MAX_CLASSES : MANY_VALUES;
    if (distinct.size <= most) distinct.add(values[row]);
  }
  const inferred = inferProblemType(distinct.size, present, whole);
  if (problemType === 'auto') {
    const count = distinct.size > MAX_CLASSES ? 'many' : String(distinct.size);
    const why = `the target "${name}" holds ${whole ? `${count} different whole numbers` : type === 'date' ? 'dates' : 'fractions'}`;
    notes.push(`task: ${inferred}, since ${why}`);
  }
  if ((problemType === 'auto' ? inferred : problemType) === 'regression') {
    if (distinct.size === 1) throw sameEverywhere(reader, name, String([...distinct][0]));
    return { classes: null, type, ...quantities(values) };
  }
  if (distinct.size > MAX_CLASSES || type === 'date') {
    throw new DataError(
      `${reader.source}, column "${name}": ${type === 'date' ? 'dates' : `more than ${MAX_CLASSES} different numbers`} are no classes; use --task regression`,
    );
  }
  const spelling = spellings(cells, reading);
  const spelled = (value: number) => spelling.get(value) ?? String(value);
  const classes = [...distinct].sort((a, b) => a - b).map(spelled);
  if (classes.length === 1) throw sameEverywhere(reader, name, classes[0]);
  return classTarget(classes, 'number', values.length, (row) =>
    Number.isNaN(values[row]) ? null : spelled(values[row]),
  );
}

/** How the file spells each number, the most frequent spelling where there are several. */
function spellings(cells: Cells, reading: Reading): Map<number, string> {
  const found = new Map<number, { word: string; count: number }>();
  if (cells.kind === 'words' && reading.as === 'number') {
    const parse = numberParser(reading);
    const counts = wordCounts(cells);
    cells.words.forEach((word, code) => {
      const value = parse(word);
      const best = found.get(value);
      if (best === undefined || counts[code] > best.count)
        found.set(value, { word: word.trim(), count: counts[code] });
    });
  }
  return new Map(Array.from(found, ([value, { word }]) => [value, word]));
}

function quantities(values: Float64Array): Pick<Target, 'values' | 'rows'> {
  const column = new Float64Array(new SharedArrayBuffer(8 * values.length));
  column.set(values);
  return { values: column, rows: rowsWhere(column.length, (row) => !Number.isNaN(column[row])) };
}

function sameEverywhere({ source }: TableReader, name: string, value: string): DataError {
  return new DataError(
    `${source}, column "${name}": every row has the target "${value}", there is nothing to tell apart; choose another target or add rows`,
  );
}

function classTarget(
  classes: readonly string[],
  type: 'number' | 'text' | 'boolean',
  rows: number,
  wordOf: (row: number) => string | null,
): Target {
  const indexOf = new Map(classes.map((name, index) => [name, index]));
  const values = new Uint16Array(new SharedArrayBuffer(2 * rows));
  for (let row = 0; row < rows; row++) {
    const word = wordOf(row);
    values[row] = word === null ? NO_CLASS : indexOf.get(word)!;
  }
  return { classes, type, values, rows: rowsWhere(rows, (row) => values[row] !== NO_CLASS) };
}

/** The targets of a table under a trained model's schema. */
export async function encodeTarget(
  reader: TableReader,
  schema: TargetSchema,
  read: ConvertedColumn,
  notes: string[],
): Promise<Pick<Target, 'values' | 'rows'>> {
  const name = schema.kind === 'classes' ? schema.name : schema.names[0];
  const target =
    schema.kind === 'classes'
      ? await encodeClasses(reader, schema, read.column)
      : quantities((read.column as ColumnValues & { kind: 'numbers' }).values);
  noteMissing(rowsIn(read.column) - target.rows.length, read, notes);
  if (target.rows.length === 0) {
    throw new DataError(`${reader.source}, column "${name}": the target has no value in any row`);
  }
  return target;
}

async function encodeClasses(
  reader: TableReader,
  schema: TargetSchema & { kind: 'classes' },
  column: ColumnValues,
): Promise<Target> {
  const { name, type, classes } = schema;
  const reading = readingOf(schema);
  const meaning = reading.as === 'number' && type === 'number' ? numberParser(reading) : String;
  const known = new Map(classes.map((word): [number | string, string] => [meaning(word), word]));
  const keyOf = (row: number): number | string | null => {
    if (column.kind === 'words') return column.words[column.codes[row]] ?? null;
    return Number.isNaN(column.values[row]) ? null : column.values[row];
  };
  for (let row = 0; row < rowsIn(column); row++) {
    const key = keyOf(row);
    if (key === null || known.has(key)) continue;
    throw await cellError(
      reader,
      row,
      name,
      `"${key}" is none of the ${classes.length} classes that the model knows (${examples(classes)}); correct or leave out the row`,
    );
  }
  return classTarget(classes, type, rowsIn(column), (row) => {
    const key = keyOf(row);
    return key === null ? null : known.get(key)!;
  });
}

function rowsWhere(count: number, holds: (row: number) => boolean): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let kept = 0;
  for (let row = 0; row < count; row++) if (holds(row)) rows[kept++] = row;
  return rows.subarray(0, kept);
}
