/**
 * Describes what a command is: its words, its flags and what it does. The types of the values that `run` gets
 * follow from the usage and from what each flag reads.
 */

/** Turns what was written into a value. Throws UsageError that begins with `where`, such as '--lr'. */
type Read<Written, Value> = (written: Written, where: string) => Value | Promise<Value>;

/** Holds what the help says of a flag. */
interface Described {
  readonly describe: string;
  /** The heading of the help under which the flag stands. */
  readonly group?: string;
  readonly alias?: string;
  /** The value when the flag is not given, as the help shows it. */
  readonly default?: string;
  readonly hidden?: true;
}

/** A switch is a flag without a value, such as --quiet. */
interface Switch extends Described {
  readonly boolean: true;
}

/** Most flags take one value, such as --lr 0.1. */
interface ValueFlag<Value = unknown> extends Described {
  /** Whether an empty text is a value too. */
  readonly mayBeEmpty?: true;
  /** What the flag alone stands for: a value then needs an equals sign, --tensorboard=DIR. */
  readonly alone?: string;
  /** The values that completion offers and the help names. */
  readonly choices?: readonly string[];
  readonly read: Read<string, Value>;
}

/** A flag that may be given several times reads all of its values together. */
interface RepeatableFlag<Value = unknown> extends Described {
  readonly repeats: true;
  readonly read: Read<readonly string[], Value>;
}

export type Flag = Switch | ValueFlag | RepeatableFlag;
export type Flags = Readonly<Record<string, Flag>>;

export const isSwitch = (flag: Flag): flag is Switch => 'boolean' in flag;
export const isRepeatable = (flag: Flag): flag is RepeatableFlag => 'repeats' in flag;

type FlagValue<F> = F extends Switch
  ? boolean
  : F extends { readonly read: (...written: never[]) => infer Value }
    ? Awaited<Value>
    : never;

/** The values of flags by their names; undefined for a flag that was not given. */
export type FlagValues<F extends Flags> = { readonly [Name in keyof F]: FlagValue<F[Name]> | undefined };

/** 'run' and 'data' of 'evaluate <run> <data>' */
type RequiredWords<Usage extends string> = Usage extends `${string}<${infer Name}>${infer Rest}`
  ? Name | RequiredWords<Rest>
  : never;
/** 'data' of 'train [data]' */
type OptionalWords<Usage extends string> = Usage extends `${string}[${infer Name}]${infer Rest}`
  ? Name | OptionalWords<Rest>
  : never;

type Words<Usage extends string> = { readonly [Name in RequiredWords<Usage>]: string } & {
  readonly [Name in OptionalWords<Usage>]: string | undefined;
};

/** A command's words and the values of its flags, by name. */
export type Args = Readonly<Record<string, unknown>>;

interface Definition<Usage extends string, F extends Flags> {
  /** The command as yargs writes it: 'evaluate <run> <data>'. */
  readonly usage: Usage;
  readonly describe: string;
  readonly positionals: Readonly<Record<RequiredWords<Usage> | OptionalWords<Usage>, string>>;
  readonly flags: F;
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Does the work and returns the exit code. */
  run(args: Words<Usage> & FlagValues<F>): Promise<number>;
}

export interface Command {
  readonly usage: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly flags: Flags;
  readonly examples: readonly (readonly [command: string, does: string])[];
  run(args: Args): Promise<number>;
}

/** Makes a command from its definition, which says what `run` is given. */
export function defineCommand<const Usage extends string, const F extends Flags>(
  definition: Definition<Usage, F>,
): Command {
  return definition as unknown as Command;
}

export const commandName = ({ usage }: Command): string => usage.split(' ')[0];
