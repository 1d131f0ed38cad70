import type { FallbackCompletionFunction } from 'yargs';
import { type Command, commandName } from '../command.js';

/**
 * What may stand where the cursor is: a command, a flag, a value of the flag before it, a built-in name. Nothing at all
 * leaves it to the shell, which completes names of files.
 */
export function complete(commands: readonly Command[]): FallbackCompletionFunction {
  return async (current, _argv, byYargs, done) => {
    const words = process.argv.slice(process.argv.indexOf('--get-yargs-completions') + 2);
    const command = commands.find((candidate) => words.slice(0, -1).includes(commandName(candidate)));
    if (command === undefined || current.startsWith('-')) return byYargs();
    const flag = command.flags[(words.at(-2) ?? '').replace(/^--?/, '')];
    const names = flag ? (flag.choices ?? []) : current ? await builtIn() : [];
    done(names.filter((name) => name.startsWith(current)));
  };
}

async function builtIn(): Promise<string[]> {
  const { PROBLEM_NAMES } = await import('../../src/data/problems/index.js');
  return ['mnist', ...PROBLEM_NAMES];
}
