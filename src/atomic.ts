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
  renameSync,
  rmSync,
  writeFile,
  writeFileSync,
} from 'node:fs';
import { rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DataError } from './errors.js';

/**
 * Writes a file so that whoever opens `path`, after a crash or a loss of power at any instant too, finds the
 * old contents or the new, whole: written beside it, forced to the disk, renamed over it, and the folder's
 * entry forced as well. Throws DataError naming the path and what the system said; the old contents are then
 * still there. A symbolic link at `path` is replaced, not followed: a run's folder may come from anybody, and
 * must not lead out of itself.
 */
export function writeFileAtomic(path: string, contents: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    withFile(temporary, 'w', (file) => {
      writeFileSync(file, contents);
      fsyncSync(file);
    });
    renameSync(temporary, path);
    if (process.platform !== 'win32') withFile(dirname(path), 'r', fsyncSync); // Windows opens no folders
  } catch (error) {
    discard(temporary);
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

/** The same in the background, for contents in several pieces. */
export async function writeFileAtomicLater(path: string, contents: readonly Uint8Array[]): Promise<void> {
  await replaceFileLater(path, async (file) => {
    for (const piece of contents) await writeFileLater(file, piece);
  });
}

/**
 * Puts what `fill` writes in a file's place, whole or not at all; an exit of the process leaves nothing
 * behind either: the file is opened at once, since an open under way would go on during the exit and create
 * it after it was removed. An old file's permissions stay. Throws DataError for what the system refuses,
 * which calls the file `name`.
 */
export async function replaceFileLater(
  path: string,
  fill: (file: number) => Promise<void>,
  name = path,
): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`;
  const remove = () => discard(temporary);
  process.once('exit', remove);
  try {
    remove(); // left by a process that had this number; an open that writes over it could follow a link
    await withFileLater(temporary, 'wx', async (file) => {
      keepPermissions(path, file);
      await fill(file);
      await fsyncLater(file);
    });
    await rename(temporary, path);
    if (process.platform !== 'win32') await withFileLater(dirname(path), 'r', (folder) => fsyncLater(folder));
  } catch (error) {
    remove();
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new DataError(`${name}: cannot be written (${message})`);
  } finally {
    process.off('exit', remove);
  }
}

function keepPermissions(path: string, file: number): void {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old?.isFile() && old.mode !== fstatSync(file).mode) fchmodSync(file, old.mode & 0o777);
}

const writeFileLater = promisify(writeFile);
const fsyncLater = promisify(fsync);

/** Removes what a failed write left; where that fails as well, the failure to write is the one to tell. */
function discard(temporary: string): void {
  try {
    rmSync(temporary, { force: true });
  } catch {}
}

function withFile(path: string, flags: 'r' | 'w', use: (file: number) => void): void {
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

/**
 * With its parents, one by one: Node's own `recursive` never returns where the system refuses with ENOENT, as
 * /proc does.
 */
export function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path);
}
