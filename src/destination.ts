/** Finds out what lies where the user wants a file, which decides how it is written. */
import { readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { DataError } from './errors.js';

export type Destination =
  /**
   * Nothing or a regular file lies there, and the new file takes its place. Symbolic links to `path` are
   * resolved.
   */
  | { readonly kind: 'file'; readonly path: string }
  /**
   * This process has it open already, as /dev/stdout: opening it again fails for a socket and truncates a
   * file.
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
  const refused = (why: string) => new DataError(`${path}: cannot be written (${why})`);
  try {
    const end = followLinks(path);
    if (typeof end === 'number') return { kind: 'descriptor', descriptor: end };
    const there = statSync(path, { throwIfNoEntry: false });
    if (there === undefined || there.isFile()) {
      if (!/[\\/]$/.test(path)) return { kind: 'file', path: end };
      throw refused('there is no such folder; create it and name a file in it');
    }
    if (there.isFIFO() || there.isCharacterDevice()) return { kind: 'stream', path };
    throw refused(`this is ${kindOf(there)}, where a file is needed`);
  } catch (error) {
    if (error instanceof DataError) throw error;
    throw refused((error as Error).message);
  }
}

function kindOf(there: Stats): string {
  if (there.isDirectory()) return 'a directory';
  return there.isSocket() ? 'a socket' : 'a block device';
}

/** Linux gives up after this many links. */
const MOST_LINKS = 40;

/**
 * Returns the absolute path at the end of a chain of symbolic links, whether it exists or not, or the number
 * of the descriptor that it names.
 */
function followLinks(path: string): string | number {
  let current = path;
  for (let links = 0; links <= MOST_LINKS; links++) {
    // The system resolves a folder's own links before it goes up at "..", which no rule about the text alone
    // could do.
    const folder = realFolder(dirname(current));
    const name = basename(current);
    const place = join(folder, name);
    const descriptor = descriptorOf(folder, name);
    if (descriptor !== null) return descriptor;
    const target = linkTarget(place);
    if (target === null) return place;
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
  const own = `${process.pid}`;
  const [, owner = own] = /^(?:\/dev|\/proc\/(\d+)(?:\/task\/\d+)?)\/fd$/.exec(folder) ?? ['', ''];
  return owner === own && /^\d+$/.test(name) ? Number(name) : null;
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
