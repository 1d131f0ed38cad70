/** Completes words in a shell: writes the script that asks, and answers it. */
import yargs, { type FallbackCompletionFunction } from 'yargs';
import { aliasesOf } from './args.js';
import { type Command, commandName } from './command.js';

/** The script calls gradpool with this word, followed by the words typed so far. */
const QUESTION = '--get-yargs-completions';

export const isCompletion = (tokens: readonly string[]): boolean => tokens.includes(QUESTION);

/**
 * Returns yargs' script for the shell. yargs looks at $SHELL, both when it writes the script and when it
 * answers, and a user's login shell need not be the one that completes: so the script says which one it is.
 */
export async function completionScript(shell: 'bash' | 'zsh'): Promise<string> {
  process.env.SHELL = shell;
  delete process.env.ZSH_NAME;
  let script = '';
  await yargs()
    .scriptName('gradpool')
    .completion('completion')
    .exitProcess(false)
    .parseAsync(['completion'], {}, (_error, _argv, text) => {
      script = text;
    });
  return script
    .replaceAll('gradpool completion', `gradpool completion ${shell}`)
    .replace(`gradpool ${QUESTION}`, `SHELL=${shell} gradpool ${QUESTION}`)
    .trimEnd();
}

export async function builtInNames(): Promise<string[]> {
  const { PROBLEM_NAMES } = await import('../src/data/problems/index.js');
  return ['mnist', ...PROBLEM_NAMES];
}

export async function formatNames(): Promise<readonly string[]> {
  return (await import('../src/experiment/schemas.js')).FORMAT_NAMES;
}

/**
 * Answers with what may stand where the cursor is: a command, a flag, a value of the flag before it, or a
 * built-in name. Where it answers nothing, the shell completes names of files.
 */
export function complete(
  commands: readonly Command[],
  builtIn: readonly string[],
  formats: readonly string[],
): FallbackCompletionFunction {
  return (current, _argv, byYargs, done) => {
    const words = process.argv.slice(process.argv.indexOf(QUESTION) + 2);
    const command = commands.find((candidate) => words.slice(0, -1).includes(commandName(candidate)));
    if (command === undefined || current.startsWith('-')) return byYargs();
    const name = (words.at(-2) ?? '').replace(/^--?/, '');
    const flag = command.flags[aliasesOf(command.flags).get(name) ?? name];
    const choices = flag && 'choices' in flag ? flag.choices : [];
    const ownWords: Readonly<Record<string, readonly string[]>> = {
      completion: ['bash', 'zsh'],
      schema: formats,
    };
    const own = ownWords[commandName(command)];
    const names = flag ? (choices ?? []) : (own ?? (current ? builtIn : []));
    done(names.filter((name) => name.startsWith(current)));
  };
}
