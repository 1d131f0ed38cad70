/** The options that speak of a table's columns, and what is said where the data has no columns. */
import { UsageError } from '../errors.js';
import type { Parting } from './parting.js';
import type { Preprocessing } from './preprocessing.js';
import { type DataSource, sourceName } from './source.js';
import type { TableOverrides } from './tables/overrides.js';

interface ColumnOptions extends TableOverrides, Preprocessing, Parting {
  readonly weights?: string | undefined;
}

/** The options that speak of a table's columns. */
const COLUMN_OPTIONS = [
  'weights',
  'decimal',
  'missing',
  'dateFormat',
  'text',
  'number',
  'category',
  'drop',
  'use',
  'group',
  'time',
  'fold',
] as const;

/** Throws UsageError for options that speak of columns, for data that are arrays and have none. */
export function rejectColumnOptions(options: ColumnOptions & { readonly data: DataSource }): void {
  const { transform = 'none' } = options;
  if (transform !== 'none' && transform !== 'auto')
    throw new UsageError(
      `--transform: ${sourceName(options.data)} is not a table and has no columns; leave the flag out`,
    );
  for (const key of COLUMN_OPTIONS) {
    if (options[key] === undefined) continue;
    const flag = key === 'dateFormat' ? 'date-format' : key;
    const value = typeof options[key] === 'string' ? ` ${options[key]}` : '';
    throw new UsageError(
      `--${flag}${value}: ${sourceName(options.data)} is not a table and has no columns; leave the flag out`,
    );
  }
}
