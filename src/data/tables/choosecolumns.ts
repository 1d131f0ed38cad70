/** Chooses the columns that a table is learned from, by --drop and --use, and checks --transform. */
import { UsageError } from '../../errors.js';
import type { FitOptions } from '../fit.js';
import { shellWord } from '../words.js';
import { unknownColumn } from './columnnames.js';
import type { DecidedColumn } from './decidetable.js';
import type { TableReader } from './reader.js';
import { partingColumns } from './rowkeys.js';

/**
 * Returns whether a column is read at all, by its name. Throws UsageError where --drop or --use names a
 * column that is not there, or the target or the weights, which are no inputs, or where both name one column.
 */
export function chosenColumns(
  { source, columns }: Pick<TableReader, 'source' | 'columns'>,
  target: string,
  {
    weights,
    parting = {},
    overrides: { drop = [], use } = {},
  }: Pick<FitOptions, 'weights' | 'parting' | 'overrides'>,
): (name: string) => boolean {
  const names = columns.map(({ name }) => name);
  const others = { [target]: 'the target', ...(weights === undefined ? {} : { [weights]: 'the weights' }) };
  for (const [flag, named] of [
    ['--drop', drop],
    ['--use', use ?? []],
  ] as const) {
    for (const name of named) {
      if (!names.includes(name)) throw unknownColumn(flag, name, source, names);
      if (!Object.hasOwn(others, name)) continue;
      const why = flag === '--drop' ? 'which training needs' : 'which is never an input';
      throw new UsageError(`${flag} ${shellWord(name)}: the column is ${others[name]}, ${why}; leave it out`);
    }
  }
  const both = use?.find((name) => drop.includes(name));
  if (both !== undefined)
    throw new UsageError(`--drop and --use both name column "${both}"; keep one of them`);
  const parts = partingColumns(parting).map(({ name }) => name);
  return (name) =>
    Object.hasOwn(others, name) ||
    parts.includes(name) ||
    (!drop.includes(name) && (use?.includes(name) ?? true));
}

/** Throws UsageError where --transform names a column that is not there or holds no numbers. */
export function checkTransforms(
  { source }: Pick<TableReader, 'source'>,
  inputs: readonly DecidedColumn[],
  { transform }: FitOptions['preprocessing'],
): void {
  if (typeof transform !== 'object') return;
  for (const [name, kind] of Object.entries(transform)) {
    const column = inputs.find((input) => input.name === name);
    if (column === undefined) {
      const names = inputs.map((input) => input.name);
      throw unknownColumn('--transform', name, `${source}, beside the target,`, names);
    }
    const { as } = column.decision.reading;
    if (as === 'number' || kind === 'none') continue;
    const holds = as === 'date' ? 'dates' : 'categories';
    throw new UsageError(
      `--transform ${shellWord(`${name}=${kind}`)}: the column holds ${holds}, and only numbers are transformed; leave it out`,
    );
  }
}
