/** Where results go: stdout, waiting for slow readers, or a file that appears whole or not at all. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { DataError } from '../../src/errors.js';
import { report } from './exit.js';

export const json = (value: unknown): void => print(JSON.stringify(value, null, 2));

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Lets `write` fill a file, or stdout when there is none. */
export async function streamTo(
  file: string | undefined,
  write: (put: (text: string) => Promise<void>) => Promise<void>,
): Promise<void> {
  if (file !== undefined) return streamToFile(file, write);
  await write(async (text) => {
    if (!process.stdout.write(text)) await once(process.stdout, 'drain');
  });
}

async function streamToFile(file: string, write: Parameters<typeof streamTo>[1]): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  const remove = () => rmSync(temporary, { force: true });
  const handle = await open(temporary, 'wx').catch((error: Error) => {
    throw new DataError(`${file}: cannot be written (${error.message})`);
  });
  const interrupted = () => process.exit(130);
  process.once('exit', remove);
  process.once('SIGINT', interrupted);
  try {
    try {
      await write(async (text) => void (await handle.write(text)));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file).catch((error: Error) => {
      throw new DataError(`${file}: cannot be written (${error.message})`);
    });
  } finally {
    remove();
    process.off('exit', remove);
    process.off('SIGINT', interrupted);
  }
}

/** A closed pipe (`gradpool predict … | head`) is no error: on stdout it ends the command, on stderr the training goes on. */
export function tolerateClosedPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : report(error));
  });
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error;
  });
}
