/**
 * Takes the words of a command line apart with yargs' own parser, and says what is wrong with them in our
 * words. yargs itself, which prints the help and completes, gets the same table of options; a command that
 * runs does without it, because loading yargs takes longer than loading MNIST.
 */
import type { Options } from 'yargs';
import parse from 'yargs-parser';
import { didYouMean } from '../src/didyoumean.js';
import { UsageError } from '../src/errors.js';
import {
  type Args,
  type Command,
  commandName,
  type Flag,
  type Flags,
  isRepeatable,
  isSwitch,
} from './command.js';

/** Values are texts as they were written: each flag reads its own. */
export const PARSER_CONFIGURATION = {
  'boolean-negation': false, // --no-progress is a flag of this name
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'populate--': true,
  'strip-aliased': true,
};

/** Names that other tools give to flags, and what the flags are called here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'learning-rate': 'lr',
  'batch-size': 'batch',
  'validation-split': 'val',
  'hidden-layer-sizes': 'hidden',
  'random-state': 'seed',
  threads: 'workers',
  output: 'out',
};

const COMMON: Flags = {
  help: { describe: 'show help', boolean: true, alias: 'h' },
  version: { describe: 'show the version', boolean: true },
};

/** Returns what yargs and its parser must know of each flag. */
export function optionTable(flags: Flags): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, flag]) => [
      name,
      {
        describe: flag.describe + remarks(name, flag),
        group: `${flag.group ?? 'Flags'}:`,
        hidden: flag.hidden ?? false,
        ...(flag.alias === undefined ? {} : { alias: flag.alias }),
        // As a list, a switch that is given twice can be told from one that is given once.
        ...(isSwitch(flag) ? { type: 'boolean', array: true } : { type: 'string', nargs: 1 }),
      } satisfies Options,
    ]),
  );
}

function remarks(name: string, flag: Flag): string {
  if ('alone' in flag) return ` (alone, or as --${name}=DIR)`;
  const choices = 'choices' in flag && flag.choices ? ` [${flag.choices.join(', ')}]` : '';
  return choices + (flag.default === undefined ? '' : ` (default ${flag.default})`);
}

/**
 * Returns the words and the values of the flags by name. Throws UsageError for what the command does not
 * take, or lacks.
 */
export async function readArgs(command: Command, tokens: readonly string[]): Promise<Args> {
  const { words, given } = takeApart(tokens, command.flags, commandName(command));
  if (words.length < (command.usage.match(/</g)?.length ?? 0)) throw tooFewWords(command);
  const positionals = Object.keys(command.positionals);
  if (words.length > positionals.length) throw tooManyWords(command, words[positionals.length]);
  const args: Record<string, unknown> = {};
  for (const [index, word] of words.entries()) args[positionals[index]] = word;
  for (const [name, written] of given) {
    const flag = command.flags[name];
    if (flag !== undefined) args[name] = await readFlag(flag, written, `--${name}`);
  }
  return args;
}

function readFlag(flag: Flag, written: Written, where: string): unknown {
  if (isSwitch(flag)) return written[0];
  const texts = written as readonly string[];
  return isRepeatable(flag) ? flag.read(texts, where) : flag.read(texts[0], where);
}

/** The values given to one flag: texts, or for a switch whether it is on. */
type Written = readonly (string | boolean)[];

interface Parts {
  /** The words that are neither flags nor their values, and everything after `--`. */
  readonly words: readonly string[];
  readonly given: ReadonlyMap<string, Written>;
}

/** Sorts the words of a command line. Throws UsageError for a flag that is unknown or given wrongly. */
export function takeApart(tokens: readonly string[], commandFlags: Flags, command = ''): Parts {
  const flags = { ...COMMON, ...commandFlags };
  const { argv, error } = parse.detailed(withAlone(tokens, flags), parserOptions(flags));
  const { _: words, '--': verbatim = [], ...values } = argv;
  const given = new Map(Object.entries(values).map(([name, value]) => [name, [value].flat() as Written]));
  const end = tokens.indexOf('--');
  const flagged = tokens.slice(0, end < 0 ? tokens.length : end).filter((token) => /^-[^\d]/.test(token));
  const unknown = [...given.keys()].some((name) => !Object.hasOwn(flags, name));
  if (unknown) refuseUnknown(flagged, flags, command);
  if (error !== null) throw parserError(error, flags);
  for (const [name, flag] of Object.entries(flags)) checkGiven(name, flag, given.get(name) ?? [], flagged);
  return { words: [...words, ...verbatim].map(String), given };
}

