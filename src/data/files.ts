/** Reads whole files into shared memory and reports what goes wrong in one line. */
import { closeSync, fstatSync, readSync } from 'node:fs';
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib';
import { DataError } from '../errors.js';
import { openRegular } from '../regular.js';
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

/**
 * Returns how many bytes a file holds by its header, of which it is given the beginning. Throws DataError for
 * a header that is damaged.
 */
type SizeOf = (head: Uint8Array) => number;

/**
 * Returns the bytes of a file, unpacked if its name ends in .gz. What is packed is unpacked no further than
 * its header says. Throws DataError.
 */
export function readBytes(file: string, sizeOf: SizeOf): SharedBytes {
  const bytes = readPlain(file);
  if (bytes.length === 0) throw new DataError(`${file}: the file is empty; download or write it again`);
  if (!/\.gz$/i.test(file)) return bytes;
  try {
    return unpacked(bytes, gunzipSync, sizeOf, file);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(
      `${file}: not a valid gzip file (${(error as Error).message}); download it again, or rename it if it is not packed`,
    );
  }
}

/** Returns the first bytes of a regular file, fewer where it has fewer. Throws DataError. */
export function firstBytes(file: string, count: number): Buffer {
  let handle: number | undefined;
  try {
    handle = openRegular(file);
    const bytes = Buffer.alloc(count);
    return bytes.subarray(0, readSync(handle, bytes, 0, count, 0));
  } catch (error) {
    throw fileError(file, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

function readPlain(file: string): SharedBytes {
  let handle: number | undefined;
  try {
    handle = openRegular(file);
    const bytes = new Uint8Array(new SharedArrayBuffer(fstatSync(handle).size));
    if (readAt(handle, bytes, 0) < bytes.length) throw becameShorter(file);
    return bytes;
  } catch (error) {
    throw fileError(file, error);
  } finally {
    if (handle !== undefined) closeSync(handle);
  }
}

/** Most bytes that the system is asked for at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Fills bytes from a place in a file on; returns how many, fewer where the file ends before. */
export function readAt(handle: number, bytes: Uint8Array, position: number): number {
  let filled = 0;
  for (let count = 1; count > 0 && filled < bytes.length; filled += count) {
    const wanted = Math.min(bytes.length - filled, MOST_AT_ONCE);
    count = readSync(handle, bytes, filled, wanted, position + filled);
  }
  return filled;
}

/** Returns the error for a file that ends before the bytes that it had when it was opened. */
export const becameShorter = (file: string): DataError =>
  new DataError(`${file}: the file became shorter while it was read; try again`);

/** Bytes that are unpacked to find the header, until one of them is enough. */
const HEADS = [2 ** 12, 2 ** 16, Number.POSITIVE_INFINITY];
/** Most bytes of a header. */
export const LONGEST_HEADER = 2 ** 16;
/** Deflate packs to a little more than a thousandth at best. */
const BEST_RATIO = 1040;

/**
 * Unpacks as many bytes as the header claims and no more. Throws DataError where there are more than that or
 * can be no so many, and what zlib says of packed bytes that are damaged.
 */
export function unpacked(
  packed: Uint8Array,
  unpack: typeof gunzipSync,
  sizeOf: SizeOf,
  file: string,
): SharedBytes {
  let head: Buffer = Buffer.alloc(0);
  for (const length of HEADS) {
    const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: LONGEST_HEADER * BEST_RATIO };
    head = unpackedHead(packed.subarray(0, length), unpack, options);
    if (head.length >= LONGEST_HEADER || length >= packed.length) break;
  }
  const size = sizeOf(head);
  if (size > packed.length * BEST_RATIO) {
    throw new DataError(
      `${file}: truncated: its header needs ${size} bytes, more than ${packed.length} packed ones can hold; download or write it again`,
    );
  }
  let plain: Buffer;
  try {
    plain = unpack(packed, { maxOutputLength: size + 1, chunkSize: Math.max(64, size + 1) });
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    throw new DataError(
      `${file}: unpacks to more than the ${size} bytes that its header needs; download or write it again`,
    );
  }
  const bytes = new Uint8Array(new SharedArrayBuffer(plain.length));
  bytes.set(plain);
  return bytes;
}

/** Unpacks the beginning of something; what is longer than any header is unpacked from fewer bytes. */
function unpackedHead(packed: Uint8Array, unpack: typeof gunzipSync, options: ZlibOptions): Buffer {
  try {
    return unpack(packed, options);
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    return unpackedHead(packed.subarray(0, packed.length >> 1), unpack, options);
  }
}

const isTooLarge = (error: unknown): boolean =>
  (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
