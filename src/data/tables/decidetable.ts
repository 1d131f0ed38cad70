/**
 * Decides what every column of a table is: reads it, looks at all its values, and reads it again where its
 * text is needed to decide.
 */
import { type Cells, type NumberCells, numberPieces, rowsOf } from './cells.js';
import type { ColumnContext, ColumnDecision } from './columndecision.js';
import { decideColumn } from './decidecolumn.js';
import { checkOverrides, overridesFor, type TableOverrides } from './overrides.js';
import { asText, type ReadMode, type ReadModes, type TableReader } from './reader.js';
import { someWord } from './wordlist.js';

/** A decided column has its cells and what was decided about them. */
export interface DecidedColumn {
  readonly name: string;
  readonly cells: Cells;
  readonly decision: ColumnDecision;
}

/** A decided table holds all columns of single values. */
export interface DecidedTable {
  readonly rows: number;
  readonly columns: readonly DecidedColumn[];
}

/**
 * Reads every column of single values and decides what it is. Throws UsageError for overrides that make no
 * sense.
 * @param target the column to predict; other words mean "missing" in it, and its spelling counts
 * @param holdsClasses whether the target surely holds classes
 * @param isUsed whether a column is read at all
 */
export async function decideTable(
  reader: TableReader,
  overrides: TableOverrides,
  target: string | undefined,
  holdsClasses = false,
  isUsed: (name: string) => boolean = () => true,
): Promise<DecidedTable> {
  const single = reader.columns.flatMap(({ name, nested }) => (nested === null ? [name] : []));
  checkOverrides(overrides, single, reader.source);
  const names = single.filter(isUsed);
  const modes: ReadModes = new Map(
    names.flatMap((name) => {
      const mode = holdsClasses && name === target ? 'text' : requiredMode(name, overrides);
      return mode === null ? [] : [[name, mode]];
    }),
  );
  const cells = new Map<string, Cells>();
  const read = async (wanted: readonly string[], modes: ReadModes) => {
    const found = await reader.read(wanted, modes, target);
    for (const [i, name] of wanted.entries()) cells.set(name, found[i]);
  };
  const decideAll = async (wanted: readonly string[], decimal: ColumnContext['decimal']) => {
    const decideOne = (name: string) =>
      decideColumn(cells.get(name)!, overridesFor(name, overrides), { decimal, isTarget: name === target });
    const decisions = new Map(wanted.map((name) => [name, decideOne(name)]));
    const unclear = wanted.filter((name) => decisions.get(name) === null);
    if (unclear.length > 0) {
      await read(unclear, asText(unclear));
      for (const name of unclear) decisions.set(name, decideOne(name));
    }
    return decisions as Map<string, ColumnDecision>;
  };

  await read(names, modes);
  const decisions = await decideAll(names, null);
  const decimal = decimalMark(names, cells, decisions);
  if (decimal !== null) {
    const doubtful = names.filter((name) => isDoubtful(cells.get(name)!, decisions.get(name)!, decimal));
    const numbers = doubtful.filter((name) => cells.get(name)!.kind === 'numbers');
    if (numbers.length > 0) await read(numbers, asText(numbers));
    for (const [name, decision] of await decideAll(doubtful, decimal)) decisions.set(name, decision);
  }
  const columns = names.map((name) => ({ name, cells: cells.get(name)!, decision: decisions.get(name)! }));
  return { rows: columns.length === 0 ? 0 : rowsOf(columns[0].cells), columns };
}

/** Returns the read mode that what the user says about a column requires; null if none. */
function requiredMode(name: string, overrides: TableOverrides): ReadMode | null {
  const { as, dateFormat, decimal } = overridesFor(name, overrides);
  if (as === 'text' || as === 'category' || dateFormat !== undefined) return 'text';
  return decimal === ',' ? 'text unless declared' : null;
}

/** Returns the decimal mark that columns of the file surely use; null if no column does, or they differ. */
function decimalMark(
  names: readonly string[],
  cells: ReadonlyMap<string, Cells>,
  decisions: ReadonlyMap<string, ColumnDecision>,
): ColumnContext['decimal'] {
  const marks = new Set(
    names.flatMap((name) => {
      const { reading, question } = decisions.get(name)!;
      if (reading.as !== 'number' || question !== null) return [];
      if (reading.decimal === ',') return [','] as const;
      return showsPoint(cells.get(name)!) || reading.thousands === ',' ? (['.'] as const) : [];
    }),
  );
  return marks.size === 1 ? [...marks][0] : null;
}

/**
 * Whether some number has one, two or more than three digits after its point, which then is a decimal point.
 */
function showsPoint(cells: Cells): boolean {
  if (cells.kind === 'words') return someWord(cells.words, (word) => /\d\.(\d{1,2}|\d{4,})(\D|$)/.test(word));
  if (cells.kind === 'days' || cells.declared) return false;
  return someNumber(
    cells,
    (value) => !Number.isNaN(value) && !Number.isInteger(value) && !threeDigits(value),
  );
}

const threeDigits = (value: number): boolean => /\.\d{3}$/.test(String(value));

/** Whether knowing the file's decimal mark may change the decision about a column. */
function isDoubtful(cells: Cells, { question, reading }: ColumnDecision, decimal: '.' | ','): boolean {
  if (question !== null) return true;
  if (decimal === '.' || reading.as !== 'number' || reading.decimal !== '.') return false;
  if (cells.kind === 'words') return someWord(cells.words, (word) => word.includes('.'));
  return (
    cells.kind === 'numbers' &&
    !cells.declared &&
    someNumber(cells, (value) => value % 1 !== 0 && !Number.isNaN(value))
  );
}

function someNumber(cells: NumberCells, holds: (value: number) => boolean): boolean {
  for (const values of numberPieces(cells)) if (values.some(holds)) return true;
  return false;
}
