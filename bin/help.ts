/** Does what yargs is loaded for: help, the version, completion, and words that name no command. */
import yargs, { type CommandModule } from 'yargs';
import { didYouMean } from '../src/didyoumean.js';
import { UsageError } from '../src/errors.js';
import { VERSION } from '../src/version.js';
import {
  optionTable,
  PARSER_CONFIGURATION,
  parserError,
  readArgs,
  takeApart,
  tooFewWords,
  withAlone,
} from './args.js';
import { type Command, commandName } from './command.js';
import { builtInNames, complete, formatNames, isCompletion } from './completion.js';
import { EXIT_CODES } from './render/exit.js';
import { print } from './render/output.js';
import { folded } from './render/text.js';

/** Prints help, the version or completions, or says what is wrong with the words. Returns the exit code. */
export async function withYargs(commands: readonly Command[], tokens: readonly string[]): Promise<number> {
  const completing = isCompletion(tokens);
  const [builtIn, formats] = completing ? [await builtInNames(), await formatNames()] : [[], []];
  let exitCode: number | undefined;
  const cli = yargs()
    .scriptName('gradpool')
    .usage(
      'gradpool COMMAND\n\nTrains neural networks on every core of this machine. The result is the same, bit for bit, on 1 core or 64.',
    )
    .parserConfiguration(PARSER_CONFIGURATION)
    .locale('en')
    .exitProcess(false)
    .completion('yargs-completion', false, complete(commands, builtIn, formats))
    .help('help', 'show help')
    .alias('help', 'h')
    .version('version', 'show the version', VERSION)
    .epilogue(`Exit codes: ${EXIT_CODES}`)
    .wrap(null)
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
  const flags = commands.find((command) => tokens.includes(commandName(command)))?.flags ?? {};
  const argv = await cli.parseAsync(withAlone(tokens, flags), {}, (_error, _argv, text) => {
    output = text;
  });
  if (output) print(shown(output));
  if (output || completing || exitCode !== undefined) return exitCode ?? 0;
  if (argv._.length > 0) throw unknownCommand(String(argv._[0]), commands);
  takeApart(tokens, {});
  print(shown(await cli.getHelp()));
  return 0;
}

/** In a narrower terminal, what a flag means stands below its name rather than beside it. */
const BESIDE = 80;

/**
 * Removes the types that yargs writes behind the flags, for the text already says what to write, and breaks
 * lines between words: yargs would break inside them where there is little room.
 */
function shown(help: string): string {
  const width = Math.min(100, process.stdout.columns ?? 80);
  const lines = help.replace(/\s*\[(array|boolean|string)\]$/gm, '').split('\n');
  return lines
    .flatMap((line) => {
      const [, name, gap, text] = /^( +\S.*?)( {2,})(\S.*)$/.exec(line) ?? [];
      if (text === undefined) return folded(line, width, /^ */.exec(line)![0].length + 2);
      if (width >= BESIDE && name.length + gap.length < width / 2)
        return folded(line, width, name.length + gap.length);
      return [...folded(name, width, 6), ...folded(`      ${text}`, width, 6)];
    })
    .join('\n');
}

function unknownCommand(word: string, commands: readonly Command[]): UsageError {
  const near = didYouMean(word, commands.map(commandName));
  return new UsageError(`unknown command '${word}'${near || '; see gradpool --help'}`);
}

/**
 * Says in our words what yargs refuses: a command that lacks its words, or a flag before it that lacks its
 * value.
 */
function usageError(message: string, tokens: readonly string[], commands: readonly Command[]): UsageError {
  const command = commands.find((candidate) => tokens.includes(commandName(candidate)));
  return command && message.startsWith('Not enough non-option')
    ? tooFewWords(command)
    : parserError(new Error(message), command?.flags ?? {});
}

/**
 * Turns a command into a yargs module. `tokens` are the words after `gradpool`; `ended` gets the exit code.
 */
function toYargs(command: Command, tokens: readonly string[], ended: (code: number) => void): CommandModule {
  const { usage, describe, positionals, flags, examples } = command;
  return {
    command: usage,
    describe,
    builder: (yargs) => {
      for (const [name, text] of Object.entries(positionals)) yargs.positional(name, { describe: text });
      yargs.options(optionTable(flags));
      const lines = examples.map(([line, does]) => `  ${line}\n      ${does}`);
      return yargs
        .usage(`gradpool ${usage}\n\n${describe}`)
        .epilogue(`Examples:\n${lines.join('\n')}\n\nExit codes: ${EXIT_CODES}`);
    },
    handler: async () => {
      const name = tokens.indexOf(commandName(command));
      ended(await command.run(await readArgs(command, tokens.toSpliced(name, 1))));
    },
  };
}
