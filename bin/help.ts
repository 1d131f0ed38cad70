/** Everything for which yargs is loaded: help, the version, completion, and words that name no command. */
import yargs, { type CommandModule } from 'yargs';
import { closest } from '../src/closest.js';
import { UsageError } from '../src/errors.js';
import { VERSION } from '../src/version.js';
import { type Command, commandName, type Flag, readArgs, readFlags, tooFewWords } from './command.js';
import { builtInNames, complete, isCompletion } from './commands/completion.js';
import { EXIT_CODES } from './render/exit.js';
import { print } from './render/output.js';

/** Answers with help, the version, completions, or what is wrong with the words. Returns the exit code. */
export async function withYargs(commands: readonly Command[], tokens: readonly string[]): Promise<number> {
  const completing = isCompletion(tokens);
  let exitCode: number | undefined;
  const cli = yargs()
    .scriptName('gradpool')
    .usage(
      'gradpool COMMAND\n\nTrains neural networks on every core of this machine: the same bits on 1 core or 64.',
    )
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
    })
    .locale('en')
    .exitProcess(false)
    .completion(
      'completion',
      'print a script that completes commands and flags, for bash or zsh',
      complete(commands, completing ? await builtInNames() : []),
    )
    .help('help', 'show help')
    .alias('help', 'h')
    .version('version', 'show the version', VERSION)
    .epilogue(`Exit codes: ${EXIT_CODES}`)
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .fail((message, error) => {
      throw error ?? usageError(message, tokens, commands);
    });
  for (const command of commands) {
    cli.command(
      toYargs(command, tokens, (code) => {
        exitCode = code;
      }),
    );
  }
  let output = '';
  const argv = await cli.parseAsync(tokens as string[], {}, (_error, _argv, text) => {
    output = text;
  });
  if (output) print(withoutTypes(output));
  if (output || completing || exitCode !== undefined) return exitCode ?? 0;
  if (argv._.length > 0) throw unknownCommand(String(argv._[0]), commands);
  readFlags(tokens, {});
  print(withoutTypes(await cli.getHelp()));
  return 0;
}

/** Of all types yargs names only the booleans', which are the flags without a value: no news. */
function withoutTypes(help: string): string {
  return help.replace(/ *\[boolean\]$/gm, '');
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const near = closest(word, [...commands.map(commandName), 'completion']);
  return new UsageError(`unknown command '${word}'${near || '; see gradpool --help'}`);
}

/** What yargs itself complains of: a command without the words it needs. */
function usageError(message: string, tokens: readonly string[], commands: readonly Command[]): UsageError {
  const command = commands.find((candidate) => tokens.includes(commandName(candidate)));
  return command && message.startsWith('Not enough non-option')
    ? tooFewWords(command)
    : new UsageError(message);
}

/** The command as a yargs module; `ended` takes its exit code. `tokens` are the words after `gradpool`. */
function toYargs(command: Command, tokens: readonly string[], ended: (code: number) => void): CommandModule {
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
    handler: async () => {
      const name = tokens.indexOf(commandName(command));
      ended(await command.run(readArgs(command, tokens.toSpliced(name, 1))));
    },
  };
}

function remarks({ choices, default: value }: Flag): string {
  return (choices ? ` [${choices.join(', ')}]` : '') + (value === undefined ? '' : ` (default ${value})`);
}
