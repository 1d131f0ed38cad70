/** Reads whole files into shared memory and reports what goes wrong in one line. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { DataError } from '../errors.js';
import type { SharedBytes } from './elements.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the path',
  EACCES: 'the file cannot be read: permission denied; check its permissions',
  EPERM: 'the file cannot be read: permission denied; check its permissions',
  EISDIR: 'this is a directory, where a file is needed',
};

/** Turns the error of a file operation into a DataError; returns any other error unchanged. */
export function fileError(file: string, error: unknown): Error {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined) return error as Error;
  return new DataError(`${file}: ${REASONS[code] ?? `the file cannot be read (${message})`}`);
}

/** Returns the bytes of a file, unpacked if its name ends in .gz. Throws DataError. */
export function readBytes(file: string): SharedBytes {
  const bytes = readPlain(file);
  if (bytes.length === 0) throw new DataError(`${file}: the file is empty; download or write it again`);
  return /\.gz$/i.test(file) ? gunzip(file, bytes) : bytes;
}

function readPlain(file: string): SharedBytes {
  let handle: number | undefined;
  try {
    handle = openSync(file, 'r');
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(handle).size));
    for (let filled = 0; filled < bytes.length; ) {
      const count = readSync(handle, bytes, filled, Math.min(bytes.length - filled, 2 ** 30), null);
      if (count === 0) throw new DataError(`${file}: the file became shorter while it was read; try again`);
      filled += count;
    }
    return bytes;
  } catch (error) {
    throw fileError(file, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function gunzip(file: string, packed: SharedBytes): SharedBytes {
  let unpacked: Uint8Array;
  try {
    unpacked = gunzipSync(packed);
  } catch (error) {
    throw new DataError(
      `${file}: not a valid gzip file (${(error as Error).message}); download it again, or rename it if it is not packed`,
    );
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(unpacked.length));
  bytes.set(unpacked);
  return bytes;
}
