#!/usr/bin/env node
import { type Command, commandName, readArgs } from './command.js';
import { bench } from './commands/bench.js';
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
import { report } from './render/exit.js';
import { tolerateClosedPipes } from './render/output.js';

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
  const [first, ...rest] = tokens;
  const command = COMMANDS.find((candidate) => commandName(candidate) === first);
  if (command && !asksForHelp(rest)) return command.run(readArgs(command, rest));
  return (await import('./help.js')).withYargs(COMMANDS, tokens);
}

function asksForHelp(tokens: readonly string[]): boolean {
  const end = tokens.indexOf('--');
  const flags = end < 0 ? tokens : tokens.slice(0, end);
  return flags.some((token) => /^(-h|--help|--version)(=|$)/.test(token));
}

tolerateClosedPipes();
try {
  process.exitCode = await gradpool(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}
