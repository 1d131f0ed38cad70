/** The target column: which it is, whether it names classes or holds quantities, and its values as they are stored. */
import { DataError, UsageError } from '../../errors.js';
import type { StoredArray } from '../dataset.js';
import { type FitOptions, inferTask, MAX_CLASSES } from '../fit.js';
import type { TargetSchema } from '../schema.js';
import { didYouMean, examples, plural } from '../words.js';
import { cellError, missingWords, notANumber, rejectBrokenNumbers } from './cells.js';
import { NO_WORD, type RawTable, type ReadAs } from './columns.js';
import { numbersOf } from './encode.js';
import type { Relation } from './relation.js';

const USUAL_NAMES = ['target', 'label', 'class', 'y'];

export function chooseTarget(relation: Relation, target: string | undefined, notes: string[]): string {
  const names = relation.columns.map(({ name }) => name);
  const list = `${names.slice(0, 30).join(', ')}${names.length > 30 ? `, … (${names.length} in all)` : ''}`;
  if (target !== undefined) {
    if (names.includes(target)) return target;
    const meant = didYouMean(target, names);
    throw new UsageError(
      `--target ${target}: ${relation.source} has no such column${meant}${meant === '' ? ';' : ''} its columns are ${list}`,
    );
  }
  const usual = names.filter((name) => USUAL_NAMES.includes(name.toLowerCase()));
  if (usual.length !== 1) {
    throw new UsageError(
      `--target is missing: which column of ${relation.source} is to be predicted? Its columns are ${list}`,
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
  raw: RawTable,
  relation: Relation,
  name: string,
  as: ReadAs,
  { task }: Pick<FitOptions, 'task'>,
  notes: string[],
): Promise<Target> {
  const text = raw.texts.get(name);
  const target =
    text === undefined
      ? await fitNumericTarget(raw, relation, name, as === 'date' ? 'date' : 'number', task, notes)
      : await fitTextTarget(raw, relation, name, as === 'boolean' ? 'boolean' : 'text', task, notes);
  if (target.rows.length === 0) {
    throw new DataError(
      `${relation.source}, column "${name}": the target has no value in any row; choose another`,
    );
  }
  const without = raw.rows - target.rows.length;
  if (without > 0) notes.push(`target: ${plural(without, 'row')} without a value left out`);
  return target;
}

async function fitTextTarget(
  raw: RawTable,
  relation: Relation,
  name: string,
  type: 'text' | 'boolean',
  task: FitOptions['task'],
  notes: string[],
): Promise<Target> {
  const text = raw.texts.get(name)!;
  const present = raw.rows - missingWords(text);
  const idLike = text.words.length > 20 && 2 * text.words.length > present;
  if (type === 'text') await rejectBrokenNumbers(text, relation, idLike);
  if (task === 'regression') {
    if (type === 'text') throw await notANumber(text, relation);
    throw new DataError(
      `${relation.source}, column "${name}": true and false are classes, not quantities; use --task classification`,
    );
  }
  if (idLike || text.words.length > MAX_CLASSES) {
    throw new DataError(
      `${relation.source}, column "${name}": ${text.words.length} different words in ${present} rows (${examples(text.words, 3)}) are no classes to learn; choose another target`,
    );
  }
  const classes = [...text.words].sort();
  checkClasses(relation, name, classes);
  if (task === 'auto') notes.push(`task: classification, since the target "${name}" holds words`);
  return classTarget(classes, type, raw, (row) =>
    text.codes[row] === NO_WORD ? null : text.words[text.codes[row]],
  );
}

async function fitNumericTarget(
  raw: RawTable,
  relation: Relation,
  name: string,
  type: 'number' | 'date',
  task: FitOptions['task'],
  notes: string[],
): Promise<Target> {
  const { values, width, at } = await numbersOf(raw, relation, name);
  const distinct = new Set<number>();
  let whole = type === 'number';
  let present = 0;
  for (let row = 0; row < raw.rows; row++) {
    const value = values[row * width + at];
    if (Number.isNaN(value)) continue;
    present++;
    whole &&= Number.isInteger(value);
    if (distinct.size <= MAX_CLASSES) distinct.add(value);
  }
  const inferred = inferTask(distinct.size, present, whole);
  if (task === 'auto') {
    const count = distinct.size > MAX_CLASSES ? 'many' : String(distinct.size);
    const why = `the target "${name}" holds ${whole ? `${count} different whole numbers` : type === 'date' ? 'dates' : 'fractions'}`;
    notes.push(`task: ${inferred}, since ${why}`);
  }
  if ((task === 'auto' ? inferred : task) === 'regression') {
    if (distinct.size === 1) throw sameEverywhere(relation, name, String([...distinct][0]));
    const column = new Float64Array(new SharedArrayBuffer(8 * raw.rows));
    for (let row = 0; row < raw.rows; row++) column[row] = values[row * width + at];
    return {
      classes: null,
      type,
      values: column,
      rows: rowsWhere(raw.rows, (row) => !Number.isNaN(column[row])),
    };
  }
  if (distinct.size > MAX_CLASSES || type === 'date') {
    throw new DataError(
      `${relation.source}, column "${name}": ${type === 'date' ? 'dates' : `more than ${MAX_CLASSES} different numbers`} are no classes; use --task regression`,
    );
  }
  const classes = [...distinct].sort((a, b) => a - b).map(String);
  checkClasses(relation, name, classes);
  return classTarget(classes, 'number', raw, (row) => {
    const value = values[row * width + at];
    return Number.isNaN(value) ? null : String(value);
  });
}

function checkClasses(relation: Relation, name: string, classes: readonly string[]): void {
  if (classes.length === 1) throw sameEverywhere(relation, name, classes[0]);
}

function sameEverywhere(relation: Relation, name: string, value: string): DataError {
  return new DataError(
    `${relation.source}, column "${name}": every row has the target "${value}", there is nothing to tell apart; choose another target or add rows`,
  );
}

function classTarget(
  classes: readonly string[],
  type: 'number' | 'text' | 'boolean',
  { rows }: RawTable,
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

/** The targets of a raw table under a trained model's schema. */
export async function encodeTarget(
  raw: RawTable,
  relation: Relation,
  schema: TargetSchema,
  notes: string[],
): Promise<Pick<Target, 'values' | 'rows'>> {
  const name = schema.kind === 'classes' ? schema.name : schema.names[0];
  const target =
    schema.kind === 'classes'
      ? await encodeClasses(raw, relation, schema)
      : await encodeValues(raw, relation, name);
  const without = raw.rows - target.rows.length;
  if (without > 0) notes.push(`target: ${plural(without, 'row')} without a value left out`);
  if (target.rows.length === 0) {
    throw new DataError(`${relation.source}, column "${name}": the target has no value in any row`);
  }
  return target;
}

async function encodeValues(raw: RawTable, relation: Relation, name: string) {
  const { values, width, at } = await numbersOf(raw, relation, name);
  const column = new Float64Array(new SharedArrayBuffer(8 * raw.rows));
  for (let row = 0; row < raw.rows; row++) column[row] = values[row * width + at];
  return { values: column, rows: rowsWhere(raw.rows, (row) => !Number.isNaN(column[row])) };
}

async function encodeClasses(
  raw: RawTable,
  relation: Relation,
  { name, type, classes }: TargetSchema & { kind: 'classes' },
) {
  const numbers = type === 'number' ? await numbersOf(raw, relation, name) : null;
  const text = raw.texts.get(name);
  const wordOf = (row: number): string | null => {
    if (numbers !== null) {
      const value = numbers.values[row * numbers.width + numbers.at];
      return Number.isNaN(value) ? null : String(value);
    }
    return text!.codes[row] === NO_WORD ? null : text!.words[text!.codes[row]];
  };
  const known = new Set(classes);
  for (let row = 0; row < raw.rows; row++) {
    const word = wordOf(row);
    if (word === null || known.has(word)) continue;
    throw await cellError(
      relation,
      row,
      name,
      `"${word}" is none of the ${classes.length} classes that the model knows (${examples(classes)}); correct or leave out the row`,
    );
  }
  return classTarget(classes, type, raw, wordOf);
}

function rowsWhere(count: number, holds: (row: number) => boolean): Uint32Array<SharedArrayBuffer> {
  const rows = new Uint32Array(new SharedArrayBuffer(4 * count));
  let kept = 0;
  for (let row = 0; row < count; row++) if (holds(row)) rows[kept++] = row;
  return rows.subarray(0, kept);
}
