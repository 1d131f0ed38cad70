/**
 * What the user says of columns instead of leaving it to the rules: the flags --date-format, --decimal,
 * --missing, --text, …
 */
import { UsageError } from '../../errors.js';
import { didYouMean } from '../words.js';
import { dateParser } from './dates.js';

export interface TableOverrides {
  /** the decimal mark of every column, or of those that are named */
  readonly decimal?: '.' | ',' | Readonly<Record<string, '.' | ','>> | undefined;
  /** words that stand for a missing value in every column, the target among them */
  readonly missing?: readonly string[] | undefined;
  /** the date format of a column: `{born: 'dd/mm/yyyy'}` */
  readonly dateFormat?: Readonly<Record<string, string>> | undefined;
  /** columns whose words are kept as they are written */
  readonly text?: readonly string[] | undefined;
  /** columns that hold numbers, whatever it seems */
  readonly number?: readonly string[] | undefined;
  /** columns that hold categories, however many */
  readonly category?: readonly string[] | undefined;
  /** whether the first line of a CSV file names the columns */
  readonly header?: 'auto' | 'yes' | 'no' | undefined;
}

/** The overrides for one column. */
export interface ColumnOverrides {
  readonly name: string;
  readonly as?: 'text' | 'number' | 'category';
  readonly dateFormat?: string;
  readonly decimal?: '.' | ',';
  readonly missing: readonly string[];
}

const KINDS = ['text', 'number', 'category'] as const;

export function overridesFor(name: string, overrides: TableOverrides): ColumnOverrides {
  const as = KINDS.find((kind) => overrides[kind]?.includes(name));
  const dateFormat = own(overrides.dateFormat, name);
  const decimal = typeof overrides.decimal === 'string' ? overrides.decimal : own(overrides.decimal, name);
  return {
    name,
    missing: overrides.missing ?? [],
    ...(as === undefined ? {} : { as }),
    ...(dateFormat === undefined ? {} : { dateFormat }),
    ...(decimal === undefined ? {} : { decimal }),
  };
}

function own<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Throws UsageError for a column that is not there, one that is wished to be two things, and a format that
 * means nothing.
 */
export function checkOverrides(overrides: TableOverrides, names: readonly string[], source: string): void {
  const check = (flag: string, name: string) => {
    if (names.includes(name)) return;
    const meant = didYouMean(name, names);
    throw new UsageError(
      `${flag} ${name}: ${source} has no such column${meant === '' ? `; its columns are ${names.slice(0, 30).join(', ')}` : meant}`,
    );
  };
  for (const kind of KINDS) for (const name of overrides[kind] ?? []) check(`--${kind}`, name);
  for (const [name, format] of Object.entries(overrides.dateFormat ?? {})) {
    check('--date-format', name);
    dateParser(format);
  }
  if (typeof overrides.decimal === 'object') {
    for (const name of Object.keys(overrides.decimal)) check('--decimal', name);
  }
  for (const name of names) {
    const said = [
      ...KINDS.filter((kind) => overrides[kind]?.includes(name)),
      ...(own(overrides.dateFormat, name) === undefined ? [] : ['date-format']),
    ];
    if (said.length > 1) {
      throw new UsageError(`--${said[0]} and --${said[1]} both name column "${name}"; keep one of them`);
    }
  }
}
