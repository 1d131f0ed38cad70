/** What a command is. yargs parses, completes and prints the help; the words that were written are checked here, strictly. */
import type { CommandModule } from 'yargs';
import { closest } from '../src/closest.js';
import { UsageError } from '../src/errors.js';
import { EXIT_CODES } from './render/exit.js';

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
}
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

/** The command as a yargs module; `ended` takes its exit code. `tokens` are the words after `gradpool`. */
export function toYargs(
  command: Command,
  tokens: readonly string[],
  ended: (code: number) => void,
): CommandModule {
  const { usage, describe, positionals, flags, examples } = command;
  return {
    command: usage,
    describe,
    builder: (yargs) => {
      for (const [name, text] of Object.entries(positionals)) yargs.positional(name, { describe: text });
      for (const [name, flag] of Object.entries(flags)) {
        yargs.option(name, {
          describe: flag.describe + remarks(flag),
          group: `${flag.group ?? 'Flags'}:`,
          hidden: flag.hidden ?? false,
          ...(flag.alias === undefined ? {} : { alias: flag.alias }),
          ...(flag.boolean ? { type: 'boolean' } : {}),
        });
      }
      const shown = examples.map(([line, does]) => `  ${line}\n      ${does}`);
      return yargs
        .usage(`gradpool ${usage}\n\n${describe}`)
        .epilogue(`Examples:\n${shown.join('\n')}\n\nExit codes: ${EXIT_CODES}`);
    },
    handler: async (argv) => {
      checkFlags(tokens, flags, commandName(command));
      checkWords(command, argv._.slice(1).map(String));
      const given = Object.entries(argv).filter(([name]) => name in flags || name in positionals);
      ended(
        await command.run({
          values: Object.fromEntries(given.filter(([name]) => !flags[name]?.boolean)) as Args['values'],
          set: new Set(given.filter(([name, on]) => flags[name]?.boolean && on).map(([name]) => name)),
        }),
      );
    },
  };
}

function remarks({ choices, default: value }: Flag): string {
  return (choices ? ` [${choices.join(', ')}]` : '') + (value === undefined ? '' : ` (default ${value})`);
}

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

/** Throws UsageError for a flag that is unknown, stands twice or lacks its value: yargs would let it pass. */
export function checkFlags(tokens: readonly string[], own: Flags, name = ''): void {
  const flags = { ...COMMON, ...own };
  const byAlias = new Map(Object.entries(flags).map(([flag, { alias }]) => [alias, flag]));
  const seen = new Set<string>();
  const end = tokens.indexOf('--');
  for (const [index, token] of (end < 0 ? tokens : tokens.slice(0, end)).entries()) {
    const [, dashes, written, value] = /^(--?)([a-z][\w.-]*)(=.*)?$/is.exec(token) ?? [];
    if (dashes === undefined) continue;
    const key = (dashes === '-' ? byAlias.get(written) : written) ?? '';
    const flag = Object.hasOwn(flags, key) ? flags[key] : undefined;
    if (flag === undefined) throw unknownFlag(dashes, written, flags, name);
    if (seen.has(key)) throw new UsageError(`--${key} is given twice: keep one of them`);
    seen.add(key);
    if (!flag.boolean) checkValue(key, flag, value?.slice(1) ?? following(tokens[index + 1]));
    else if (value !== undefined) throw new UsageError(`--${key} takes no value, found '${value}'`);
  }
}

function unknownFlag(dashes: string, written: string, flags: Flags, name: string): UsageError {
  const known = Object.entries(flags).flatMap(([flag, { hidden }]) => (hidden ? [] : [`--${flag}`]));
  const elsewhere = `--${ELSEWHERE[written.toLowerCase()]}`;
  const near = known.includes(elsewhere) ? `, did you mean '${elsewhere}'?` : closest(`--${written}`, known);
  return new UsageError(
    `unknown flag '${dashes}${written}'${near || `; see gradpool ${name} --help`.replace('  ', ' ')}`,
  );
}

/** The next word, if yargs takes it for a value: another flag it does not, a plain negative number it does. */
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

/** More words than the command takes are most often what the shell made of a pattern. */
function checkWords(command: Command, words: readonly string[]): void {
  if (words.length === 0) return;
  const name = commandName(command);
  throw new UsageError(
    `${name}: one word too many: '${words[0]}'; usage: gradpool ${command.usage} (a pattern or query goes in quotes)`,
  );
}
