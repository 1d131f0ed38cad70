/**
 * Holds what the user says about columns instead of leaving it to the rules, by the flags --date-format,
 * --decimal, --missing, --text, …
 */
import { UsageError } from '../../errors.js';
import { unknownColumn } from './columnnames.js';
import { dateParser } from './dates.js';

/** Table overrides are what the user says about the columns of a table. */
export interface TableOverrides {
  /** Decimal mark of every column, or of the columns that are named. */
  readonly decimal?: '.' | ',' | Readonly<Record<string, '.' | ','>> | undefined;
  /** Words that mean "missing" in every column, including the target. */
  readonly missing?: readonly string[] | undefined;
  /** Date formats by column: `{born: 'dd/mm/yyyy'}`. */
  readonly dateFormat?: Readonly<Record<string, string>> | undefined;
  /** Columns whose words are kept as they are written. */
  readonly text?: readonly string[] | undefined;
  /** Columns that hold numbers, whatever they look like. */
  readonly number?: readonly string[] | undefined;
  /** Columns that hold categories, however many. */
  readonly category?: readonly string[] | undefined;
  /** Columns that are not used. */
  readonly drop?: readonly string[] | undefined;
  /** The only columns that are used; one that identifies rows is used as well. */
  readonly use?: readonly string[] | undefined;
  /** Whether the first line of a CSV file names the columns. */
  readonly header?: 'auto' | 'yes' | 'no' | undefined;
}

/** Column overrides are what the user says about one column. */
export interface ColumnOverrides {
  readonly name: string;
  readonly as?: 'text' | 'number' | 'category';
  readonly dateFormat?: string;
  readonly decimal?: '.' | ',';
  readonly missing: readonly string[];
}

const KINDS = ['text', 'number', 'category'] as const;

/** Returns what the user says about one column. */
export function overridesFor(name: string, overrides: TableOverrides): ColumnOverrides {
  const as = KINDS.find((kind) => overrides[kind]?.includes(name));
  const dateFormat = ownValue(overrides.dateFormat, name);
  const decimal =
    typeof overrides.decimal === 'string' ? overrides.decimal : ownValue(overrides.decimal, name);
  return {
    name,
    missing: overrides.missing ?? [],
    ...(as === undefined ? {} : { as }),
    ...(dateFormat === undefined ? {} : { dateFormat }),
    ...(decimal === undefined ? {} : { decimal }),
  };
}

function ownValue<T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
}

/**
 * Throws UsageError for overrides that name an unknown column, that say two different things about a column,
 * or that give a date format which makes no sense.
 */
export function checkOverrides(overrides: TableOverrides, names: readonly string[], source: string): void {
  const checkName = (flag: string, name: string) => {
    if (!names.includes(name)) throw unknownColumn(flag, name, source, names);
  };
  for (const kind of KINDS) for (const name of overrides[kind] ?? []) checkName(`--${kind}`, name);
  for (const [name, format] of Object.entries(overrides.dateFormat ?? {})) {
    checkName('--date-format', name);
    dateParser(format); // throws if the format makes no sense
  }
  if (typeof overrides.decimal === 'object') {
    for (const name of Object.keys(overrides.decimal)) checkName('--decimal', name);
  }
  for (const name of names) {
    const said = [
      ...KINDS.filter((kind) => overrides[kind]?.includes(name)),
      ...(ownValue(overrides.dateFormat, name) === undefined ? [] : ['date-format']),
    ];
    if (said.length > 1) {
      throw new UsageError(`--${said[0]} and --${said[1]} both name column "${name}"; keep one of them`);
    }
  }
}
