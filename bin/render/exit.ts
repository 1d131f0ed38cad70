import { UserError } from '../../src/errors.js';

export const EXIT_CODES = [
  '0 done',
  '1 a bug (with its stack)',
  '2 usage or config',
  '3 data or file',
  '4 diverged',
  '5 a gate was not met',
  '130 interrupted, checkpoint saved',
].join(' · ');

/** What the system says when there is no room or no permission: no bug of ours. */
const SYSTEM = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'EMFILE'];

/** Says on stderr what went wrong, a mistake in one line and a bug with its stack; returns the exit code. */
export function report(error: unknown): number {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof UserError) {
    process.stderr.write(`gradpool: ${oneLine(error.message)}\n`);
    return error.exitCode;
  }
  if (code !== undefined && SYSTEM.includes(code)) {
    process.stderr.write(`gradpool: ${oneLine(message)}\n`);
    return 3;
  }
  const stack = error instanceof Error ? error.stack : String(error);
  process.stderr.write(`gradpool: this is a bug, please report it with the lines below\n${stack}\n`);
  return 1;
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
