/** Copies a CSV file that mixes line ends, which DuckDB does not read, to one with a single kind of them. */
import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DataError } from '../../errors.js';
import type { CsvFile } from './csvfile.js';

const [QUOTE, CARRIAGE_RETURN, LINE_FEED] = [0x22, 0x0d, 0x0a];

/** Returns a path for a folder of copies, which nobody else can guess and which does not exist yet. */
export const copiesFolder = (): string => join(tmpdir(), `gradpool-lines-${randomBytes(16).toString('hex')}`);

/**
 * Copies the file with line feeds as its only line ends. A function that removes the copy is added to
 * `cleanups`; the copy is also removed when the process exits. Throws DataError for zstd and UTF-16 files.
 */
export async function oneKindOfNewline(
  file: CsvFile,
  folder: string,
  cleanups: (() => void)[],
): Promise<CsvFile> {
  if (/\.zst$/i.test(file.path) || file.encoding !== 'utf-8') {
    throw new DataError(
      `${file.file}: its lines end in different ways; unpack it and convert it to UTF-8 with one kind of line end (dos2unix)`,
    );
  }
  if (!existsSync(folder)) {
    mkdirSync(folder, { mode: 0o700 });
    const remove = () => rmSync(folder, { recursive: true, force: true });
    process.once('exit', remove);
    cleanups.push(() => {
      process.off('exit', remove);
      remove();
    });
  }
  const path = join(folder, `${randomBytes(4).toString('hex')}-${basename(file.path).replace(/\.gz$/i, '')}`);
  const unpacked = /\.gz$/i.test(file.path) ? [createGunzip()] : [];
  await pipeline([createReadStream(file.path), ...unpacked, lineFeeds(), createWriteStream(path)]);
  return { ...file, path };
}

/**
 * Replaces carriage returns, with or without a line feed after them, by line feeds. Quoted cells stay as they
 * are.
 */
function lineFeeds(): Transform {
  let quoted = false;
  let returned = false; // whether the last byte was a carriage return that was replaced
  return new Transform({
    transform(bytes: Buffer, _, done) {
      const out = Buffer.alloc(bytes.length);
      let length = 0;
      for (const byte of bytes) {
        if (byte === QUOTE) quoted = !quoted;
        const paired = byte === LINE_FEED && returned;
        returned = byte === CARRIAGE_RETURN && !quoted;
        if (!paired) out[length++] = returned ? LINE_FEED : byte;
      }
      done(null, out.subarray(0, length));
    },
  });
}
