/**
 * Reads standard input where DATA is `-`: the command gets it as text that arrives, or a temporary file that
 * holds it.
 */
import { createWriteStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGunzip, gunzipSync } from 'node:zlib';
import type { BlockSource } from '../src/data/blocks.js';
import { headEncoding } from '../src/data/tables/csvfile.js';
import type { CsvText } from '../src/data/tables/csvtext.js';
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
  return withInput(data, async (pieces, folder) => spool(folder, await arriving(pieces)), use);
}

/**
 * Calls `use` with DATA as `withData` does, but hands on CSV while it arrives, so that it may be longer than
 * any file. Other formats are read from their end, or more than once, and still go to a temporary file.
 */
export function withStream<T>(
  data: string,
  use: (source: BlockSource, named: Naming) => Promise<T>,
): Promise<T> {
  return withInput<string | CsvText, T>(data, openInput, use);
}

/** Opens standard input, and a temporary folder for what must lie in files, until `use` ends. */
async function withInput<Source, T>(
  data: string,
  open: (pieces: AsyncIterable<Buffer>, folder: string) => Promise<Source>,
  use: (source: Source | string, named: Naming) => Promise<T>,
): Promise<T> {
  if (data !== '-') return use(data, (text) => text);
  if (process.stdin.isTTY) {
    throw new UsageError(`-: ${NAME} is a terminal; pipe data into it, as in: cat new.csv | gradpool …`);
  }
  const folder = newFolder();
  const remove = removedAtEnd(folder);
  const named: Naming = (text) => nameIn(text, folder);
  try {
    return await use(await open(process.stdin, folder), named);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(named(error.message), error.exitCode);
  } finally {
    process.stdin.destroy();
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

/** Input whose beginning has arrived. */
interface Arriving {
  readonly start: Buffer;
  /** All of it, the beginning too. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Bytes that tell the format. */
const START = 4096;

/** Waits for the beginning of the input. Throws DataError if it is empty. */
async function arriving(input: AsyncIterable<Buffer>): Promise<Arriving> {
  const pieces = input[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  for (let bytes = 0; bytes < START; ) {
    const { done, value } = await pieces.next();
    if (done) break;
    taken.push(value);
    bytes += value.length;
  }
  const start = Buffer.concat(taken);
  if (start.length === 0) throw new DataError(`${NAME}: it is empty; pipe data into it`);
  async function* all() {
    yield start;
    yield* { [Symbol.asyncIterator]: () => pieces };
  }
  return { start, bytes: all() };
}

/** Opens the input as text that is read while it arrives, or copies it to a file. */
async function openInput(input: AsyncIterable<Buffer>, folder: string): Promise<CsvText | string> {
  const arrived = await arriving(input);
  const name = nameOf(arrived.start);
  const isPacked = name === 'stdin.csv.gz';
  const start = isPacked ? unpacked(arrived.start) : arrived.start;
  const isWide = headEncoding(NAME, start) !== 'utf-8';
  if (isWide || !(isPacked || name === 'stdin.csv')) return spool(folder, arrived);
  const bytes = isPacked ? unpackedPieces(arrived.bytes) : arrived.bytes;
  return { kind: 'text', name: NAME, bytes, folder };
}

/** Unpacks gzip while it arrives. */
async function* unpackedPieces(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const input = Readable.from(packed);
  const gunzip = createGunzip();
  input.on('error', (error) => gunzip.destroy(error));
  try {
    yield* input.pipe(gunzip);
  } catch (error) {
    throw new DataError(`${NAME}: not a valid gzip file (${(error as Error).message}); pack it again`);
  } finally {
    input.destroy();
  }
}

/** Copies the input to a file whose name says what it holds, as the name of a user's file would. */
async function spool(folder: string, { start, bytes }: Arriving): Promise<string> {
  const file = join(folder, nameOf(start.subarray(0, START)));
  await pipeline(Readable.from(bytes), createWriteStream(file)).catch((error: Error) => {
    throw new DataError(`${NAME}: cannot be copied to ${folder} (${error.message}); give a file`);
  });
  return file;
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
