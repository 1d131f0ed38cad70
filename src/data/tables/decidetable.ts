/**
 * A whole table understood: every column read, decided on all its values, and read again where its text is
 * needed.
 */
import { type Cells, rowsOf } from './cells.js';
import { type ColumnContext, type ColumnDecision, decideColumn } from './decidecolumn.js';
import { checkOverrides, overridesFor, type TableOverrides } from './overrides.js';
import { asText, type ReadModes, type TableReader } from './reader.js';

export interface DecidedColumn {
  readonly name: string;
  readonly cells: Cells;
  readonly decision: ColumnDecision;
}

export interface DecidedTable {
  readonly rows: number;
  readonly columns: readonly DecidedColumn[];
}

/**
 * Reads every column of single values and decides what it is. @param target the column to be predicted, for
 * which other words are missing values, and whose spelling counts @param classes whether it surely holds
 * classes
 */
export async function decideTable(
  reader: TableReader,
  overrides: TableOverrides,
  target: string | undefined,
  classes = false,
): Promise<DecidedTable> {
  const names = reader.columns.flatMap(({ name, nested }) => (nested === null ? [name] : []));
  checkOverrides(overrides, names, reader.source);
  const modes: ReadModes = new Map(
    names.flatMap((name) => {
      const wish = classes && name === target ? 'text' : wished(name, overrides);
      return wish === null ? [] : [[name, wish]];
    }),
  );
  const cells = new Map<string, Cells>();
  const read = async (wanted: readonly string[], modes: ReadModes) => {
    const found = await reader.read(wanted, modes, target);
    wanted.forEach((name, at) => {
      cells.set(name, found[at]);
    });
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

/** What the user says of a column may need its text. */
function wished(name: string, overrides: TableOverrides): 'text' | 'text unless declared' | null {
  const { as, dateFormat, decimal } = overridesFor(name, overrides);
  if (as === 'text' || as === 'category' || dateFormat !== undefined) return 'text';
  return decimal === ',' ? 'text unless declared' : null;
}

/**
 * The decimal mark that the columns of the file surely use; null where there is none, or some use one and
 * some the other.
 */
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

/** A fraction of one, two or more than three digits: its point separates no thousands. */
function showsPoint(cells: Cells): boolean {
  if (cells.kind === 'words') return cells.words.some((word) => /\d\.(\d{1,2}|\d{4,})(\D|$)/.test(word));
  if (cells.kind === 'days' || cells.declared) return false;
  return cells.values.some(
    (value) => !Number.isNaN(value) && !Number.isInteger(value) && !threeDigits(value),
  );
}

const threeDigits = (value: number): boolean => /\.\d{3}$/.test(String(value));

/** Whether knowing the file's decimal mark may change what a column is. */
function isDoubtful(cells: Cells, { question, reading }: ColumnDecision, decimal: '.' | ','): boolean {
  if (question !== null) return true;
  if (decimal === '.' || reading.as !== 'number' || reading.decimal !== '.') return false;
  if (cells.kind === 'words') return cells.words.some((word) => word.includes('.'));
  return (
    cells.kind === 'numbers' &&
    !cells.declared &&
    cells.values.some((value) => value % 1 !== 0 && !Number.isNaN(value))
  );
}
