import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFile,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DataError } from './errors.js';

/**
 * Writes a file so that whoever opens `path`, even after a crash or a loss of power at any instant, finds
 * either the old contents or the new ones, complete. The bytes go to a temporary file beside it, are forced
 * to the disk, and the file is renamed over the old one; then the folder's entry is forced to the disk too.
 * Throws DataError that names the path and what the system said; the old contents are then still there. A
 * symbolic link at `path` is replaced, not followed: a run's folder may come from anybody, and writing into
 * it must not reach outside.
 */
export function writeFileAtomic(path: string, contents: Uint8Array | string): void {
  const temporary = temporaryFor(path);
  try {
    discard(temporary);
    withFile(temporary, 'wx', (file) => {
      writeFileSync(file, contents);
      fsyncSync(file);
    });
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (error) {
    discard(temporary);
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

/** Writes a file as writeFileAtomic does, but in the background and from several pieces. */
export async function writeFileAtomicLater(path: string, contents: readonly Uint8Array[]): Promise<void> {
  await replaceFile(path, async (write) => {
    for (const piece of contents) await write(piece);
  });
}

/**
 * Replaces a file by what `fill` writes, completely or not at all, as writeFileAtomic does, and keeps an old
 * file's permissions. If the process exits meanwhile, nothing is left behind: the temporary file is removed
 * at the exit. It is opened synchronously, because an open still under way at the exit could create it after
 * it was removed. Throws DataError where the system refuses.
 * @param name what an error calls the file
 */
export async function replaceFile(
  path: string,
  fill: (write: (contents: Uint8Array | string) => Promise<void>) => Promise<void>,
  name = path,
): Promise<void> {
  const temporary = temporaryFor(path);
  const remove = () => discard(temporary);
  process.once('exit', remove);
  try {
    remove();
    await withFileLater(temporary, 'wx', async (file) => {
      keepPermissions(path, file);
      await fill((contents) => writeFileLater(file, contents));
      await fsyncLater(file);
    });
    await rename(temporary, path);
    if (HAS_FOLDER_HANDLES) await withFileLater(dirname(path), 'r', fsyncLater);
  } catch (error) {
    remove();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DataError(`${name}: cannot be written (${message})`);
  } finally {
    process.off('exit', remove);
  }
}

/** Forces the entries of a folder to the disk. */
export function syncFolder(path: string): void {
  if (HAS_FOLDER_HANDLES) withFile(path, 'r', fsyncSync);
}

/** Windows opens no folders, so there is nothing there to force to the disk. */
const HAS_FOLDER_HANDLES = process.platform !== 'win32';

/**
 * Names the temporary file for `path`. An earlier process with the same number may have left one: whoever
 * writes removes it first and opens a new one with 'wx', because opening it for writing could follow a link.
 */
export const temporaryFor = (path: string): string => `${path}.${process.pid}.tmp`;

function keepPermissions(path: string, file: number): void {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old?.isFile() && old.mode !== fstatSync(file).mode) fchmodSync(file, old.mode & 0o777);
}

const writeFileLater = promisify(writeFile);
const fsyncLater = promisify(fsync);

/** Removes what a failed write left. If that fails as well, the failed write is the error to report. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {}
}

function withFile(path: string, flags: 'r' | 'wx', use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}

async function withFileLater(
  path: string,
  flags: 'r' | 'wx',
  use: (file: number) => Promise<void>,
): Promise<void> {
  const file = openSync(path, flags);
  try {
    await use(file);
  } finally {
    closeSync(file);
  }
}

/** The names that `temporaryFor` gives. */
const TEMPORARY = /\.\d+\.tmp(\.stale)?$/;

/**
 * Creates a folder and its parents, one by one: Node's own `recursive` never returns where the system refuses
 * with ENOENT, as /proc does.
 */
export function makeFolder(path: string): void {
  if (!existsSync(path)) createFolder(path);
}

/**
 * Creates a folder, and its parents where they are missing, and forces their entries to the disk. Throws the
 * system's error, EEXIST where there is such a folder.
 */
export function createFolder(path: string): void {
  makeFolder(dirname(path));
  mkdirSync(path);
  syncFolder(dirname(path));
}

/**
 * Removes the temporary files that processes which were killed have left in a folder and those below it.
 * Nobody else may be writing there.
 */
export function removeTemporaries(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removeTemporaries(path);
    else if (TEMPORARY.test(entry.name)) discard(path);
  }
}
