/**
 * Writes results where the user wants them: to stdout, waiting for slow readers, to a file that appears
 * complete or not at all, or to a FIFO or device.
 */
import { once } from 'node:events';
import { closeSync, constants, open, write as writeBytes } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { replaceFile } from '../../src/atomic.js';
import { type Destination, destinationOf } from '../../src/destination.js';
import { DataError } from '../../src/errors.js';
import { ENDING_SIGNALS, report } from './exit.js';
import { forTerminal, painter, visible } from './text.js';

/** Prints a JSON document for another program, as it is. */
export function json(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${forTerminal(text)}\n`);
}

/** Prints on stderr what was inferred, filled in or left out, a line each. */
export function printNotes(lines: readonly string[]): void {
  const paint = painter(process.stderr);
  for (const line of lines) process.stderr.write(`${forTerminal(paint('dim', visible(line)))}\n`);
}

type Put = (piece: string | Uint8Array) => Promise<void>;

/**
 * Lets `write` fill the file that the user named, or stdout if none was named. A symbolic link stays one, and
 * the file it leads to is written. If the reader of a FIFO or of stdout goes away, the writing ends quietly.
 */
export async function streamTo(file: string | undefined, write: (put: Put) => Promise<void>): Promise<void> {
  const name = file ?? 'stdout';
  const destination = file === undefined ? STDOUT : destinationOf(file);
  if (destination.kind === 'file') {
    return exitingAtSignals(() => replaceFile(destination.path, write, name));
  }
  if (destination.kind === 'descriptor') return untilNobodyReads(name, toDescriptor(destination), write);
  const descriptor = await openLater(destination.path, constants.O_WRONLY).catch(cannotWrite(name));
  try {
    await untilNobodyReads(name, (piece) => writeAll(descriptor, piece), write);
  } finally {
    closeSync(descriptor);
  }
}

const STDOUT: Destination = { kind: 'descriptor', descriptor: 1 };

const openLater = promisify(open);
const writeLater = promisify(writeBytes);

/** Turns what the system says of a failed write into a DataError that names the file. */
function cannotWrite(name: string): (error: Error) => never {
  return (error) => {
    throw new DataError(`${name}: cannot be written (${error.message})`);
  };
}

/**
 * Writes through the process's own streams, which wait for slow readers, and directly to other descriptors.
 */
function toDescriptor({ descriptor }: Destination & { kind: 'descriptor' }): Put {
  const stream = { 1: process.stdout, 2: process.stderr }[descriptor];
  if (stream === undefined) return (piece) => writeAll(descriptor, piece);
  return async (piece) => {
    if (!stream.write(piece)) await once(stream, 'drain');
  };
}

/** Writes until the reader goes away, which is no error. */
async function untilNobodyReads(name: string, put: Put, write: (put: Put) => Promise<void>): Promise<void> {
  let closed = false;
  try {
    await write((piece) =>
      put(piece).catch((error: NodeJS.ErrnoException) => {
        closed = error.code === 'EPIPE';
        cannotWrite(name)(error);
      }),
    );
  } catch (error) {
    if (!closed) throw error;
  }
}

/**
 * Writes all of a piece. A pipe that another program made non-blocking refuses bytes while it is full, so a
 * refused write is tried again a little later.
 */
async function writeAll(descriptor: number, piece: string | Uint8Array): Promise<void> {
  const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece;
  for (let done = 0; done < bytes.length; ) {
    try {
      done += (await writeLater(descriptor, bytes, done, bytes.length - done, null)).bytesWritten;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(5);
    }
  }
}

/** Lets a signal exit the process in the regular way, which removes the temporary file. */
async function exitingAtSignals(work: () => Promise<void>): Promise<void> {
  const interrupted = (_: string, number: number) => process.exit(128 + number);
  for (const signal of ENDING_SIGNALS) process.once(signal, interrupted);
  try {
    await work();
  } finally {
    for (const signal of ENDING_SIGNALS) process.off(signal, interrupted);
  }
}

/**
 * Keeps a closed pipe (`gradpool predict … | head`) from being an error: on stdout it ends the command.
 * Whatever happens to stderr, a closed pipe or a full disk, the training goes on.
 */
export function tolerateClosedPipes(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : report(error));
  });
  process.stderr.on('error', () => {});
}
