/**
 * Each update rule, schedule and loss owns its hyper-parameters: one record has the schema, the default and
 * the help text of every one. The configuration's keys, the flags, their
 * help, `gradpool list` and the tables in docs/training.md are all derived from these records.
 */
import type { z } from 'zod';

/** Describes one hyper-parameter: the values that it may have, its default, and its meaning. */
interface HyperParameter {
  readonly schema: z.ZodType;
  /** Left out where the help text says what happens without a value. */
  readonly default?: unknown;
  readonly help: string;
}
export type HyperRecord = Readonly<Record<string, HyperParameter>>;

/** The values of all hyper-parameters in a record. */
export type HyperValues<H extends HyperRecord = HyperRecord> = {
  readonly [Key in keyof H]: ValueOf<H[Key]>;
};
type ValueOf<P extends HyperParameter> =
  | DeepReadonly<z.output<P['schema']>>
  | (P extends { readonly default: unknown } ? never : undefined);
type DeepReadonly<T> = T extends readonly unknown[] ? Readonly<T> : T;

/**
 * Describes a configuration key, such as `optimizer`, whose value names one member of a fixed set, such as
 * `adam`. A member uses a hyper-parameter if its record has it; several members may use the same one.
 */
export interface Choice<M extends Members = Members> {
  readonly key: string;
  /** The member that is chosen where nothing is given. */
  readonly default: string;
  /** The hyper-parameters of every member. */
  readonly members: M;
  /** The members among which `auto` decides, once the data are known. */
  readonly auto?: readonly string[];
}
type Members = Readonly<Record<string, HyperRecord>>;

/** The keys of any record in a union, and what those records hold under a key. */
type KeysOf<H> = H extends unknown ? keyof H & string : never;
type Entry<H, Key> = H extends unknown ? (Key extends keyof H ? H[Key] : never) : never;

/** Maps each hyper-parameter that any member uses to its entries in the records of those members. */
type Entries<M extends Members> = {
  readonly [Key in KeysOf<M[keyof M]>]: Entry<M[keyof M], Key> & HyperParameter;
};
/** The values of all hyper-parameters of all members. */
export type AllValues<M extends Members> = {
  readonly [Key in keyof Entries<M> as HasDefault<Entries<M>[Key], Key, never>]: ValueOf<Entries<M>[Key]>;
} & {
  readonly [Key in keyof Entries<M> as HasDefault<Entries<M>[Key], never, Key>]?:
    | ValueOf<Entries<M>[Key]>
    | undefined;
};
type HasDefault<P, Yes, No> = P extends { readonly default: unknown } ? Yes : No;

/** The schemas of a choice's hyper-parameters; a key is optional where members differ in its default. */
type HyperShape<M extends Members> = {
  readonly [Key in keyof Entries<M>]: KeySchema<Entries<M>[Key]>;
};
type KeySchema<P extends HyperParameter> = P extends { readonly default: unknown }
  ? IsUnion<P['default']> extends true
    ? z.ZodOptional<P['schema']>
    : z.ZodDefault<P['schema']>
  : z.ZodOptional<P['schema']>;
type IsUnion<T, Whole = T> = [T] extends [never]
  ? false
  : T extends unknown
    ? [Whole] extends [T]
      ? false
      : true
    : never;

/**
 * Returns a record's hyper-parameters: the values in `given`, and the defaults of those that are not given.
 */
export function hyperValues<H extends HyperRecord>(
  record: H,
  given: { readonly [Key in keyof H]?: ValueOf<H[Key]> | undefined },
): HyperValues<H> {
  const values = Object.entries(record).map(([key, entry]) => [
    key,
    (given as HyperValues)[key] ?? entry.default,
  ]);
  return Object.fromEntries(values) as HyperValues<H>;
}

/**
 * Makes the configuration's keys from the members' records. A default on which all members agree belongs to
 * the key; where they differ, the key is optional and each member keeps its own. All must share one schema.
 */
export function hyperShape<M extends Members>(choice: Choice<M>): HyperShape<M> {
  const shape = hyperKeys(choice).map((key) => {
    const [first, ...others] = usersOf(choice, key);
    const { schema, default: value } = first.entry;
    const other = others.find(({ entry }) => entry.schema !== schema);
    if (other) throw new Error(`${key}: ${first.name} and ${other.name} must share its schema`);
    const hasDefault = value !== undefined && defaultsAgree(choice, key);
    const complete = hasDefault ? schema.default(value as never) : schema.optional();
    return [key, complete.describe(helpOf(choice, key))];
  });
  return Object.fromEntries(shape) as HyperShape<M>;
}

/** Returns the names of all hyper-parameters of a choice; those that every member uses come last. */
export function hyperKeys(choice: Choice): readonly string[] {
  return tableOf(choice).keys;
}

function keysOf({ members }: Choice): string[] {
  const records = Object.values(members);
  const keys = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const shared = (key: string) => records.every((record) => Object.hasOwn(record, key));
  return [...keys.filter((key) => !shared(key)), ...keys.filter(shared)];
}

/** A member that uses a hyper-parameter, and the entry for it in the member's record. */
interface User {
  readonly name: string;
  readonly entry: HyperParameter;
}

/** What is asked of a choice again and again: every configuration of a sweep is checked by it. */
interface Table {
  readonly keys: readonly string[];
  readonly users: ReadonlyMap<string, readonly User[]>;
}
const TABLES = new WeakMap<Choice['members'], Table>();

