/**
 * Opens files that may come from anybody. A FIFO would be waited for without end and a device may never end,
 * so only regular files are read or appended to; and a link within a folder may lead out of it.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, sep } from 'node:path';
import { DataError } from './errors.js';

/** Windows has neither of the flags, and no FIFOs in folders. */
const { O_NONBLOCK = 0, O_NOFOLLOW = 0, O_RDONLY, O_WRONLY, O_APPEND, O_CREAT } = constants;

/**
 * Opens a regular file for reading; a link to one will do, for whoever names a file may name a link. Throws
 * DataError for anything but a regular file, and what the system says where there is none.
 */
export function openRegular(path: string): number {
  return checkedHandle(path, openSync(path, O_RDONLY | O_NONBLOCK));
}

/** Reads a regular file. Throws as openRegular does, and DataError for a file of more than `most` bytes. */
export function readRegular(path: string, most = 2 ** 31 - 1): Buffer {
  const file = openRegular(path);
  try {
    const { size } = fstatSync(file);
    if (size <= most) return readFileSync(file);
    throw new DataError(`${path}: the file has ${size} bytes; at most ${most} are read`);
  } finally {
    closeSync(file);
  }
}

/** Most bytes of a file of text, such as run.json or metrics.jsonl; a longer string does not exist. */
const MOST_TEXT = 2 ** 29 - 24;

/** Reads a regular file as UTF-8 text. Throws as readRegular does. */
export const readRegularText = (path: string, most = MOST_TEXT): string =>
  readRegular(path, most).toString('utf8');

/**
 * Opens a regular file for appending, or creates it. Throws DataError for a link and for anything but a
 * regular file.
 */
export function openForAppending(path: string, flags = O_WRONLY): number {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found !== undefined) requireFile(path, found);
  return checkedHandle(path, openSync(path, flags | O_APPEND | O_CREAT | O_NONBLOCK | O_NOFOLLOW, 0o666));
}

/** Appends text to a regular file, or creates it. Throws as openForAppending does. */
export function appendRegular(path: string, text: string): void {
  const file = openForAppending(path);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

/** Throws DataError for a path that leads to something else than a regular file, or to nothing. */
export function checkRegular(path: string): void {
  requireFile(path, statSync(path));
}

/**
 * Returns the path of a part of a run's folder. Such a folder may come from anybody, so nothing in it may
 * lead elsewhere: throws DataError where the part, or a folder on the way to it, is a symbolic link.
 */
export function partOf(folder: string, part: string): string {
  let path = folder;
  for (const name of part.split(sep)) {
    path = join(path, name);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) throw linkError(path);
  }
  return path;
}

/** Reads a part of a run's folder as text. Throws DataError for whatever prevents that. */
export function readPart(folder: string, part: string): string {
  const path = partOf(folder, part);
  try {
    return readRegularText(path);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw new DataError(`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Returns an open file if it is a regular one. Else closes it and throws DataError. */
function checkedHandle(path: string, file: number): number {
  try {
    requireFile(path, fstatSync(file));
    return file;
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function requireFile(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw linkError(path);
  if (!stats.isFile())
    throw new DataError(`${path}: this is ${kindOfFile(stats)}, where a regular file is needed`);
}

const linkError = (path: string) =>
  new DataError(
    `${path}: a symbolic link, and nothing in such a folder may lead elsewhere; put what it leads to in its place`,
  );

/** Says what lies at a path that is no regular file. */
export function kindOfFile(stats: Stats): string {
  if (stats.isDirectory()) return 'a directory';
  if (stats.isFIFO()) return 'a FIFO';
  if (stats.isSocket()) return 'a socket';
  return stats.isCharacterDevice() ? 'a device' : 'a block device';
}
