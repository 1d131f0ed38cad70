import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DataError } from './errors.js';

/**
 * Writes a file so that whoever opens `path`, after a crash or a loss of power at any instant too, finds the old contents
 * or the new, whole: written beside it, forced to the disk, renamed over it, and the folder's entry forced as well.
 * Throws DataError naming the path and what the system said; the old contents are then still there.
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
    rmSync(temporary, { force: true });
    throw new DataError(`${path}: cannot be written (${(error as Error).message})`);
  }
}

function withFile(path: string, flags: 'r' | 'w', use: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    use(file);
  } finally {
    closeSync(file);
  }
}
