import type { FallbackCompletionFunction } from 'yargs';
import { type Command, commandName } from '../command.js';

/** What the script of `gradpool completion` asks; the words so far come after it. */
const QUESTION = '--get-yargs-completions';

export const isCompletion = (tokens: readonly string[]): boolean => tokens.includes(QUESTION);

export async function builtInNames(): Promise<string[]> {
  const { PROBLEM_NAMES } = await import('../../src/data/problems/index.js');
  return ['mnist', ...PROBLEM_NAMES];
}

/**
 * What may stand where the cursor is: a command, a flag, a value of the flag before it, a built-in name. Nothing at all
 * leaves it to the shell, which completes names of files.
 */
export function complete(
  commands: readonly Command[],
  builtIn: readonly string[],
): FallbackCompletionFunction {
  return (current, _argv, byYargs, done) => {
    const words = process.argv.slice(process.argv.indexOf(QUESTION) + 2);
    const command = commands.find((candidate) => words.slice(0, -1).includes(commandName(candidate)));
    if (command === undefined || current.startsWith('-')) return byYargs();
    const flag = command.flags[(words.at(-2) ?? '').replace(/^--?/, '')];
    const names = flag ? (flag.choices ?? []) : current ? builtIn : [];
    done(names.filter((name) => name.startsWith(current)));
  };
}
