import { rmSync } from 'node:fs';
import { constants } from 'node:os';
import { UserError } from '../../src/errors.js';
import { forTerminal, visible } from './text.js';

export const EXIT_CODES = [
  '0 done',
  '1 a bug (with its stack)',
  '2 usage or config',
  '3 data or file',
  '4 diverged',
  '5 a check failed (gradcheck, bench, audit, verify)',
  '130, 143 or 129 interrupted by Ctrl-C, SIGTERM or SIGHUP, checkpoint saved',
].join(' · ');

/** The codes with which the system says that there is no room or no permission, which is no bug of ours. */
const SYSTEM = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE'];

/**
 * Says on stderr what went wrong, a mistake in one line and a bug with its stack, and returns the exit code.
 */
export function report(error: unknown): number {
  const { code, message, syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') {
    process.stderr.write('gradpool: the current folder is gone; change to one that exists\n');
    return 3;
  }
  if (message?.startsWith('WebAssembly.Memory()')) {
    process.stderr.write(
      'gradpool: the system refuses the address space that WebAssembly reserves; raise the limit (ulimit -v unlimited)\n',
    );
    return 3;
  }
  if (error instanceof EvalError) {
    process.stderr.write(
      'gradpool: charts are drawn by code that is made from their description, which --disallow-code-generation-from-strings forbids: leave it out for this command\n',
    );
    return 2;
  }
  if (error instanceof UserError) {
    process.stderr.write(`gradpool: ${oneLine(error.message)}\n`);
    return error.exitCode;
  }
  if (code !== undefined && SYSTEM.includes(code)) {
    process.stderr.write(`gradpool: ${oneLine(message)}\n`);
    return 3;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(
    `gradpool: this is a bug, please report it with the lines below\n${forTerminal(String(stack))}\n`,
  );
  return 1;
}

function oneLine(text: string): string {
  return visible(text.replace(/\s*\n\s*/g, ' ').trim());
}

/** The signals that end a process unless it handles them. */
export const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The exit code of a process that a signal has ended, as shells report it, whoever handled the signal. */
export const exitCodeOf = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/**
 * Removes a file or folder when the process ends, or when the returned function is called, whichever comes
 * first. After the removal a signal is sent again, so that it ends the process as usual: process.exit would
 * wait for a thread that opens a FIFO.
 */
export function removedAtEnd(path: string): () => void {
  const remove = () => rmSync(path, { recursive: true, force: true });
  const interrupted = (signal: NodeJS.Signals) => {
    done();
    process.kill(process.pid, signal);
  };
  const done = () => {
    remove();
    process.off('exit', remove);
    for (const signal of ENDING_SIGNALS) process.off(signal, interrupted);
  };
  process.once('exit', remove);
  for (const signal of ENDING_SIGNALS) process.on(signal, interrupted);
  return done;
}