/** Gives flags that stand alone the value that they then have. */
export function withAlone(tokens: readonly string[], flags: Flags): string[] {
  const end = tokens.indexOf('--');
  return tokens.map((token, index) => {
    const flag = flags[token.slice(2)];
    const isFlag = token.startsWith('--') && (end < 0 || index < end);
    return isFlag && flag !== undefined && 'alone' in flag ? `${token}=${flag.alone}` : token;
  });
}

/** The parser's options, from the table that yargs has too. */
function parserOptions(flags: Flags): parse.Options {
  const options = Object.entries(optionTable(flags));
  const texts = options.flatMap(([name, { type }]) => (type === 'string' ? [name] : []));
  return {
    alias: Object.fromEntries(options.flatMap(([name, { alias }]) => (alias ? [[name, `${alias}`]] : []))),
    array: options.flatMap(([key, { type }]) => (type === 'boolean' ? [{ key, boolean: true }] : [])),
    string: texts,
    narg: Object.fromEntries(texts.map((name) => [name, 1])),
    configuration: PARSER_CONFIGURATION,
  };
}

/**
 * Throws UsageError for a flag that is given twice, lacks its value or takes none.
 * @param flagged the words that begin with a dash, as they were written
 */
function checkGiven(name: string, flag: Flag, given: Written, flagged: readonly string[]): void {
  if (given.length > 1 && !isRepeatable(flag)) {
    throw new UsageError(`--${name} is given twice: keep one of them`);
  }
  if (given.includes('') && !('mayBeEmpty' in flag)) throw new UsageError(lacksValue(name));
  const value = flagged.find((token) => token.startsWith(`--${name}=`))?.slice(`--${name}`.length);
  if (isSwitch(flag) && value !== undefined) {
    throw new UsageError(`--${name} takes no value, found '${value}'`);
  }
}

/** Says in our words what yargs or its parser refuses: with these options, a flag without its value. */
export function parserError({ message }: Error, flags: Flags): UsageError {
  const [, written] = /^Not enough arguments following: (.*)$/.exec(message) ?? [];
  if (written === undefined) return new UsageError(message);
  const name = aliasesOf(flags).get(written) ?? written;
  return new UsageError(lacksValue(name));
}

const lacksValue = (name: string): string =>
  `--${name} needs a value: --${name} VALUE, or --${name}=VALUE where it begins with a dash`;

/** Throws UsageError for the first unknown flag, as it was written. */
function refuseUnknown(flagged: readonly string[], flags: Flags, command: string): void {
  const aliases = aliasesOf(flags);
  const isKnown = (dashes: string, name: string) =>
    (aliases.has(name) && (dashes === '-') === (name.length === 1)) ||
    (dashes === '--' && Object.hasOwn(flags, name));
  for (const token of flagged) {
    const [, dashes, name] = /^(--?)([^=]*)/s.exec(token)!;
    if (!isKnown(dashes, name)) throw unknownFlag(dashes, name, flags, command);
  }
}

/** Returns the flag that each alias stands for. */
export function aliasesOf(flags: Flags): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(flags).flatMap(([name, { alias }]) => (alias === undefined ? [] : [[alias, name]])),
  );
}

function unknownFlag(dashes: string, written: string, flags: Flags, command: string): UsageError {
  const words = [...aliasesOf(flags).keys()].filter((alias) => alias.length > 1);
  const shown = Object.entries(flags).flatMap(([flag, { hidden }]) => (hidden ? [] : [flag]));
  const known = [...shown, ...words].map((flag) => `--${flag}`);
  const elsewhere = `--${ELSEWHERE[written.toLowerCase()]}`;
  const near = known.includes(elsewhere)
    ? `, did you mean '${elsewhere}'?`
    : didYouMean(`--${written}`, known);
  const help = ['gradpool', command, '--help'].filter(Boolean).join(' ');
  return new UsageError(`unknown flag '${dashes}${written}'${near || `; see ${help}`}`);
}

export function tooFewWords(command: Command): UsageError {
  const name = commandName(command);
  return new UsageError(`${name} needs more words: gradpool ${command.usage}; see gradpool ${name} --help`);
}

/** Hints at quotes: words too many are most often what the shell made of a pattern. */
function tooManyWords(command: Command, word: string): UsageError {
  return new UsageError(
    `${commandName(command)}: one word too many: '${word}'; usage: gradpool ${command.usage} (a pattern or query goes in quotes)`,
  );
}