/** Returns the table of a choice, which is made once, since its members never change. */
function tableOf(choice: Choice): Table {
  const { members } = choice;
  const known = TABLES.get(members);
  if (known !== undefined) return known;
  const keys = keysOf(choice);
  const usersOfKey = (key: string): User[] =>
    Object.entries(members).flatMap(([name, record]) =>
      Object.hasOwn(record, key) ? [{ name, entry: record[key] }] : [],
    );
  const table = { keys, users: new Map(keys.map((key) => [key, usersOfKey(key)])) };
  TABLES.set(members, table);
  return table;
}

function usersOf(choice: Choice, key: string): readonly User[] {
  return tableOf(choice).users.get(key) ?? [];
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Returns whether all members that use the key have the same default for it. */
function defaultsAgree(choice: Choice, key: string): boolean {
  const [first, ...others] = usersOf(choice, key);
  return others.every(({ entry }) => same(entry.default, first.entry.default));
}

/**
 * Writes the help of a key: the members that use it, its meaning to each of them, and where their defaults
 * differ. Members to which it means the same share one text.
 */
function helpOf(choice: Choice, key: string): string {
  const users = usersOf(choice, key);
  const [[help, first], ...others] = groups(users, ({ entry }) => entry.help);
  const prefix = usersText(choice, users, others.length === 0 ? users : first);
  const meanings = others.map(([other, members]) => `; ${members.map(nameOf).join(', ')}: ${other}`);
  return `${prefix}${help}${meanings.join('')}${defaultsText(choice, key)}`;
}

/**
 * Writes for which members a help text holds, before the text: nothing where all members use the key, 'every
 * optimizer but lbfgs: ' where most do, else 'optimizer sgd, rmsprop: '.
 */
function usersText({ key, members }: Choice, users: readonly User[], concerned: readonly User[]): string {
  const others = Object.keys(members).filter((name) => !users.some((user) => user.name === name));
  if (others.length === 0) return '';
  return concerned === users && 2 * others.length < users.length
    ? `every ${key} but ${others.join(', ')}: `
    : `${key} ${concerned.map(nameOf).join(', ')}: `;
}

/** Writes the defaults where members differ: ' (default 1e-8; lamb and adadelta 1e-6, adagrad 1e-10)'. */
function defaultsText(choice: Choice, key: string): string {
  if (defaultsAgree(choice, key)) return '';
  const [[usual], ...others] = groups(usersOf(choice, key), ({ entry }) => valueText(entry.default));
  const exceptions = others.map(([value, members]) => `${members.map(nameOf).join(' and ')} ${value}`);
  return ` (default ${usual}; ${exceptions.join(', ')})`;
}

const nameOf = ({ name }: User) => name;

/** Groups users by the text that `textOf` returns for them, in the order in which the texts first come up. */
function groups(users: readonly User[], textOf: (user: User) => string): [string, User[]][] {
  const found = new Map<string, User[]>();
  for (const user of users) found.set(textOf(user), [...(found.get(textOf(user)) ?? []), user]);
  return [...found];
}

/** Writes a default for people: 1e-6 rather than 0.000001, four digits of 1/3, lists with commas. */
export function valueText(value: unknown): string {
  if (typeof value === 'number') {
    const short = Number(value.toPrecision(4));
    return short !== 0 && Math.abs(short) < 1e-3 ? short.toExponential() : String(short);
  }
  return Array.isArray(value) ? value.map(valueText).join(',') : String(value);
}

/** Describes a hyper-parameter that was given although the chosen member does not use it. */
interface UnusedKey {
  readonly key: string;
  /** Whether the value is the key's default, as in the configuration of every run, and so changes nothing. */
  readonly isDefault: boolean;
  /** Why the key is not used, which members use it, and the remedy: 'optimizer adam does not use it; …'. */
  readonly why: string;
}

/** Finds the keys among `values` that belong to other members of the choice than the one chosen there. */
export function unusedKeys(choice: Choice, values: Readonly<Record<string, unknown>>): UnusedKey[] {
  const chosen = String(values[choice.key] ?? choice.default);
  const used = usedKeys(choice, chosen);
  return hyperKeys(choice)
    .filter((key) => values[key] !== undefined && !used.includes(key))
    .map((key) => ({
      key,
      isDefault: defaultsAgree(choice, key) && same(values[key], usersOf(choice, key)[0].entry.default),
      get why() {
        return whyUnused(choice, chosen, key);
      },
    }));
}

function usedKeys({ members, auto = [] }: Choice, chosen: string): string[] {
  const records = chosen === 'auto' ? auto.map((name) => members[name]) : [members[chosen] ?? {}];
  return [...new Set(records.flatMap((record) => Object.keys(record)))];
}

function whyUnused(choice: Choice, chosen: string, key: string): string {
  const names = usersOf(choice, key).map(nameOf);
  const belongs = `${choice.key} ${chosen} does not use it; it belongs to ${listed(names)}`;
  const synonym = usedKeys(choice, chosen).find((other) => meaning(choice, other) === meaning(choice, key));
  if (synonym !== undefined) return `${belongs}, did you mean '${synonym}'?`;
  return `${belongs}: leave it out, or take ${names.length === 1 ? `${choice.key} ${names[0]}` : 'one of these'}`;
}

/** Returns a key's help text; RMSprop's alpha and Adadelta's rho share theirs, so they are synonyms. */
function meaning(choice: Choice, key: string): string {
  return usersOf(choice, key)[0].entry.help;
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
