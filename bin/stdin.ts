/** Reads standard input where DATA is `-`: the command gets a temporary file that holds it. */
import { closeSync, createWriteStream, mkdtempSync, openSync, readSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, gunzipSync } from 'node:zlib';
import { DataError, UsageError, UserError } from '../src/errors.js';
import { removedAtEnd } from './render/exit.js';

const NAME = 'standard input';

/** Puts "standard input" in a text in place of the temporary file. */
type Naming = (text: string) => string;

/**
 * Calls `use` with DATA, or, where DATA is `-`, with a temporary file that holds standard input. The file is
 * gone when `use` ends, however it ends. Errors speak of standard input; whatever else is said must go
 * through `named`.
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

/** Creates a folder that nobody else may read. */
function newFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'gradpool-stdin-'));
  } catch (error) {
    throw new DataError(
      `${NAME}: no temporary folder for it (${(error as Error).message}); set TMPDIR, or give a file`,
    );
  }
}

/** Replaces the temporary file by "standard input" in a text, and any file that was expected beside it. */
function nameIn(text: string, folder: string): string {
  const [first, ...rest] = text.split(folder);
  return [first, ...rest.map((part) => part.replace(/^[\\/][\w.-]*/, NAME))].join('');
}

/** Copies standard input to a file whose name says what it holds, as the name of a user's file would. */
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

/** The first bytes of each format in hexadecimal digits, and a name with its ending. */
const FORMATS: Readonly<Record<string, string>> = {
  '50415231': 'stdin.parquet', // PAR1
  '934e554d5059': 'stdin.npy', // \x93NUMPY
  '504b0304': 'stdin.npz', // PK, a ZIP archive
  '28b52ffd': 'stdin.csv.zst',
  '0000': 'stdin-images-idx3-ubyte',
};
const GZIP = '1f8b';

/** Returns a name with the ending of the format: CSV unless the first bytes say otherwise. */
function nameOf(start: Buffer): string {
  const hex = start.toString('hex', 0, 8);
  if (hex.startsWith(GZIP)) return `${nameOf(unpacked(start))}.gz`;
  const format = Object.keys(FORMATS).find((magic) => hex.startsWith(magic));
  if (format !== undefined) return FORMATS[format];
  const [, bracket] = /^\uFEFF?\s*([{[])/.exec(start.toString()) ?? [];
  if (bracket === undefined) return 'stdin.csv';
  return bracket === '{' ? 'stdin.jsonl' : 'stdin.json';
}

/** Unpacks the beginning of a gzip file. Returns nothing if it is damaged: its reader will say so. */
function unpacked(start: Buffer): Buffer {
  try {
    return gunzipSync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return Buffer.alloc(0);
  }
}
