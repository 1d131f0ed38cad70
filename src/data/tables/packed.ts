/**
 * Reads a file once before DuckDB does, for what DuckDB does not check: whether a packed file is whole, how
 * much it unpacks to, and how deep JSON is nested.
 */
import { createReadStream } from 'node:fs';
import type { Duplex } from 'node:stream';
import * as zlib from 'node:zlib';
import { DataError } from '../../errors.js';
import { firstBytes } from '../files.js';
import { type Connection, fileLiteral } from './duckdb.js';

/** Deepest nesting of JSON. DuckDB calls itself for each level, and a hundred thousand end the process. */
const DEEPEST = 100;
/**
 * A file that unpacks to more than this many bytes may have at most so many times its own size: a table packs
 * to a tenth, and zeros alone to a thousandth.
 */
const UNPACKED = { bytes: 2 ** 27, times: 500 } as const;
/** Longest line of JSON in a file that only DuckDB can unpack. */
const LONGEST_LINE = 2 ** 24;

const GZIP = '1f8b';
const ZSTD = '28b52ffd';

/** Node 20 does not unpack zstd. */
const { createZstdDecompress } = zlib as { readonly createZstdDecompress?: () => Duplex };

/**
 * Throws DataError for a packed file that is damaged or unpacks to far more than a table would, and for JSON
 * that is nested too deep.
 */
export async function checkContents(
  connection: Connection,
  file: string,
  format: 'csv' | 'json' | 'parquet',
): Promise<void> {
  const start = firstBytes(file, 4).toString('hex');
  const unpack = start.startsWith(GZIP)
    ? zlib.createGunzip()
    : start === ZSTD
      ? createZstdDecompress?.()
      : undefined;
  const nesting = format === 'json' ? new Nesting(file) : null;
  if (start === ZSTD && unpack === undefined) {
    if (nesting) await scanLines(connection, file, nesting);
    return;
  }
  if (unpack === undefined && nesting === null) return;
  const packed = createReadStream(file, { highWaterMark: 2 ** 18 });
  let bytes = 0;
  try {
    packed.on('error', (error) => unpack?.destroy(error));
    const chunks = unpack === undefined ? packed : packed.pipe(unpack);
    for await (const chunk of chunks as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (unpack !== undefined) checkRatio(file, bytes, packed.bytesRead);
      nesting?.add(chunk);
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw damaged(file, start === ZSTD ? 'zstd' : 'gzip', (error as Error).message);
  } finally {
    packed.destroy();
    unpack?.destroy();
  }
}

const damaged = (file: string, kind: string, why: string) =>
  new DataError(
    `${file}: not a valid ${kind} file (${why}); download it again, or rename it if it is not packed`,
  );

function checkRatio(file: string, bytes: number, read: number): void {
  if (bytes <= UNPACKED.bytes || bytes <= UNPACKED.times * read) return;
  throw new DataError(
    `${file}: unpacks to more than ${UNPACKED.times} times its size, as no table does; if it is one, unpack it first`,
  );
}

/** Reads the lines of a zstd file through DuckDB, for their nesting. */
async function scanLines(connection: Connection, file: string, nesting: Nesting): Promise<void> {
  const lines = `read_csv(${fileLiteral(file)}, auto_detect=false, columns={'line': 'VARCHAR'}, delim=E'\\x01', quote='', escape='', header=false, strict_mode=false, max_line_size=${LONGEST_LINE}, buffer_size=${2 * LONGEST_LINE})`;
  try {
    const result = await connection.stream(`SELECT line FROM ${lines}`);
    for (let chunk = await result.fetchChunk(); chunk?.rowCount; chunk = await result.fetchChunk()) {
      for (const line of chunk.getColumnValues(0)) nesting.add(Buffer.from(`${line ?? ''}\n`));
    }
  } catch (error) {
    if (error instanceof DataError) throw error;
    if (!/maximum line size/i.test((error as Error).message)) return; // its reader will say what is wrong
    throw new DataError(`${file}: a line is longer than 16 MB; unpack the file (unzstd)`);
  }
}

const [QUOTE, BACKSLASH, LINE_FEED] = [0x22, 0x5c, 0x0a];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Follows how deep JSON is nested, from piece to piece. */
class Nesting {
  #depth = 0;
  #quoted = false;
  #escaped = false;

  constructor(private readonly file: string) {}

  add(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i];
      if (this.#escaped) this.#escaped = false;
      else if (byte === QUOTE) this.#quoted = !this.#quoted;
      else if (this.#quoted) {
        if (byte === BACKSLASH) this.#escaped = true;
        else if (byte === LINE_FEED) this.#quoted = false; // no text of JSON goes on in the next line
      } else if (OPENING.includes(byte)) this.#open();
      else if (CLOSING.includes(byte)) this.#depth = Math.max(0, this.#depth - 1);
    }
  }

  #open(): void {
    this.#depth++;
    if (this.#depth <= DEEPEST) return;
    throw new DataError(
      `${this.file}: JSON nested more than ${DEEPEST} levels deep, which is no table; write records of single values`,
    );
  }
}
