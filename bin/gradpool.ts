#!/usr/bin/env node
import { UsageError } from '../src/errors.js';
import { launchOf, separateTasks } from '../src/ranks/launcher.js';
import { VERSION } from '../src/version.js';
import { readArgs } from './args.js';
import { type Command, commandName } from './command.js';
import { benchCommand } from './commands/bench.js';
import { cacheCommand } from './commands/cache.js';
import { completionCommand } from './commands/completion.js';
import { doctorCommand } from './commands/doctor.js';
import { evaluateCommand } from './commands/evaluate.js';
import { explainCommand } from './commands/explain.js';
import { findLrCommand } from './commands/find-lr.js';
import { gradcheckCommand } from './commands/gradcheck.js';
import { importanceCommand } from './commands/importance.js';
import { inspectCommand } from './commands/inspect.js';
import { listCommand } from './commands/list.js';
import { predictCommand } from './commands/predict.js';
import { reportCommand } from './commands/report.js';
import { resumeCommand } from './commands/resume.js';
import { runsCommand } from './commands/runs.js';
import { schemaCommand } from './commands/schema.js';
import { sweepCommand } from './commands/sweep.js';
import { trainCommand } from './commands/train.js';
import { verifyCommand } from './commands/verify.js';
import { report } from './render/exit.js';
import { print, tolerateClosedPipes } from './render/output.js';
import { endWithParent } from './supervised.js';

const COMMANDS: readonly Command[] = [
  trainCommand, //
  resumeCommand,
  verifyCommand,
  evaluateCommand,
  predictCommand,
  importanceCommand,
  inspectCommand,
  findLrCommand,
  sweepCommand,
  runsCommand,
  reportCommand,
  explainCommand,
  gradcheckCommand,
  benchCommand,
  listCommand,
  cacheCommand,
  schemaCommand,
  doctorCommand,
  completionCommand,
];

/** Runs the command that the words name, and returns the exit code. */
async function gradpool(tokens: readonly string[]): Promise<number> {
  refuseUnfitNode();
  const [first, ...rest] = tokens;
  if (first === '--version') {
    print(VERSION); // yargs would look at the current folder, which may be gone
    return 0;
  }
  const command = COMMANDS.find((candidate) => commandName(candidate) === first);
  if (command && !asksForHelp(rest)) return command.run(await readArgs(command, rest));
  return (await import('./help.js')).withYargs(COMMANDS, tokens);
}

/** Throws UsageError for flags of Node under which nothing would work, or would seem confined and is not. */
function refuseUnfitNode(): void {
  if (process.permission !== undefined) {
    throw new UsageError(
      "Node's permission model is on: it forbids fsync, which every checkpoint needs, and the native code that reads tables goes past it; run gradpool without --permission, in a container or another sandbox of the system",
    );
  }
  if ([...process.execArgv, ...(process.env.NODE_OPTIONS ?? '').split(' ')].includes('--no-addons')) {
    throw new UsageError('--no-addons forbids the native code that reads tables: leave it out');
  }
  if (typeof WebAssembly === 'undefined') {
    throw new UsageError(
      'this Node runs without WebAssembly, in which gradpool computes: leave out --jitless',
    );
  }
}

function asksForHelp(tokens: readonly string[]): boolean {
  const end = tokens.indexOf('--');
  const flags = end < 0 ? tokens : tokens.slice(0, end);
  return flags.some((token) => /^(-h|--help|--version)(=|$)/.test(token));
}

tolerateClosedPipes();
endWithParent();
try {
  const words = process.argv.slice(2);
  const launch = launchOf();
  const tasks = separateTasks();
  if (tasks > 0) (await import('./ranks.js')).sayThatTasksAreSeparate(tasks, words[0]);
  process.exitCode =
    launch && !asksForHelp(words)
      ? await (await import('./ranks.js')).amongRanks(launch, words[0], () => gradpool(words))
      : await gradpool(words);
} catch (error) {
  process.exitCode = report(error);
}
