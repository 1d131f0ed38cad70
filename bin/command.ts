/**
 * What a command is, and what the words after it mean. yargs prints the help and completes; a command that
 * runs does without it, because loading yargs alone takes longer than loading MNIST.
 */
import { closest } from '../src/closest.js';
import { UsageError } from '../src/errors.js';

export interface Flag {
  readonly describe: string;
  readonly group?: string;
  readonly alias?: string;
  /** stands alone; any other flag takes a value */
  readonly boolean?: true;
  readonly choices?: readonly string[];
  /** for the help: what holds when it is not given */
  readonly default?: string;
  readonly hidden?: true;
  /** may be given several times: the values are then joined by REPEATED */
  readonly repeats?: true;
}
/** What stands between the values of a flag that was given several times. */
export const REPEATED = '\n';
export type Flags = Readonly<Record<string, Flag>>;

export interface Args {
  /** positionals and flags with a value, as they were written */
  readonly values: Readonly<Record<string, string | undefined>>;
  /** flags without */
  readonly set: ReadonlySet<string>;
}

export interface Command {
  /** as yargs writes it: 'evaluate <run> <data>' */
  readonly usage: string;
  readonly describe: string;
  readonly positionals: Readonly<Record<string, string>>;
  readonly flags: Flags;
  readonly examples: readonly (readonly [command: string, does: string])[];
  /** Returns the exit code. */
  run(args: Args): Promise<number>;
}

export const commandName = ({ usage }: Command): string => usage.split(' ')[0];

/** Names from other tools, and what they are called here. */
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

/**
 * The words after a command, taken apart. Throws UsageError for one that the command does not take, or lacks.
 */
export function readArgs(command: Command, tokens: readonly string[]): Args {
  const name = commandName(command);
  const { words, ...args } = readFlags(tokens, command.flags, name);
  if (words.length < (command.usage.match(/</g)?.length ?? 0)) {
    throw tooFewWords(command);
  }
  const positionals = Object.keys(command.positionals);
  if (words.length > positionals.length) throw tooManyWords(command, words[positionals.length]);
  for (const [index, word] of words.entries()) args.values[positionals[index]] = word;
  return args;
}

interface Read {
  readonly words: string[];
  readonly values: Record<string, string>;
  readonly set: Set<string>;
}

/**
 * Words are what is neither a flag nor a flag's value, and everything after `--`. Throws UsageError for a
 * flag that is unknown, stands twice or lacks its value.
 */
export function readFlags(tokens: readonly string[], own: Flags, name = ''): Read {
  const flags = { ...COMMON, ...own };
  const byAlias = new Map(Object.entries(flags).map(([flag, { alias }]) => [alias, flag]));
  const read: Read = { words: [], values: {}, set: new Set() };
  const seen = new Set<string>();
  const end = tokens.includes('--') ? tokens.indexOf('--') : tokens.length;
  for (let index = 0; index < end; index++) {
    const [, dashes, written, value] = /^(--?)([a-z][\w.-]*)(=.*)?$/is.exec(tokens[index]) ?? [];
    if (dashes === undefined) {
      read.words.push(tokens[index]);
      continue;
    }
    const key = (dashes === '-' ? byAlias.get(written) : written) ?? '';
    const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
    if (flag === undefined) throw unknownFlag(dashes, written, flags, name);
    if (seen.has(key) && !flag.repeats) throw new UsageError(`--${key} is given twice: keep one of them`);
    seen.add(key);
    const next = tokens[index + 1];
    if (flag.boolean) {
      if (value !== undefined) throw new UsageError(`--${key} takes no value, found '${value}'`);
      if (next !== 'false') read.set.add(key);
      if (next === 'true' || next === 'false') index++;
    } else {
      const given = value?.slice(1) ?? following(next);
      checkValue(key, flag, given);
      read.values[key] = Object.hasOwn(read.values, key) ? `${read.values[key]}${REPEATED}${given}` : given;
      if (value === undefined) index++;
    }
  }
  read.words.push(...tokens.slice(end + 1));
  return read;
}

function unknownFlag(dashes: string, written: string, flags: Flags, name: string): UsageError {
  const known = Object.entries(flags).flatMap(([flag, { hidden }]) => (hidden ? [] : [`--${flag}`]));
  const elsewhere = `--${ELSEWHERE[written.toLowerCase()]}`;
  const near = known.includes(elsewhere) ? `, did you mean '${elsewhere}'?` : closest(`--${written}`, known);
  return new UsageError(
    `unknown flag '${dashes}${written}'${near || `; see gradpool ${name} --help`.replace('  ', ' ')}`,
  );
}

/** The next word, if it can be a value: another flag cannot, a plain negative number can. */
function following(token = ''): string {
  return /^-(?!(\d+(\.\d+)?|\.\d+)$)/.test(token) ? '' : token;
}

function checkValue(name: string, { choices }: Flag, value: string): void {
  if (value === '') {
    throw new UsageError(
      `--${name} needs a value: --${name} VALUE, or --${name}=VALUE where it begins with a dash`,
    );
  }
  if (choices && !choices.includes(value)) {
    throw new UsageError(
      `--${name}: expected ${choices.join(', ')}, found "${value}"${closest(value, choices)}`,
    );
  }
}

export function tooFewWords(command: Command): UsageError {
  const name = commandName(command);
  return new UsageError(`${name} needs more words: gradpool ${command.usage}; see gradpool ${name} --help`);
}

/** More words than the command takes are most often what the shell made of a pattern. */
function tooManyWords(command: Command, word: string): UsageError {
  return new UsageError(
    `${commandName(command)}: one word too many: '${word}'; usage: gradpool ${command.usage} (a pattern or query goes in quotes)`,
  );
}
