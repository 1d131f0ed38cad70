#!/usr/bin/env node
import yargs from 'yargs';
import { closest } from '../src/closest.js';
import { UsageError } from '../src/errors.js';
import { VERSION } from '../src/version.js';
import { type Command, checkFlags, commandName, toYargs } from './command.js';
import { bench } from './commands/bench.js';
import { builtInNames, complete, isCompletion } from './commands/completion.js';
import { doctor } from './commands/doctor.js';
import { evaluate } from './commands/evaluate.js';
import { explain } from './commands/explain.js';
import { findLr } from './commands/find-lr.js';
import { gradcheck } from './commands/gradcheck.js';
import { inspect } from './commands/inspect.js';
import { list } from './commands/list.js';
import { predict } from './commands/predict.js';
import { resume } from './commands/resume.js';
import { train } from './commands/train.js';
import { EXIT_CODES, report } from './render/exit.js';
import { print, tolerateClosedPipes } from './render/output.js';

const COMMANDS: readonly Command[] = [
  train, //
  resume,
  evaluate,
  predict,
  inspect,
  findLr,
  explain,
  gradcheck,
  bench,
  list,
  doctor,
];

/** Returns the exit code. */
async function gradpool(tokens: readonly string[]): Promise<number> {
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
      complete(COMMANDS, completing ? await builtInNames() : []),
    )
    .help('help', 'show help')
    .alias('help', 'h')
    .version('version', 'show the version', VERSION)
    .epilogue(`Exit codes: ${EXIT_CODES}`)
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .fail((message, error) => {
      throw error ?? usageError(message, tokens);
    });
  for (const command of COMMANDS) {
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
  if (argv._.length > 0) throw unknownCommand(String(argv._[0]));
  checkFlags(tokens, {});
  print(withoutTypes(await cli.getHelp()));
  return 0;
}

/** Of all types yargs names only the booleans', which are the flags without a value: no news. */
function withoutTypes(help: string): string {
  return help.replace(/ *\[boolean\]$/gm, '');
}

function unknownCommand(word: string): UsageError {
  const near = closest(word, [...COMMANDS.map(commandName), 'completion']);
  return new UsageError(`unknown command '${word}'${near || '; see gradpool --help'}`);
}

/** What yargs itself complains of: a command without the words it needs. */
function usageError(message: string, tokens: readonly string[]): UsageError {
  const command = COMMANDS.find((candidate) => tokens.includes(commandName(candidate)));
  if (!command || !message.startsWith('Not enough non-option')) return new UsageError(message);
  const name = commandName(command);
  return new UsageError(`${name} needs more words: gradpool ${command.usage}; see gradpool ${name} --help`);
}

tolerateClosedPipes();
try {
  process.exitCode = await gradpool(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
