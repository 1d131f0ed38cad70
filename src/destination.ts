/** Finds out what lies where the user wants a file, which decides how it is written. */
import { readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from './errors.js';
import { kindOfFile } from './regular.js';

export type Destination =
  /**
   * Nothing or a regular file lies there, and the new file takes its place. Symbolic links to `path` are
   * resolved.
   */
  | { readonly kind: 'file'; readonly path: string }
  /**
   * This process has the file open already, as with /dev/stdout, and writes to that descriptor: opening the
   * file again fails for a socket and truncates a regular file.
   */
  | { readonly kind: 'descriptor'; readonly descriptor: number }
  /** A FIFO or a character device lies there, which takes what is written as it comes. */
  | { readonly kind: 'stream'; readonly path: string };

/**
 * Returns where bytes for `path` go; `-` is standard output. Throws DataError for what takes no bytes: a
 * directory, a socket, a path through a folder that does not exist.
 */
export function destinationOf(path: string): Destination {
  if (path === '-') return { kind: 'descriptor', descriptor: 1 };
  const refusal = (why: string) => new DataError(`${path}: cannot be written (${why})`);
  try {
    const end = followLinks(path);
    if (typeof end === 'number') return { kind: 'descriptor', descriptor: end };
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined || stats.isFile()) {
      if (!/[\\/]$/.test(path)) return { kind: 'file', path: end };
      throw refusal('there is no such folder; create it and name a file in it');
    }
    if (stats.isFIFO() || stats.isCharacterDevice()) return { kind: 'stream', path };
    throw refusal(`this is ${kindOfFile(stats)}, where a file is needed`);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw refusal((error as Error).message);
  }
}

/** Links that are followed before giving up; Linux itself stops after as many. */
const MOST_LINKS = 40;

/**
 * Returns the absolute path at the end of a chain of symbolic links, whether it exists or not, or the number
 * of the descriptor that it names.
 */
function followLinks(path: string): string | number {
  let current = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    // A ".." in the path means the parent of the folder that a link leads to, so the folder has to be
    // resolved by the system: taking ".." out of the text would go up from the link instead.
    const folder = realFolder(dirname(current));
    const name = basename(current);
    const candidate = join(folder, name);
    const descriptor = descriptorOf(folder, name);
    if (descriptor !== null) return descriptor;
    const target = linkTarget(candidate);
    if (target === null) return candidate;
    current = /^([\\/]|[a-z]:)/i.test(target) ? target : `${folder}/${target}`;
  }
  throw new Error('its symbolic links go round in a circle');
}

function realFolder(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new Error(`there is no folder ${path}; create it first`);
  }
}

const STANDARD = ['stdin', 'stdout', 'stderr'];

/**
 * Returns the descriptor that a name stands for, or null: 1 for /dev/stdout, /dev/fd/1 and /proc/self/fd/1,
 * whose folder resolves to one named by this process's number.
 */
function descriptorOf(folder: string, name: string): number | null {
  if (folder === '/dev' && STANDARD.includes(name)) return STANDARD.indexOf(name);
  const descriptors = /^(?:\/dev|\/proc\/(\d+)(?:\/task\/\d+)?)\/fd$/.exec(folder);
  if (descriptors === null || !/^\d+$/.test(name)) return null;
  const [, owner = `${process.pid}`] = descriptors; // /dev/fd names no process: it is this one's
  return owner === `${process.pid}` ? Number(name) : null;
}

/** Returns where a symbolic link points, or null where there is no link. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isNoLink = code === 'EINVAL' || code === 'ENOENT' || code === 'UNKNOWN';
    if (isNoLink) return null;
    throw error;
  }
}
