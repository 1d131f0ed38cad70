/** `-` as DATA: standard input, kept in a file of its own while the command reads it. */
import { closeSync, createWriteStream, mkdtempSync, openSync, readSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, gunzipSync } from 'node:zlib';
import { DataError, UsageError, UserError } from '../src/errors.js';
import { removedAtEnd } from './render/exit.js';

const NAME = 'standard input';

/** Puts "standard input" in a text for the temporary file. */
type Naming = (text: string) => string;

/**
 * Calls `use` with DATA, or with a temporary file that holds what standard input gives when DATA is `-`. The
 * file is gone when `use` is done, however it ends; errors speak of standard input, and what else is said
 * goes through `named`.
 */
export async function withData<T>(
  data: string,
  use: (source: string, named: Naming) => Promise<T>,
): Promise<T> {
  if (data !== '-') return use(data, (text) => text);
  if (process.stdin.isTTY) {
    throw new UsageError(`-: ${NAME} is a terminal; pipe data into it, as in: cat new.csv | gradpool …`);
  }
  const folder = newFolder();
  const remove = removedAtEnd(folder);
  const named: Naming = (text) => nameIn(text, folder);
  try {
    return await use(await spool(folder), named);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(named(error.message), error.exitCode);
  } finally {
    remove();
  }
}

/** Nobody else may read in it. */
function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'gradpool-stdin-'));
  } catch (error) {
    throw new DataError(
      `${NAME}: no temporary folder for it (${(error as Error).message}); set TMPDIR, or give a file`,
    );
  }
}

/** Also for a file that was expected beside the temporary one. */
function nameIn(text: string, folder: string): string {
  const [first, ...rest] = text.split(folder);
  return [first, ...rest.map((part) => part.replace(/^[\\/][\w.-]*/, NAME))].join('');
}

/** Standard input in a file whose name says what it holds, as a file of the user's would. */
async function spool(folder: string): Promise<string> {
  const unnamed = join(folder, 'stdin');
  await pipeline(process.stdin, createWriteStream(unnamed)).catch((error: Error) => {
    throw new DataError(`${NAME}: cannot be copied to ${folder} (${error.message}); give a file`);
  });
  const start = firstBytes(unnamed);
  if (start.length === 0) throw new DataError(`${NAME}: it is empty; pipe data into it`);
  const file = join(folder, nameOf(start));
  renameSync(unnamed, file);
  return file;
}

function firstBytes(file: string): Buffer {
  const bytes = Buffer.alloc(4096);
  const descriptor = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** What the formats begin with, in hexadecimal digits. */
const FORMATS: Readonly<Record<string, string>> = {
  '50415231': 'stdin.parquet', // PAR1
  '934e554d5059': 'stdin.npy', // \x93NUMPY
  '504b0304': 'stdin.npz', // PK, a ZIP archive
  '28b52ffd': 'stdin.csv.zst',
  '0000': 'stdin-images-idx3-ubyte',
};
const GZIP = '1f8b';

/** A name with the ending of the format, CSV unless the first bytes say otherwise. */
function nameOf(start: Buffer): string {
  const hex = start.toString('hex', 0, 8);
  if (hex.startsWith(GZIP)) return `${nameOf(unpacked(start))}.gz`;
  const format = Object.keys(FORMATS).find((magic) => hex.startsWith(magic));
  if (format !== undefined) return FORMATS[format];
  const [, bracket] = /^\uFEFF?\s*([{[])/.exec(start.toString()) ?? [];
  if (bracket === undefined) return 'stdin.csv';
  return bracket === '{' ? 'stdin.jsonl' : 'stdin.json';
}

/** The beginning of what is packed; nothing where the file is damaged, which its reader then tells. */
function unpacked(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}
