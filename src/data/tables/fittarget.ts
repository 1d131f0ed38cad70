/**
 * Fits the target column of training data: which column it is, whether it holds classes or quantities, and
 * its values as they are stored.
 */
import { DataError, UsageError } from '../../errors.js';
import { type FitOptions, inferProblemType, MAX_CLASSES, MAX_INFERRED_CLASSES } from '../fit.js';
import { PLAIN_FORMAT, type Reading } from '../reading.js';
import { examples } from '../words.js';
import { cellError, misfitText } from './cellerrors.js';
import { type Cells, NO_WORD, wordCounts } from './cells.js';
import { listColumns, unknownColumn } from './columnnames.js';
import type { ConvertedColumn, WordValues } from './convert.js';
import type { DecidedColumn } from './decidetable.js';
import { numberParser, parsePlain } from './numbers.js';
import type { TableReader } from './reader.js';
import { classTarget, noteRowsWithoutTarget, quantities, type Target } from './target.js';
import { chooseWords, eachWord } from './wordlist.js';

const USUAL_NAMES = ['target', 'label', 'class', 'y'];

/**
 * Returns the target column: the one that the user names, or the only one with a usual name. Throws
 * UsageError if there is none.
 */
export function chooseTarget(
  { source, columns }: TableReader,
  target: string | undefined,
  notes: string[],
): string {
  const names = columns.map(({ name }) => name);
  if (target !== undefined) {
    if (names.includes(target)) return target;
    throw unknownColumn('--target', target, source, names);
  }
  const usual = names.filter((name) => USUAL_NAMES.includes(name.toLowerCase()));
  if (usual.length !== 1) {
    throw new UsageError(
      `--target is missing: which column of ${source} is to be predicted? Its columns are ${listColumns(names)}`,
    );
  }
  notes.push(`target: column "${usual[0]}", by its name`);
  return usual[0];
}

/**
 * Reads the target as classes or quantities: by its values, unless the problem type is given. Throws
 * DataError for a target that cannot be learned.
 */
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
  noteRowsWithoutTarget(read, target, notes);
  return target;
}

/** Number of different words that may be classes however few rows there are. */
const FEW_WORDS = 20;

/** Reads words as classes. */
async function fitWords(
  reader: TableReader,
  { name, decision: { reading, forced } }: DecidedColumn,
  values: WordValues,
  problemType: FitOptions['problemType'],
  notes: string[],
): Promise<Target> {
  const { words } = values;
  const counts = wordCounts(values);
  const used = chooseWords(words, (code) => counts[code] > 0);
  const present = counts.reduce((sum, count) => sum + count, 0);
  if (problemType === 'regression') throw await notAQuantity(reader, name, reading, values);
  const areNames = used.length > FEW_WORDS && 2 * used.length > present && !forced;
  if (areNames || used.length > MAX_CLASSES) {
    throw new DataError(
      `${reader.source}, column "${name}": ${used.length} different words in ${present} rows (${examples(used, 3)}) are too many to be classes; choose another target, or say what it holds: --number ${name}, --date-format ${name}=dd/mm/yyyy, or --category ${name}`,
    );
  }
  const classes = [...used].sort(reading.as === 'boolean' ? byOrder(reading.spellings) : undefined);
  if (classes.length === 1) throw sameEverywhere(reader, name, classes[0]);
  if (problemType === 'auto') notes.push(`task: classification, since the target "${name}" holds words`);
  const type = reading.as === 'boolean' ? 'boolean' : 'text';
  const indexOf = new Map(classes.map((word, index) => [word, index]));
  const classOfCode = Array.from(words, (word) => indexOf.get(word));
  const { codes } = values;
  return classTarget(classes, type, codes.length, (row) => classOfCode[codes[row]]);
}

/** Compares strings by their place in a list. */
const byOrder =
  (order: readonly string[]) =>
  (a: string, b: string): number =>
    order.indexOf(a) - order.indexOf(b);

/** Returns the error for words where a quantity is wanted, naming the first cell that is not a number. */
async function notAQuantity(
  reader: TableReader,
  name: string,
  reading: Reading,
  { words, codes }: WordValues,
): Promise<DataError> {
  if (reading.as === 'boolean') {
    const shown = reading.spellings.join(' and ');
    return new DataError(
      `${reader.source}, column "${name}": ${shown} are classes, not quantities; use --task classification`,
    );
  }
  const misfit = codes.findIndex((code) => code !== NO_WORD && Number.isNaN(parsePlain(words.at(code)!)));
  const row = Math.max(0, misfit);
  const wanted: Reading = { as: 'number', ...PLAIN_FORMAT, missing: [] };
  return cellError(reader, row, name, misfitText(words.at(codes[row])!, wanted, true));
}

/** Reads numbers as quantities or classes, and dates as quantities. */
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
    // fractions need counting only if the user says that they are classes
    const most = whole || problemType === 'classification' ? MAX_CLASSES : MAX_INFERRED_CLASSES;
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
      `${reader.source}, column "${name}": ${type === 'date' ? 'dates' : `more than ${MAX_CLASSES} different numbers`} cannot be classes; use --task regression`,
    );
  }
  const spellings = numberSpellings(cells, reading);
  const spelled = (value: number) => spellings.get(value) ?? String(value);
  const classes = [...distinct].sort((a, b) => a - b).map(spelled);
  if (classes.length === 1) throw sameEverywhere(reader, name, classes[0]);
  const indexOf = new Map(classes.map((word, index) => [word, index]));
  const classOfValue = new Map(Array.from(distinct, (value) => [value, indexOf.get(spelled(value))]));
  return classTarget(classes, 'number', values.length, (row) => classOfValue.get(values[row]));
}

/**
 * Returns how the file spells each number, in the most frequent spelling; empty if it declares its numbers.
 */
function numberSpellings(cells: Cells, reading: Reading): Map<number, string> {
  const found = new Map<number, { word: string; count: number }>();
  if (cells.kind === 'words' && reading.as === 'number') {
    const parse = numberParser(reading);
    const counts = wordCounts(cells);
    eachWord(cells.words, (word, code) => {
      const value = parse(word);
      const best = found.get(value);
      if (best === undefined || counts[code] > best.count)
        found.set(value, { word: word.trim(), count: counts[code] });
    });
  }
  return new Map(Array.from(found, ([value, { word }]) => [value, word]));
}

/** Returns the error for a target that has the same value in every row. */
function sameEverywhere({ source }: TableReader, name: string, value: string): DataError {
  return new DataError(
    `${source}, column "${name}": every row has the target "${value}", so there is nothing to learn; choose another target or add rows`,
  );
}
